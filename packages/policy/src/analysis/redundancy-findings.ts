import { isFromSugar } from '../compile/sugar.ts';
import { verdictEffect } from './effect.ts';
import type { Finding } from './finding.ts';
import { contentKey, isVeto } from './policy-facts.ts';
import type { PolicyRecord } from './survey.ts';
import { firstOf, type LintContext, prove, quoted } from './witness.ts';

/** Policies without which every action is decided the same, though they get their own decision somewhere. */
export function redundancyFindings(context: LintContext): (Finding | undefined)[] {
  const idle = [...context.survey.records.values()].filter(
    ({ seen, matters, unfinished, facts }) => seen && !matters && !unfinished && !isFromSugar(facts.id),
  );
  const vetoes = idle.filter(({ facts, vetoesAlone }) => isVeto(facts) && vetoesAlone);
  const repeats = idle.filter((record) =>
    isVeto(record.facts)
      ? !record.vetoesAlone && !standsFirst(context, record)
      : record.fires && !standsFirst(context, record),
  );
  return [
    ...firstOf(context, vetoes, (record) => idleVeto(context, record)),
    ...firstOf(context, repeats, (record) => repeated(context, record)),
  ];
}

/** Of policies that stand in for each other, the first by id is not the one too many. */
function standsFirst({ survey }: LintContext, { facts, besides }: PolicyRecord): boolean {
  return [...besides.keys()].every((other) => {
    const its = survey.records.get(other);
    return its && !its.matters && its.besides.has(facts) && facts.id <= other.id;
  });
}

function repeated(context: LintContext, record: PolicyRecord): Finding | undefined {
  const { facts, besides } = record;
  const others = [...besides.keys()];
  const [place] = besides.values();
  if (!place) return undefined;
  const without = verdictEffect(context.stage.ask(place, new Set([facts.compiled])).verdict).key;
  const same = `the same without "${facts.id}"`;
  const witness = prove(context, place, (verdict) => verdictEffect(verdict).key === without, same);
  if (!witness) return undefined;
  const twin = others.find((other) => contentKey(other) === contentKey(facts));
  const message = twin
    ? `"${facts.id}" says what "${twin.id}" says`
    : `"${facts.id}" changes nothing beside ${quoted(others)}`;
  const sharesItsId = context.facts.some((other) => other !== facts && other.id === facts.id);
  return {
    code: 'duplicate',
    severity: 'warning',
    policies: [facts.id, ...new Set((twin ? [twin] : others).map(({ id }) => id))],
    message,
    witnesses: [witness],
    fix: {
      text: `remove "${facts.id}"`,
      ...(!sharesItsId && { edits: [{ policy: facts.id, remove: true as const }] }),
    },
  };
}

/** A guard for what may come. */
function idleVeto(context: LintContext, { facts, seen }: PolicyRecord): Finding | undefined {
  const witness =
    seen && prove(context, seen, ({ decision }) => decision === 'BLOCK', `blocked without "${facts.id}" too`);
  if (!witness || context.stage.ask(seen, new Set([facts.compiled])).verdict.decision !== 'BLOCK') return undefined;
  return {
    code: 'unreachable',
    severity: 'info',
    policies: [facts.id],
    message: `"${facts.id}" vetoes only what nothing permits as it is`,
    witnesses: [witness],
  };
}
