import type { AcceptedEvent, AfterHookContext } from '@holdpoint/sdk/define';
import type { EntityDbOf } from '@holdpoint/sdk/entity-db';
import { z } from 'zod';
import { answeredIssue, answeredPull, issueOf, pullOf, type Repository } from './issue.ts';
import { issueId } from './issue-target.ts';
import type { github } from './tools.ts';

type Db = EntityDbOf<{ github: typeof github }>;

const repository = z
  .object({ name: z.string(), owner: z.object({ login: z.string() }) })
  .transform(({ name, owner }): Repository => ({ owner: owner.login, repo: name }));
/** https://docs.github.com/en/webhooks/webhook-events-and-payloads#issues, and of a comment on one. */
const issueEvent = z.object({ action: z.string(), issue: answeredIssue, repository });
/** https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request */
const pullEvent = z.object({ action: z.string(), pull_request: answeredPull, repository });

/**
 * A hook for `webhooks` of `tenants/<tenant>/hooks.ts`: keeps `github.issues` and `github.pulls` as the webhooks of this source
 * tell of them. A payload of more than 256 KiB is not seen by hooks, and keeps nothing.
 *
 * @example
 * export default defineHooks({ webhooks: [keepGithub({ source: 'github' })] });
 */
export function keepGithub({ source }: { readonly source: string }) {
  return {
    id: `keep-${source}`,
    source,
    types: ['issues', 'issue_comment', 'pull_request'],
    after: (event: AcceptedEvent, ctx: AfterHookContext<Db>): Promise<unknown> => keep(event, ctx),
  };
}

async function keep({ type, data }: AcceptedEvent, { db, log }: AfterHookContext<Db>): Promise<unknown> {
  if (SAYS_NOTHING.has(actionOf(data))) return undefined;
  const read = type === 'pull_request' ? pullEvent.safeParse(data) : issueEvent.safeParse(data);
  // Coming again would not make another payload of it.
  if (!read.success) return log.warn({ type }, 'a webhook of GitHub is not as it is described: nothing is kept of it');
  const said = read.data;
  if ('pull_request' in said) return db.github.pulls.upsert(pullOf(said.repository, said.pull_request));
  const { action, issue, repository } = said;
  // A comment on a pull request comes with it as an issue; its own events tell more of it.
  if (issue.pull_request) return undefined;
  if (type === 'issues' && GONE.has(action)) {
    const id = issueId({ ...repository, number: issue.number });
    return db.github.issues.delete({ where: { id }, version: issue.updated_at });
  }
  return db.github.issues.upsert(issueOf(repository, issue));
}

/** A transferred issue has another name from then on, of which its new repository tells. */
const GONE: ReadonlySet<string> = new Set(['deleted', 'transferred']);
/** Whether an issue is pinned is not kept, and these leave out what is. */
const SAYS_NOTHING: ReadonlySet<string> = new Set(['pinned', 'unpinned']);

const actionOf = (data: unknown): string => z.object({ action: z.string() }).safeParse(data).data?.action ?? '';
