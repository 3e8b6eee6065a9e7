import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { replayRecord, sameVerdict } from '@holdpoint/policy/replay/replay-record';
import { recordOf, rulesOf } from '@holdpoint/policy/testing/decision-records';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { loadRulebook } from '../load-rulebook.ts';
import { REPLAY_LIMITS, startReplaying } from './start-replaying.ts';

// Threads are started and given up.
vi.setConfig({ testTimeout: 30_000 });

const HANGS =
  "({ value }) => { if (value === 7) for (;;); if (value === 8) setTimeout(() => { throw new Error('later'); }); return true; }";
const FILES = {
  'connectors/shop/tools.ts': "export default { name: 'shop', tools: { refund: { risk: 'write' } } };",
  'connectors/shop/run.ts': 'export default { run: { refund: () => null } };',
  'tenants/acme/policies.ts': `export default [
    { id: 'asks', connector: 'shop', tool: 'refund', when: ${HANGS}, decision: 'ALERT' }];`,
};
const QUICK = { ...REPLAY_LIMITS, userCodeMaxMs: 300 };

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'replaying-'));
  for (const [file, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), text);
  }
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function records(values: readonly number[]) {
  const rules = (await loadRulebook(dir)).rulesOf('acme');
  // As rules decided them that ask nobody's code.
  const before = rulesOf([], { tools: rules.tools });
  return { rules, records: values.map((value) => recordOf(before, { value })) };
}

test('a thread apart replays as this one would, with each split beside', async () => {
  const { rules, records: all } = await records([1, 8, 3]);
  const replaying = await startReplaying({ workspaceDir: dir, tenant: 'acme' }, QUICK);
  try {
    const replayed = await replaying.replay(all, [{ policy: 'asks', upTo: 2 }]);
    expect(replayed).toHaveLength(3);
    for (const [index, [own]] of replayed.entries()) {
      // What it leaves behind would end this thread.
      if (all[index]?.value === 8) continue;
      const here = replayRecord(all[index] as (typeof all)[number], rules);
      expect(own.ok && here.ok && sameVerdict(own.verdict, here.verdict)).toBe(true);
    }
    expect(replayed.map(([, split]) => split?.ok && split.verdict.decision)).toEqual(['ALLOW', 'ALERT', 'ALERT']);
  } finally {
    await replaying.stop();
  }
});

test('code that does not come back blocks its record alone; where it does so again and again, replay is given up', async () => {
  const { records: all } = await records([7, 1, 7]);
  const replaying = await startReplaying({ workspaceDir: dir, tenant: 'acme' }, { ...QUICK, stuckMax: 3 });
  try {
    const replayed = await replaying.replay(all);
    expect(replayed.map(([own]) => own.ok && own.verdict.decision)).toEqual(['BLOCK', 'ALERT', 'BLOCK']);
    await expect(replaying.replay(all)).rejects.toThrow(/did not come back on 3 records, last on a\d+, shop refund/);
  } finally {
    await replaying.stop();
  }
});

test('rules that cannot be loaded are told', async () => {
  const absent = { workspaceDir: dir, tenant: 'acme', candidate: join(dir, 'absent.ts') };
  await expect(startReplaying(absent)).rejects.toThrow(/the rules cannot be loaded: .*absent\.ts: is missing/);
});
