import { idempotencyKey } from '@holdpoint/sdk/idempotency';
import { defineOperator } from '@holdpoint/sdk/operator';

interface IssuesEvent {
  readonly action?: string;
  readonly issue?: { readonly number: number; readonly title: string; readonly user?: { readonly login: string } };
  readonly repository?: { readonly full_name: string };
}

/** Labels a new issue by its title, and thanks whoever wrote it. */
export default defineOperator<IssuesEvent | null>({
  name: 'issue-triage',
  events: [{ source: 'github', type: 'issues' }],
  plan: (event) => {
    const { action, issue, repository } = event.data ?? {};
    if (action !== 'opened' || !issue || !repository) return null;
    const target = { repository: repository.full_name, number: issue.number };
    const entity = `issue:${target.repository}#${target.number}`;
    const line = (tool: string, args: object) => ({
      connector: 'desk',
      tool,
      args: { ...target, ...args },
      entity_key: entity,
      idempotency_key: idempotencyKey(event, tool, entity),
    });
    return {
      agent: { id: 'issue-triage-example' },
      actions: [
        line('issues.label', { labels: [labelFor(issue.title)] }),
        line('issues.comment', { body: `Thank you${mention(issue.user?.login)}; someone will look at it soon.` }),
      ],
    };
  },
});

function labelFor(title: string): string {
  if (/\b(spelling|typo|readme|docs?|documentation)\b/i.test(title)) return 'documentation';
  if (/\b(crash|error|fail\w*|broken|bug)\b/i.test(title)) return 'bug';
  return 'triage';
}

const mention = (login: string | undefined): string => (login ? `, @${login}` : '');
