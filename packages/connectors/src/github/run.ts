import { type ConnectorContext, defineConnector } from '@holdpoint/sdk/define';
import { Terminal } from '@holdpoint/sdk/errors';
import { z } from 'zod';
import { callGithub } from './call-github.ts';
import { answeredComment, commentOf } from './comment.ts';
import { findMarkedComment, findMarkedIssue } from './find-marked.ts';
import { type AnsweredIssue, answeredIssue, answeredPull, type Issue, issueOf, type Pull, pullOf } from './issue.ts';
import type { IssueTarget } from './issue-target.ts';
import { withMarker } from './marker.ts';
import { githubSettings } from './settings.ts';
import type { github } from './tools.ts';

const ISSUE = '/repos/{owner}/{repo}/issues/{issue_number}';
const PULL = '/repos/{owner}/{repo}/pulls/{pull_number}';

const answeredLabels = z.array(z.object({ name: z.string() })).transform((labels) => labels.map(({ name }) => name));
/** https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request */
const answeredMerge = z.object({ merged: z.literal(true), sha: z.string() });

export const runner = defineConnector<typeof github>({
  init({ tenants }) {
    for (const { config, secret } of Object.values(tenants)) {
      githubSettings(config);
      secret('token');
    }
  },
  run: {
    async 'issues.read'(args, ctx) {
      const answered = await readIssue(args, ctx);
      return { ...issueOf(args, answered), body: answered.body };
    },
    async 'pulls.read'(args, ctx) {
      const answered = await readPull(args, ctx);
      return { ...pullOf(args, answered), body: answered.body };
    },
    async 'issues.create'({ body, ...args }, ctx) {
      const route = 'POST /repos/{owner}/{repo}/issues';
      return issueOf(args, await callGithub(ctx, route, { ...args, body: withMarker(body, ctx) }, answeredIssue));
    },
    async 'issues.update'({ number, ...args }, ctx) {
      return issueOf(args, await callGithub(ctx, `PATCH ${ISSUE}`, { ...args, issue_number: number }, answeredIssue));
    },
    async 'issues.label'(args, ctx) {
      const parameters = { ...issueAt(args), labels: args.labels };
      return { labels: await callGithub(ctx, `POST ${ISSUE}/labels`, parameters, answeredLabels) };
    },
    'issues.unlabel': unlabel,
    async 'issues.comment'(args, ctx) {
      const parameters = { ...issueAt(args), body: withMarker(args.body, ctx) };
      return commentOf(await callGithub(ctx, `POST ${ISSUE}/comments`, parameters, answeredComment));
    },
    'issues.assign': assign,
    async 'pulls.merge'({ number, method, ...args }, ctx) {
      const parameters = { ...args, pull_number: number, merge_method: method };
      const answered = await callGithub(ctx, `PUT ${PULL}/merge`, parameters, answeredMerge);
      return { merged: true, merge_commit_sha: answered.sha };
    },
    async 'pulls.close'(args, ctx) {
      const parameters = { ...pullAt(args), state: 'closed' } as const;
      return pullOf(args, await callGithub(ctx, `PATCH ${PULL}`, parameters, answeredPull));
    },
  },
  reconcile: {
    async 'issues.create'(args, ctx) {
      const found = await findMarkedIssue(args, ctx);
      if (found === 'unknown') return 'unknown';
      return found ? { applied: issueOf(args, found) } : 'not_applied';
    },
    async 'issues.comment'(args, ctx) {
      const found = await findMarkedComment(args, ctx);
      if (found === 'unknown') return 'unknown';
      return found ? { applied: commentOf(found) } : 'not_applied';
    },
    async 'pulls.merge'(args, ctx) {
      const { merged, head, merge_commit_sha } = await readPull(args, ctx);
      if (!merged) return 'not_applied';
      // Merged, but not what this was to merge: only a person can tell how.
      return head.sha === args.sha ? { applied: { merged, merge_commit_sha } } : 'unknown';
    },
  },
  // What GitHub answered is known before its webhook tells of it.
  after: {
    'issues.read': (issue: Issue, _, { db }) => kept(db.github.issues.upsert(issue)),
    'issues.create': (issue: Issue, _, { db }) => kept(db.github.issues.upsert(issue)),
    'issues.update': (issue: Issue, _, { db }) => kept(db.github.issues.upsert(issue)),
    'pulls.read': (pull: Pull, _, { db }) => kept(db.github.pulls.upsert(pull)),
    'pulls.close': (pull: Pull, _, { db }) => kept(db.github.pulls.upsert(pull)),
  },
});

/** The result stands as it is. */
async function kept(writing: Promise<unknown>): Promise<void> {
  await writing;
}

function readIssue(args: IssueTarget, ctx: ConnectorContext): Promise<AnsweredIssue> {
  return callGithub(ctx, `GET ${ISSUE}`, issueAt(args), answeredIssue);
}

function readPull(args: IssueTarget, ctx: ConnectorContext) {
  return callGithub(ctx, `GET ${PULL}`, pullAt(args), answeredPull);
}

/** "Returns a 404 Not Found status if the label does not exist", and the same for an issue that does not: so it is looked at. */
async function unlabel({ label, ...args }: IssueTarget & { readonly label: string }, ctx: ConnectorContext) {
  try {
    const parameters = { ...issueAt(args), name: label };
    return { labels: await callGithub(ctx, `DELETE ${ISSUE}/labels/{name}`, parameters, answeredLabels) };
  } catch (error) {
    if (!(error instanceof Terminal)) throw error;
    const { labels } = await readIssue(args, ctx);
    // GitHub tells no `Bug` from `bug`.
    if (labels.some((one) => one.toLowerCase() === label.toLowerCase())) throw error;
    return { labels };
  }
}

/** "Assignees are silently ignored" where they may not be assigned: https://docs.github.com/en/rest/issues/assignees */
async function assign(args: IssueTarget & { readonly assignees: readonly string[] }, ctx: ConnectorContext) {
  const parameters = { ...issueAt(args), assignees: [...args.assignees] };
  const { assignees } = await callGithub(ctx, `POST ${ISSUE}/assignees`, parameters, answeredIssue);
  const known = new Set(assignees.map((login) => login.toLowerCase()));
  const ignored = args.assignees.filter((login) => !known.has(login.toLowerCase()));
  if (ignored.length === args.assignees.length) throw new Terminal('github assigns none of them to this issue');
  return { assignees, ignored };
}

const issueAt = ({ owner, repo, number }: IssueTarget) => ({ owner, repo, issue_number: number });
const pullAt = ({ owner, repo, number }: IssueTarget) => ({ owner, repo, pull_number: number });
