import { parentPort, workerData } from 'node:worker_threads';
import type { TenantRules } from '@holdpoint/policy/compile/tenant-rules';
import { type ReplayWatch, replayRecord } from '@holdpoint/policy/replay/replay-record';
import { splitPolicy, withSplit } from '@holdpoint/policy/suggest/split-policy';
import { markPlace, markStep } from '@holdpoint/shared/runtime/thread-marks';
import { loadCandidate } from '../load-candidate.ts';
import { loadRulebook } from '../load-rulebook.ts';
import type { FromThread, ReplayedRecord, ReplayedRules, SplitAt, ThreadData, ToThread } from './protocol.ts';

/** The thread in which conditions run that are rehearsed: one that never comes back is ended with it. */
const { rules: whose, marks } = workerData as ThreadData;
const port = parentPort;
if (!port) throw new Error('this file is a worker thread');
const say = (message: FromThread) => port.postMessage(message);
const userCode: ReplayWatch = { begins: () => markStep(marks), ends: () => markStep(marks) };

// A timer or a promise that an author's function left behind: nobody waits for it.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, () => undefined);

let loaded: TenantRules | undefined;
try {
  loaded = await load(whose);
  say({ kind: 'ready' });
} catch (error) {
  say({ kind: 'broken', message: error instanceof Error ? error.message : String(error) });
}

const splitRules = new Map<string, TenantRules>();

port.on('message', ({ id, records, splits, stuck }: ToThread) => {
  try {
    const rules = loaded as TenantRules;
    const all = [rules, ...splits.map((split) => rulesSplitAt(rules, split))];
    const replayed = records.map((record, index) => {
      markPlace(marks, index, 0);
      const how = { userCode, stuck: stuck.includes(index) };
      return all.map((one) => replayRecord(record, one, how)) as unknown as ReplayedRecord;
    });
    say({ kind: 'replayed', id, replayed });
  } catch (error) {
    say({ kind: 'failed', id, message: error instanceof Error ? error.message : String(error) });
  }
});

async function load({ workspaceDir, tenant, candidate }: ReplayedRules): Promise<TenantRules> {
  if (candidate !== undefined) return loadCandidate({ workspaceDir, tenant, file: candidate });
  return (await loadRulebook(workspaceDir)).rulesOf(tenant);
}

function rulesSplitAt(rules: TenantRules, { policy, upTo }: SplitAt): TenantRules {
  const key = `${upTo} ${policy}`;
  const known = splitRules.get(key);
  if (known) return known;
  const compiled = rules.policies.policies.find(({ id }) => id === policy);
  if (!compiled) throw new Error(`there is no policy ${policy}`);
  const split = withSplit(rules, splitPolicy(compiled, upTo));
  splitRules.set(key, split);
  return split;
}
