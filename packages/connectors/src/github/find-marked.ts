import type { ConnectorContext } from '@holdpoint/sdk/define';
import { z } from 'zod';
import { actionTimeMs } from '../remote/action-time.ts';
import { type GithubPage, pageOfGithub } from './call-github.ts';
import { answeredComment } from './comment.ts';
import { type AnsweredIssue, answeredIssue, type Repository } from './issue.ts';
import type { IssueTarget } from './issue-target.ts';
import { markerOf } from './marker.ts';
import { githubSettings } from './settings.ts';

/** Of 100 each: what is not found in so many may still be there. */
const PAGES_MAX = 10;
/** How far GitHub's clock may be behind the one that gave the action its id. */
const SKEW_MS = 10 * 60_000;

/** What was found; null: all that was written since the action was recorded was read, and it is not there. */
export type Found<Thing> = Thing | null | 'unknown';

/** The comment that this action made. */
export async function findMarkedComment(
  { owner, repo, number }: IssueTarget,
  ctx: ConnectorContext,
): Promise<Found<z.infer<typeof answeredComment>>> {
  const where = { owner, repo, issue_number: number, ...since(ctx), per_page: 100 };
  return findMarked(ctx, (page) =>
    pageOfGithub(
      ctx,
      'GET /repos/{owner}/{repo}/issues/{issue_number}/comments',
      { ...where, page },
      z.array(answeredComment),
    ),
  );
}

/** The issue that this action made, among the repository's newest. */
export async function findMarkedIssue(
  { owner, repo }: Repository,
  ctx: ConnectorContext,
): Promise<Found<AnsweredIssue>> {
  const where = {
    owner,
    repo,
    state: 'all',
    sort: 'created',
    direction: 'desc',
    ...since(ctx),
    per_page: 100,
  } as const;
  return findMarked(ctx, (page) =>
    pageOfGithub(ctx, 'GET /repos/{owner}/{repo}/issues', { ...where, page }, z.array(answeredIssue)),
  );
}

async function findMarked<Thing extends { readonly body: string | null }>(
  ctx: ConnectorContext,
  read: (page: number) => Promise<GithubPage<readonly Thing[]>>,
): Promise<Found<Thing>> {
  if (!githubSettings(ctx.config).marker) return 'unknown';
  const marker = markerOf(ctx.actionId);
  for (let page = 1; page <= PAGES_MAX; page += 1) {
    const { data, more } = await read(page);
    const found = data.find(({ body }) => body?.includes(marker));
    if (found) return found;
    if (!more) return null;
  }
  return 'unknown';
}

/** What GitHub lists by this was changed since, and what was made since was. */
function since({ actionId }: ConnectorContext): { since?: string } {
  const recordedMs = actionTimeMs(actionId);
  return recordedMs === undefined ? {} : { since: new Date(recordedMs - SKEW_MS).toISOString() };
}
