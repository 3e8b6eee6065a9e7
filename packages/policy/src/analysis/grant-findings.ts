import { grantCovers } from '../decide/grants.ts';
import type { Finding } from './finding.ts';
import type { LookBudget } from './look-budget.ts';
import type { ToolClass, ToolRef } from './tool-classes.ts';
import { firstOf, type LintContext, prove } from './witness.ts';

const NAMED_MAX = 5;

interface Placed {
  readonly own: ToolClass;
  readonly tool: ToolRef;
}

/** Tools that nothing permits, and grants that give nothing. */
export function grantFindings(context: LintContext, budget: LookBudget): (Finding | undefined)[] {
  return [...neverPermitted(context), ...emptyGrants(context, budget)];
}

function neverPermitted(context: LintContext): (Finding | undefined)[] {
  const { classes, survey, stranger } = context;
  if (survey.killers.size > 0) return [];
  const byConnector = new Map<string, Placed[]>();
  for (const own of classes.filter(({ risk }) => risk !== 'read')) {
    if (survey.unfinished.has(own) || (survey.permits.get(own)?.size ?? 0) > 0) continue;
    for (const tool of own.tools) {
      const list = byConnector.get(tool.connector);
      if (list) list.push({ own, tool });
      else byConnector.set(tool.connector, [{ own, tool }]);
    }
  }
  return firstOf(context, [...byConnector], ([connector, found]): Finding | undefined => {
    const [first] = found;
    if (!first) return undefined;
    const operator = first.own.operators[0]?.name ?? stranger;
    const place = { ...first.tool, operator, value: 0, atMs: context.nowMs, scenario: new Set<number>() };
    const witness = prove(context, place, ({ decision }) => decision === 'BLOCK');
    const names = found.slice(0, NAMED_MAX).map(({ tool }) => tool.tool);
    const more = found.length > NAMED_MAX ? ` and ${found.length - NAMED_MAX} more` : '';
    return (
      witness && {
        code: 'never_permitted',
        severity: 'info',
        policies: [],
        message: `nothing ever permits ${connector} ${names.join(', ')}${more}`,
        witnesses: [witness],
      }
    );
  });
}

function emptyGrants(context: LintContext, budget: LookBudget): (Finding | undefined)[] {
  const { rules, classes } = context;
  const placed = classes.flatMap((own) => own.tools.map((tool) => ({ own, tool })));
  const idle: { readonly operator: string; readonly pattern: string; readonly covered: readonly Placed[] }[] = [];
  for (const { operator, tools: patterns } of rules.grants ?? []) {
    for (const pattern of patterns) {
      if (!budget.spend(placed.length)) break;
      const covered = placed.filter(({ tool }) =>
        grantCovers([{ operator, tools: [pattern] }], operator, tool.connector, tool.tool),
      );
      if (!covered.some((one) => isUseful(context, operator, one))) idle.push({ operator, pattern, covered });
    }
  }
  return firstOf(context, idle, ({ operator, pattern, covered: [first] }) =>
    first ? grantInVain(context, operator, pattern, first.tool) : grantOfNothing(operator, pattern),
  );
}

function isUseful({ survey }: LintContext, operator: string, { own }: Placed): boolean {
  if (own.risk === 'read' || survey.unfinished.has(own) || survey.killers.size > 0) return true;
  const named = own.operators.some((one) => one.named && one.name === operator);
  const name = named ? operator : own.operators.find((one) => !one.named)?.name;
  return name !== undefined && survey.permits.get(own)?.has(name) === true;
}

function grantOfNothing(operator: string, pattern: string): Finding {
  return {
    code: 'grant_matches_nothing',
    severity: 'warning',
    policies: [],
    message: `the grant of ${pattern} to ${operator} covers no tool`,
    witnesses: [],
    fix: { text: `correct or remove ${pattern} in grants.ts` },
  };
}

function grantInVain(context: LintContext, operator: string, pattern: string, tool: ToolRef): Finding | undefined {
  const place = { ...tool, operator, value: 0, atMs: context.nowMs, scenario: new Set<number>() };
  const witness = prove(context, place, ({ decision }) => decision === 'BLOCK');
  return (
    witness && {
      code: 'grant_without_policy',
      severity: 'warning',
      policies: [],
      message: `the grant of ${pattern} to ${operator} gives nothing: no policy ever permits what it covers`,
      witnesses: [witness],
      fix: { text: `write a policy for what ${operator} may do, or remove ${pattern} in grants.ts` },
    }
  );
}
