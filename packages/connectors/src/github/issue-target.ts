import { z } from 'zod';

const OWNER = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;
const REPO = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;

export const repository = {
  owner: z.string().regex(OWNER, 'must be the login of a user or an organisation'),
  repo: z.string().regex(REPO, 'must be the name of a repository, without its owner'),
};

export interface IssueTarget {
  readonly owner: string;
  readonly repo: string;
  readonly number: number;
}

/** `octocat/hello-world#12`: one for every way to write it, since GitHub tells no `Octocat` from `octocat`. */
export function issueId({ owner, repo, number }: IssueTarget): string {
  return `${owner}/${repo}#${number}`.toLowerCase();
}

/** A pull request is an issue with the same number, so both wait in one lane. */
export const issueKey = (target: IssueTarget): string => `issue:${issueId(target)}`;

export const issueTarget = { ...repository, number: z.int().min(1) };

/** The same id, for the entity that an action is about. */
export const ISSUE_ID = { id: '{owner}/{repo}#{number}', lowerCase: true } as const;
