export interface WorldIssue {
  readonly number: number;
  readonly user: string;
  readonly created_at: string;
  title: string;
  body: string | null;
  state: 'open' | 'closed';
  state_reason: string | null;
  labels: string[];
  assignees: string[];
  updated_at: string;
  readonly comments: WorldComment[];
  /** Of a pull request. */
  readonly pull?: { head: string; merged: string | null };
}

export interface WorldComment {
  readonly id: number;
  readonly body: string;
  readonly created_at: string;
}

/** One repository as GitHub keeps it, and what was done to it. */
export interface World {
  readonly issues: WorldIssue[];
  readonly assignable: readonly string[];
  /** What has taken effect, as `<what> <JSON of with what>`. */
  readonly effects: string[];
}

export const OWNER = 'octocat';
export const REPO = 'hello-world';
export const HEAD_SHA = '6dcb09b5b57875f334f61aebed695e2e4193db5e';

/** Issue 1, and pull request 2 whose head is HEAD_SHA. */
export function newWorld(): World {
  const issue = { user: 'octocat', body: null, state: 'open', state_reason: null, assignees: [] } as const;
  const at = { created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z' };
  return {
    assignable: ['octocat', 'hubot'],
    effects: [],
    issues: [
      { ...issue, ...at, number: 1, title: 'Found a bug', labels: ['bug'], assignees: [], comments: [] },
      {
        ...issue,
        ...at,
        number: 2,
        title: 'Amazing new feature',
        labels: [],
        assignees: [],
        comments: [],
        pull: { head: HEAD_SHA, merged: null },
      },
    ],
  };
}
