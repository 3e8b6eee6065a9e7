import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NOT_ASKED } from '@holdpoint/shared/domain/decision-record';
import { operatorEnvelope } from '@holdpoint/shared/domain/event';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { takeSnapshot } from '@holdpoint/shared/workspace/snapshot';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Scorer, startScorer } from '../src/scoring/scorer.ts';

const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'holdpoint-scorer-'));
  await mkdir(join(dir, 'connectors/shop'), { recursive: true });
  await mkdir(join(dir, 'tenants/acme'), { recursive: true });
  await mkdir(join(dir, 'lib'));
  await writeFile(
    join(dir, 'connectors/shop/tools.ts'),
    "export default { name: 'shop', tools: { hold: { risk: 'write' }, loop: { risk: 'write', value: () => { for (;;); } } } };",
  );
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const policies = (text: string) => writeFile(join(dir, 'tenants/acme/policies.ts'), text);
const start = (stillMaxMs?: number) =>
  startScorer({ workspaceDir: dir, logger, userCodeMaxMs: 200, ...(stillMaxMs !== undefined && { stillMaxMs }) });
const lineFor = (tool: string, value?: number) => ({
  connector: 'shop',
  tool,
  args: {},
  ...(value !== undefined && { value }),
  entity_key: 'e',
  idempotency_key: 'k',
});
async function codes(scorer: Scorer, lines: unknown[], tenant = 'acme'): Promise<(string | undefined)[]> {
  const env = operatorEnvelope('risk');
  const question = { tenant, operator: 'risk', salt: '', env, lines, now: new Date(0).toISOString() };
  const [first] = await scorer.score('main', async () => [question]);
  // Where the tenant's code got stuck, the rest is asked aside.
  const [answer] = first ? [first] : await scorer.score('aside', async () => [question]);
  return answer?.ok ? answer.lines.map(({ verdict }) => verdict.reasons[0]?.code) : [];
}

test('a fresh thread sees a change in a file that a policy imports, which a second import in process would miss', async () => {
  await policies(
    "import { cap } from '../../lib/cap.ts'; export default [{ tool: 'hold', maxValue: cap, decision: 'ALLOW' }];",
  );
  await writeFile(join(dir, 'lib/cap.ts'), 'export const cap = 10;');
  const before = await start();
  expect(await codes(before, [lineFor('hold', 50)])).toEqual(['max_value']);
  await writeFile(join(dir, 'lib/cap.ts'), 'export const cap = 100;');
  const after = await start();
  expect(await codes(after, [lineFor('hold', 50)])).toEqual(['allowed']);
  await Promise.all([before.stop(), after.stop()]);
});

test('several lines that loop for ever, in a policy and in a tool, are blocked one by one', async () => {
  await policies(
    "export default [{ connector: 'shop', when: (action) => { if (action.value === 7) for (;;); return true; }, decision: 'ALLOW' }];",
  );
  const scorer = await start();
  const lines = [lineFor('hold'), lineFor('hold', 7), lineFor('loop'), lineFor('hold', 1)];
  expect(await codes(scorer, lines)).toEqual(['allowed', 'policy_error', 'policy_error', 'allowed']);
  await scorer.stop();
});

test('a pattern that looks back without end is ended, and blocks its line alone', async () => {
  await policies(
    `export default [{ connector: 'shop', when: 'action.value < 5 || !action.idempotency_key.matches("^(k+)+!$")', decision: 'ALLOW' }];`,
  );
  const scorer = await start();
  const slow = { ...lineFor('hold', 7), idempotency_key: 'k'.repeat(60) };
  expect(await codes(scorer, [lineFor('hold', 1), slow, lineFor('hold', 9)])).toEqual([
    'allowed',
    'policy_error',
    'allowed',
  ]);
  await scorer.stop();
});

test('a tenant that the workspace does not know is permitted nothing, reads included', async () => {
  const scorer = await start();
  expect(await codes(scorer, [lineFor('hold')], 'stranger')).toEqual(['unknown_tool']);
  await scorer.stop();
});

test('a workspace that does not compile is refused whole, with the policy and the field', async () => {
  await policies(
    "export default [{ tool: 'hold', decision: 'ALLOW' }, { id: 'bad', when: '1 +', decision: 'ALERT' }];",
  );
  await expect(start()).rejects.toThrow(/policies\.1\.when/);
});

