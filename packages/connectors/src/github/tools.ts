import { defineTool, defineTools } from '@holdpoint/sdk/define';
import { z } from 'zod';
import { issueEntity, pullEntity } from './issue.ts';
import { ISSUE_ID, issueKey, issueTarget, repository } from './issue-target.ts';

/** Of the hidden comment by which a text is found again, with the two line ends before it. */
export const MARKER_MAX_CHARS = 64;
/** "body is too long (maximum is 65536 characters)", as GitHub refuses more; some of it is kept for the marker. */
const text = z.string().max(65_536 - MARKER_MAX_CHARS);
const title = z.string().min(1).max(256);
const labels = z.array(z.string().min(1).max(50)).max(100);
const assignees = z.array(z.string().min(1).max(100)).max(10);
const sha = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, 'must be a whole commit hash, in lower case');

const target = z.strictObject(issueTarget);
const ofIssue = { entityKey: issueKey, entity: { name: 'issues', ...ISSUE_ID } } as const;
const ofPull = { entityKey: issueKey, entity: { name: 'pulls', ...ISSUE_ID } } as const;
/**
 * GitHub honours no idempotency key, but these say what is to be the case, not what is to be done: a label that is there is
 * not added again. So a call that may have happened is simply made again.
 */
const repeatable = { risk: 'write', idempotent: true } as const;

/**
 * Issues and pull requests of GitHub or a GitHub Enterprise Server. The tenant gives the credential `token`, and may give
 * `config: { baseUrl, marker }`. To GitHub a pull request is an issue too: what acts on issues acts on it.
 */
export const github = defineTools({
  name: 'github',
  entities: {
    issues: { schema: issueEntity, version: 'updated_at', indexes: [['owner', 'repo', 'state'], 'author'] },
    pulls: { schema: pullEntity, version: 'updated_at', indexes: [['owner', 'repo', 'state'], 'author', 'head_sha'] },
  },
  tools: {
    'issues.read': defineTool({ risk: 'read', args: target, entity: ofIssue.entity }),
    'pulls.read': defineTool({ risk: 'read', args: target, entity: ofPull.entity }),
    'issues.create': defineTool({
      risk: 'write',
      args: z.strictObject({
        ...repository,
        title,
        body: text.default(''),
        labels: labels.default([]),
        assignees: assignees.default([]),
      }),
      entityKey: ({ owner, repo }) => `issues:${owner}/${repo}`.toLowerCase(),
      // One issue does not wait for what became of another.
      whenIndeterminate: 'go_on',
    }),
    'issues.update': defineTool({
      ...repeatable,
      ...ofIssue,
      args: z
        .strictObject({
          ...issueTarget,
          title: title.exactOptional(),
          body: text.exactOptional(),
          state: z.enum(['open', 'closed']).exactOptional(),
          state_reason: z.enum(['completed', 'not_planned', 'reopened']).exactOptional(),
        })
        .refine(({ title, body, state }) => title !== undefined || body !== undefined || state !== undefined, {
          message: 'must change the title, the body or the state',
        }),
    }),
    'issues.label': defineTool({
      ...repeatable,
      ...ofIssue,
      args: z.strictObject({ ...issueTarget, labels: labels.min(1) }),
    }),
    'issues.unlabel': defineTool({
      ...repeatable,
      ...ofIssue,
      args: z.strictObject({ ...issueTarget, label: z.string().min(1).max(50) }),
    }),
    'issues.comment': defineTool({
      risk: 'write',
      ...ofIssue,
      args: z.strictObject({ ...issueTarget, body: text.min(1) }),
    }),
    'issues.assign': defineTool({
      ...repeatable,
      ...ofIssue,
      args: z.strictObject({ ...issueTarget, assignees: assignees.min(1) }),
    }),
    'pulls.merge': defineTool({
      risk: 'destructive',
      ...ofPull,
      args: z.strictObject({
        ...issueTarget,
        /** Of the pull request's head: what was reviewed is what is merged, or nothing is. */
        sha,
        method: z.enum(['merge', 'squash', 'rebase']).default('merge'),
        commit_title: title.exactOptional(),
        commit_message: text.exactOptional(),
      }),
      timeoutMs: 60_000,
    }),
    'pulls.close': defineTool({ ...repeatable, ...ofPull, args: target }),
  },
});
