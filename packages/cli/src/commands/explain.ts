import { resolve } from 'node:path';
import { evaluate, type Question } from '@holdpoint/policy/decide/evaluate';
import { explain as explainLine } from '@holdpoint/policy/explain/explain';
import { operatorEnvelope } from '@holdpoint/shared/domain/event';
import type { ActionExplanation, Explanation } from '@holdpoint/shared/domain/explanation';
import { nameSchema } from '@holdpoint/shared/domain/names';
import { listTenants } from '@holdpoint/shared/workspace/tenants';
import type { Answer, LocalCommand, LocalInvocation } from '../command.ts';
import type { Values } from '../command-line.ts';
import { openConnection, workspaceDir } from '../connection.ts';
import { loadLocalRules } from '../local-rules.ts';
import type { Table } from '../table.ts';
import { UsageError } from '../usage.ts';
import { readPlan } from './plans.ts';
import { knownOf } from './wording.ts';

/** Of a recorded action, which the services know; or of a plan in a file, by the files of the policies alone. */
export const explain: LocalCommand = {
  options: ['plan', 'operator', 'workspace', 'tenant', 'candidate'],
  words: ['[ID]'],
  async runLocally({ words: [id], values, typedIn }) {
    if ((id === undefined) === (values.plan === undefined)) throw new UsageError('explain an ID, or a --plan FILE');
    if (id === undefined) return whatIf({ values, typedIn, words: [] });
    for (const name of ['operator', 'workspace', 'tenant', 'candidate'] as const) {
      if (values[name] !== undefined) throw new UsageError(`--${name} goes with --plan: an action has its own`);
    }
    const { client } = await openConnection(values, typedIn);
    return recorded(await client.policies.explain(id));
  },
};

function recorded(found: ActionExplanation): Answer {
  const { recorded: then, same_policies: same, basis, explanation, entity } = found;
  const reasons = then.reasons.map(({ policy, message }) => (policy ? `${policy}: ${message}` : message)).join('; ');
  const now = {
    record: 'no policy decided it, or its facts are gone: this is its record',
    rules: same ? 'the same policies as then' : 'other policies than then: what follows is what they say now',
  };
  return {
    data: found,
    fields: [
      ['action', found.action_id],
      ['decided', `${then.decision} at ${then.at}: ${reasons}`],
      ['state', then.duplicate_of ? `${then.state} of ${then.duplicate_of}` : then.state],
      ['policies', `${then.policy_version}, ${now[basis]}`],
      ...(entity ? [['known', knownOf(entity)] as const] : []),
      ...fieldsOf(explanation),
    ],
    ...tableOf(explanation),
  };
}

/** Scored here and now, and recorded nowhere. */
async function whatIf({ values, typedIn }: LocalInvocation): Promise<Answer> {
  const operator = nameSchema.safeParse(values.operator);
  if (!operator.success) throw new UsageError('a plan has an --operator');
  const plan = await readPlan(values.plan ?? '', typedIn);
  const dir = workspaceDir(values, typedIn);
  const candidate = values.candidate === undefined ? undefined : resolve(typedIn, values.candidate);
  const { policies, tools, grants, hooks } = await loadLocalRules({
    workspaceDir: dir,
    tenant: await tenantIn(dir, values),
    candidate,
  });
  const env = operatorEnvelope(operator.data);
  const base = { operator: operator.data, env, policies, tools, grants, hooks, now: new Date() };
  const lines = plan.actions.map((line) => ({ ...base, line })).map(explained);
  const unread = plan.event_id === undefined ? {} : { note: 'scored without its event, which is not in the files' };
  if (lines.length > 1) return { data: { lines }, table: planTable(lines), ...unread };
  const [only] = lines as [Explained];
  return { data: { lines }, fields: [['what', only.what], ...fieldsOf(only)], ...tableOf(only), ...unread };
}

type Explained = Explanation & { readonly what: string };

function explained(question: Question): Explained {
  const evaluation = evaluate(question);
  const { connector, tool, value } = evaluation.action;
  return {
    what: [connector, tool, value].filter((part) => part !== null && part !== '').join(' '),
    ...explainLine(question, { evaluation }),
  };
}

async function tenantIn(dir: string, { tenant }: Values): Promise<string> {
  if (tenant !== undefined) return tenant;
  const [only, ...others] = await listTenants(dir);
  if (only === undefined || others.length > 0) throw new UsageError(`which --tenant of ${dir}?`);
  return only;
}

function fieldsOf({ sentence, step, nearest, incomplete }: Explanation): (readonly [string, string])[] {
  return [
    ['why', sentence],
    ['step', step],
    ...(nearest ? [['nearest', nearest.sentence] as const] : []),
    ...(incomplete ? [['incomplete', 'there was no time to look further'] as const] : []),
  ];
}

function tableOf({ matched, near_misses: missed }: Explanation): { table?: Table } {
  if (matched.length + missed.length === 0) return {};
  const rows = [
    ...matched.map(({ policy, decision, selectors, constraints }) => {
      const why = [...selectors, ...constraints].map(({ message }) => message).join('; ');
      return ['matches', policy, decision, why || 'it speaks for every action'];
    }),
    ...missed.map(({ policy, decision, message }) => ['nearly', policy, decision, message]),
  ];
  return { table: { head: ['', 'POLICY', 'SAYS', 'BECAUSE'], rows, none: '' } };
}

function planTable(lines: readonly Explained[]): Table {
  return {
    head: ['LINE', 'WHAT', 'WHY', 'NEAREST'],
    rows: lines.map(({ what, sentence, nearest }, index) => [String(index), what, sentence, nearest?.sentence ?? '']),
    none: 'a plan without lines',
  };
}