/** A policy whose condition does something of each value's own, then permits. */
const doing = (deeds: Record<number, string>) =>
  policies(
    `export default [{ tool: 'hold', when: ({ value }) => { ${Object.entries(deeds)
      .map(([value, deed]) => `if (value === ${value}) { ${deed} }`)
      .join(' ')} return true; }, decision: 'ALLOW' }];`,
  );

test('code that ends its thread blocks its own line, and code that fails later takes down nothing', async () => {
  await doing({
    1: 'process.exit(1);',
    2: "setTimeout(() => { throw new Error('later'); });",
    3: "void Promise.reject(new Error('unheard'));",
    4: 'queueMicrotask(() => { throw null; });',
  });
  const scorer = await start();
  expect(
    await codes(
      scorer,
      [0, 1, 2, 3, 4, 1, 5].map((value) => lineFor('hold', value)),
    ),
  ).toEqual(['allowed', 'policy_error', 'allowed', 'allowed', 'allowed', 'policy_error', 'allowed']);
  for (const value of [2, 3, 4, 5]) expect(await codes(scorer, [lineFor('hold', value)])).toEqual(['allowed']);
  await scorer.stop();
});

test('a thread that ended between two batches is not asked again', async () => {
  await doing({ 1: 'setImmediate(() => process.exit(0));' });
  const scorer = await start();
  for (const value of [1, 1, 2, 1, 2]) expect(await codes(scorer, [lineFor('hold', value)])).toEqual(['allowed']);
  await scorer.stop();
});

test('a loop that code leaves behind when it has answered costs nobody a decision: the next batch gets another thread', async () => {
  await doing({ 1: 'queueMicrotask(() => { for (;;); });' });
  const scorer = await start();
  for (const value of [1, 2, 1, 1, 2]) expect(await codes(scorer, [lineFor('hold', value)])).toEqual(['allowed']);
  await scorer.stop();
});

test('a thread that stands still outside of user code fails the batch and blocks nobody', async () => {
  await policies(
    "import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { for (;;); }); export default [{ tool: 'hold', decision: 'ALLOW' }];",
  );
  const scorer = await start(400);
  await expect(codes(scorer, [lineFor('hold', 2)])).rejects.toMatchObject({ code: 'DEPENDENCY_UNAVAILABLE' });
  await scorer.stop();
});

test('only time inside user code counts against a line: compiling a rehearsal may take longer', async () => {
  await doing({});
  const scorer = await startScorer({ workspaceDir: dir, logger, userCodeMaxMs: 60 });
  const when = Array.from({ length: 60 }, (_, index) => `action.args.a${index} == "${index}"`).join(' && ');
  const rehearsed = Array.from({ length: 1_000 }, (_, index) => ({
    id: `p${index}`,
    tool: 'x',
    when,
    decision: 'ALLOW',
  }));
  const [answer] = await scorer.score('aside', async () => [
    {
      tenant: 'acme',
      operator: 'risk',
      salt: '',
      env: operatorEnvelope('risk'),
      lines: [lineFor('hold')],
      now: new Date(0).toISOString(),
      policies: [...rehearsed, { tool: 'hold', decision: 'ALLOW' }],
    },
  ]);
  expect(answer).toMatchObject({ ok: true, lines: [{ verdict: { decision: 'ALLOW' } }] });
  await scorer.stop();
});

test('a thread that is replaced has the same rules, whatever became of the files meanwhile', async () => {
  await doing({ 1: 'for (;;);' });
  const scorer = await start();
  await policies("throw new Error('half written')");
  expect(await codes(scorer, [lineFor('hold', 1), lineFor('hold', 2)])).toEqual(['policy_error', 'allowed']);
  await rm(join(dir, 'tenants/acme/policies.ts'));
  expect(await codes(scorer, [lineFor('hold', 1), lineFor('hold', 2)])).toEqual(['policy_error', 'allowed']);
  await scorer.stop();
});

test('a question that cannot cross to the thread fails alone', async () => {
  await doing({});
  const scorer = await start();
  await expect(codes(scorer, [() => 'no data'])).rejects.toThrow(/could not be cloned/);
  expect(await codes(scorer, [lineFor('hold')])).toEqual(['allowed']);
  await scorer.stop();
});

