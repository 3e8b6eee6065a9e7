import { z } from 'zod';
import { issueId } from './issue-target.ts';

const login = z.object({ login: z.string() }).transform((user) => user.login);
const label = z.union([z.string(), z.object({ name: z.string().nullish() }).transform(({ name }) => name ?? '')]);
const labels = z.array(label).default([]);
const people = z
  .array(login)
  .nullish()
  .transform((logins) => logins ?? []);
const nullable = <Schema extends z.ZodType>(schema: Schema) => schema.nullish().transform((value) => value ?? null);

/** What an answer and a webhook of GitHub's have in common for an issue, as far as it is kept. */
const issueFields = {
  number: z.int(),
  title: z.string(),
  state: z.string(),
  locked: z.boolean().default(false),
  labels,
  assignees: people,
  user: nullable(login),
  html_url: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  closed_at: nullable(z.string()),
};

/** https://docs.github.com/en/rest/issues/issues#get-an-issue */
export const answeredIssue = z.object({
  ...issueFields,
  body: nullable(z.string()),
  state_reason: nullable(z.string()),
  comments: z.int().default(0),
  pull_request: z.object({}).nullish(),
});
export type AnsweredIssue = z.infer<typeof answeredIssue>;

/** https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request */
export const answeredPull = z.object({
  ...issueFields,
  body: nullable(z.string()),
  draft: z.boolean().default(false),
  merged: z.boolean().default(false),
  merge_commit_sha: nullable(z.string()),
  mergeable: nullable(z.boolean()),
  mergeable_state: z.string().default('unknown'),
  head: z.object({ sha: z.string(), ref: z.string() }),
  base: z.object({ ref: z.string() }),
  requested_reviewers: people,
  commits: z.int().default(0),
  changed_files: z.int().default(0),
  additions: z.int().default(0),
  deletions: z.int().default(0),
});
export type AnsweredPull = z.infer<typeof answeredPull>;

const named = {
  /** `<owner>/<repo>#<number>`, lower case. */
  id: z.string(),
  owner: z.string(),
  repo: z.string(),
  number: z.int(),
  title: z.string(),
  state: z.string(),
  locked: z.boolean(),
  labels: z.array(z.string()),
  assignees: z.array(z.string()),
  author: z.string().nullable(),
  url: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  closed_at: z.string().nullable(),
};

/** An issue as it is answered and kept; without its text, which may be 64 KiB. */
export const issueEntity = z.object({
  ...named,
  state_reason: z.string().nullable(),
  comments: z.int(),
  is_pull: z.boolean(),
});
export type Issue = z.infer<typeof issueEntity>;

export const pullEntity = z.object({
  ...named,
  draft: z.boolean(),
  merged: z.boolean(),
  merge_commit_sha: z.string().nullable(),
  mergeable: z.boolean().nullable(),
  mergeable_state: z.string(),
  head_sha: z.string(),
  head_ref: z.string(),
  base_ref: z.string(),
  reviewers: z.array(z.string()),
  commits: z.int(),
  changed_files: z.int(),
  additions: z.int(),
  deletions: z.int(),
});
export type Pull = z.infer<typeof pullEntity>;

export interface Repository {
  readonly owner: string;
  readonly repo: string;
}

export function issueOf(repository: Repository, answered: AnsweredIssue): Issue {
  const { state_reason, comments, pull_request } = answered;
  return { ...nameOf(repository, answered), state_reason, comments, is_pull: Boolean(pull_request) };
}

export function pullOf(repository: Repository, answered: AnsweredPull): Pull {
  const { draft, merged, merge_commit_sha, mergeable, mergeable_state, head, base } = answered;
  const { requested_reviewers, commits, changed_files, additions, deletions } = answered;
  return {
    ...nameOf(repository, answered),
    ...{ draft, merged, merge_commit_sha, mergeable, mergeable_state },
    head_sha: head.sha,
    head_ref: head.ref,
    base_ref: base.ref,
    reviewers: requested_reviewers,
    ...{ commits, changed_files, additions, deletions },
  };
}

function nameOf({ owner, repo }: Repository, answered: AnsweredIssue | AnsweredPull) {
  const { number, title, state, locked, assignees, user, html_url, created_at, updated_at, closed_at } = answered;
  return {
    ...{ id: issueId({ owner, repo, number }), owner, repo, number, title, state, locked },
    labels: answered.labels,
    ...{ assignees, author: user, url: html_url, created_at, updated_at, closed_at },
  };
}
