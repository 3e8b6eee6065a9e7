/** One result of a source's deliveries, and the last of them. */
export interface ResultSeen {
  readonly result: string;
  readonly count: number;
  readonly at: Date;
  readonly eventId: string | null;
  readonly reason: string | null;
  readonly help: string | null;
}

/** What is known of a source, in the shape of `/v1/sources`. */
export interface SourceState {
  /** `failing`: the last delivery failed. `unused`: there was none. */
  readonly status: 'unused' | 'ok' | 'failing';
  readonly counts: Readonly<Record<string, number>>;
  readonly last_delivery: { readonly at: string; readonly event_id: string | null } | null;
  readonly last_failure: {
    readonly at: string;
    readonly result: string;
    readonly reason: string | null;
    readonly help: string;
  } | null;
}

export function sourceState(seen: readonly ResultSeen[]): SourceState {
  const good = latest(seen.filter(({ result }) => GOOD.has(result)));
  const bad = latest(seen.filter(({ result }) => !GOOD.has(result)));
  const failing = bad !== undefined && (good === undefined || bad.at > good.at);
  return {
    status: seen.length === 0 ? 'unused' : failing ? 'failing' : 'ok',
    counts: Object.fromEntries(seen.map(({ result, count }) => [result, count])),
    last_delivery: good ? { at: good.at.toISOString(), event_id: good.eventId } : null,
    last_failure: bad
      ? { at: bad.at.toISOString(), result: bad.result, reason: bad.reason, help: bad.help ?? helpOf(bad.result) }
      : null,
  };
}

/** After these the sender has what it wanted. */
const GOOD: ReadonlySet<string> = new Set(['accepted', 'duplicate', 'handshake', 'filtered']);

const latest = (seen: readonly ResultSeen[]): ResultSeen | undefined =>
  seen.reduce<ResultSeen | undefined>((last, one) => (last === undefined || one.at > last.at ? one : last), undefined);

const HELP: Readonly<Record<string, string>> = {
  dead: 'an item of a batch is no event: its bytes and the reason are in the stream DEAD, the other items were accepted',
  refused: 'the signature does not verify',
  too_large: "the body, or the batch in it, is larger than is taken: look at the source's bodyMaxBytes",
  incomplete: 'the body did not arrive whole: the sender broke off, or was too slow',
  forbidden: "the sender's address is not in the source's allowFrom: behind a proxy, is TRUST_PROXY set?",
  rate_limited: "there were more deliveries than the source's rateLimit, its tenant's rate or the address's allows",
  over_quota: "the tenant's quota in the event store is used up: room comes back as events grow older than seven days",
  unavailable:
    'the event may not have been stored: NATS was away, slow or full, a critical hook failed, or too much was under way; the provider was told to send it again',
  rejected: "a hook of the tenant's rejected it",
};

const helpOf = (result: string): string => HELP[result] ?? result;