test('a tenant whose code loops is put aside the first time, and after three times that code is not asked', async () => {
  await policies(
    "export default [{ id: 'loops', tool: 'hold', when: () => { for (;;); }, decision: 'ALLOW' }, { id: 'fine', tool: 'loop', decision: 'ALLOW' }];",
  );
  await mkdir(join(dir, 'tenants/other'), { recursive: true });
  await writeFile(join(dir, 'tenants/other/policies.ts'), "export default [{ tool: 'hold', decision: 'ALLOW' }];");
  const said: { msg: string; subject?: string }[] = [];
  const destination = { write: (text: string) => void said.push(JSON.parse(text)) };
  const listening = createLogger({ service: 'test', level: 'error', instance: 'test', destination });
  const scorer = await startScorer({ workspaceDir: dir, logger: listening, userCodeMaxMs: 200 });
  const env = operatorEnvelope('risk');
  const of = (tenant: string, ...lines: unknown[]) => ({
    tenant,
    operator: 'risk',
    salt: '',
    env,
    lines,
    now: new Date(0).toISOString(),
  });
  const batch = [of('other', lineFor('hold')), of('acme', lineFor('hold')), of('other', lineFor('hold'))];
  for (let round = 0; round < 3; round += 1) {
    const answers = await scorer.score('main', async () => batch);
    expect(answers.map((answer) => answer?.ok)).toEqual([true, undefined, true]);
  }
  expect([scorer.isSuspect('acme'), scorer.isSuspect('other')]).toEqual([true, false]);
  const lines = Array.from({ length: 20 }, () => lineFor('hold'));
  const [answer] = await scorer.score('aside', async () => [of('acme', ...lines)]);
  const messages = answer?.ok ? answer.lines.map(({ verdict }) => verdict.reasons[0]?.message ?? '') : [];
  expect(messages.filter((message) => message.includes('did not answer in time'))).toHaveLength(20);
  expect(messages.filter((message) => message.endsWith(NOT_ASKED))).toHaveLength(17);
  expect(said.filter(({ subject }) => subject === 'loops')).toHaveLength(1 + 3);
  await rm(join(dir, 'tenants/other'), { recursive: true });
  await scorer.stop();
});

test('a batch whose rules change before its turn is made anew, for those that score it', async () => {
  await policies("export default [{ tool: 'hold', decision: 'ALLOW' }];");
  const scorer = await start();
  const asked: string[] = [];
  const env = operatorEnvelope('risk');
  const [answer] = await scorer.score('main', async (book) => {
    asked.push(book.tenants.get('acme')?.version ?? '');
    if (asked.length === 1) {
      await policies("export default [{ tool: 'hold', decision: 'BLOCK' }];");
      await scorer.adopt(await takeSnapshot(dir), async (next, before) =>
        expect(next.version).not.toBe(before.version),
      );
    }
    const now = new Date(0).toISOString();
    return [{ tenant: 'acme', operator: 'risk', salt: '', env, lines: [lineFor('hold')], now }];
  });
  expect(asked).toHaveLength(2);
  expect(answer).toMatchObject({ lines: [{ verdict: { decision: 'BLOCK', policy_version: asked[1] } }] });
  await expect(scorer.adopt(await takeSnapshot(dir), () => Promise.reject(new Error('not now')))).rejects.toThrow();
  expect(scorer.summaryOf('acme')?.version).toBe(asked[1]);
  expect(await codes(scorer, [lineFor('hold')])).toEqual(['veto']);
  await scorer.stop();
});

test('what lint finds of a version is logged once, however often its thread is started', async () => {
  await policies(
    "export default [{ id: 'gone', connector: 'crm', decision: 'ALLOW' }, { tool: 'loop', decision: 'ALLOW' }];",
  );
  const lines: string[] = [];
  const destination = { write: (text: string) => void lines.push(text) };
  const listening = createLogger({ service: 'test', level: 'warn', instance: 'test', destination });
  const scorer = await startScorer({ workspaceDir: dir, logger: listening, userCodeMaxMs: 200 });
  expect(await codes(scorer, [lineFor('loop'), lineFor('hold')])).toEqual(['policy_error', 'no_policy']);
  const said = lines.map((text) => JSON.parse(text)).filter(({ code }) => code !== undefined);
  expect(said).toMatchObject([{ level: 'warn', tenant: 'acme', code: 'matches_nothing', policies: ['gone'] }]);
  expect(scorer.summaryOf('acme')?.lint?.findings.map(({ code }) => code)).toContain('matches_nothing');
  await scorer.stop();
});
