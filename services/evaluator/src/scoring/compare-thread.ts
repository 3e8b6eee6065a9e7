import { parentPort, workerData } from 'node:worker_threads';
import { diffRules } from '@holdpoint/policy/analysis/diff-rules';
import { describeError } from '@holdpoint/policy/decide/printable';
import { loadRulebook } from '@holdpoint/rulebook/load-rulebook';
import type { PolicyChange } from '@holdpoint/shared/domain/policy-change';
import { routeImports } from '@holdpoint/shared/workspace/import-routes';
import type { CompareData, FromCompareThread } from './compare-rules.ts';

/** The thread in which two versions of the workspace are loaded beside each other, and then no more. */
const { before, after } = workerData as CompareData;
/** Of a tenant, in a receipt. */
const SENTENCES_MAX = 50;
/** Shared by all tenants: a reload takes a second or two longer at the worst. */
const MAX_LOOKS = 4_000_000;
const say = (message: FromCompareThread) => parentPort?.postMessage(message);

try {
  routeImports(before);
  routeImports(after);
  const [old, now] = [await loadRulebook(before.dir), await loadRulebook(after.dir)];
  const changed = now.tenants.filter(
    (tenant) => old.rulesOf(tenant).policies.version !== now.rulesOf(tenant).policies.version,
  );
  const looks = Math.floor(MAX_LOOKS / Math.max(1, changed.length));
  const effects = changed.map((tenant): [string, PolicyChange[]] => [
    tenant,
    sentencesOf(diffRules(old.rulesOf(tenant), now.rulesOf(tenant), new Date(), looks)),
  ]);
  say({ kind: 'compared', effects });
} catch (error) {
  say({ kind: 'broken', message: describeError(error) });
}

function sentencesOf(report: ReturnType<typeof diffRules>): PolicyChange[] {
  const { looser, tighter, otherwise, more, complete } = report;
  const sentences = [
    ...looser.map(({ message }): PolicyChange => ({ code: 'now_looser', message })),
    ...otherwise.map(({ message }): PolicyChange => ({ code: 'now_otherwise', message })),
    ...tighter.map(({ message }): PolicyChange => ({ code: 'now_tighter', message })),
  ];
  const left = more + Math.max(0, sentences.length - SENTENCES_MAX);
  const notes = [left > 0 ? `and ${left} more` : '', complete ? '' : 'there was too much to compare all of it'];
  const note = notes.filter((part) => part !== '').join('; ');
  return [
    ...sentences.slice(0, SENTENCES_MAX),
    ...(note === '' ? [] : [{ code: 'policies_changed' as const, message: note }]),
  ];
}
