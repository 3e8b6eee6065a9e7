export const CHANNEL = 'C0GENERAL';
export const MESSAGE_TS = '1405894322.002768';

export interface SlackMessage {
  readonly ts: string;
  readonly user: string;
  text: string;
  readonly thread_ts?: string;
  readonly metadata?: { readonly event_type: string; readonly event_payload: Readonly<Record<string, string>> };
  readonly reactions: string[];
}

/** A workspace with one channel, and what was done to it. */
export interface SlackWorkspace {
  readonly users: readonly { readonly id: string; readonly name: string; readonly email: string }[];
  readonly channel: { readonly name: string; readonly members: string[]; is_archived: boolean };
  /** In the order in which they were posted. */
  readonly messages: SlackMessage[];
  /** The arguments of every request, in their order. */
  readonly forms: URLSearchParams[];
  /** What has taken effect, as `<what> <with what>`. */
  readonly effects: string[];
}

export function newWorkspace(): SlackWorkspace {
  return {
    users: [
      { id: 'U0ANNA', name: 'anna', email: 'anna@acme.example' },
      { id: 'U0BEN', name: 'ben', email: 'ben@acme.example' },
    ],
    channel: { name: 'general', members: ['U0BOT', 'U0ANNA'], is_archived: false },
    messages: [{ ts: MESSAGE_TS, user: 'U0BOT', text: 'Hello', reactions: [] }],
    forms: [],
    effects: [],
  };
}
