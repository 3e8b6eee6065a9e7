import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ConformanceReport } from '@holdpoint/conformance/report';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runHoldpoint } from './testing/run-holdpoint.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
let dir: string;

beforeAll(async () => {
  // Where any workspace of the repository finds what it imports.
  dir = await mkdtemp(join(root, '.docs-test-'));
  await write('connectors/plain/tools.ts', "export default { name: 'plain', tools: { ping: { risk: 'read' } } };");
  await write('connectors/plain/run.ts', 'export default { run: { ping: () => null } };');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(join(dir, file)), { recursive: true });
  await writeFile(join(dir, file), text);
}

const holdpoint = (...words: string[]) => runHoldpoint(['connectors', ...words, '--workspace', '.'], dir);
/** Another connector: a file is imported once. */
async function mutant(name: string, file: string, change: (text: string) => string): Promise<void> {
  await holdpoint('new', name);
  const path = join(dir, 'connectors', name, file);
  const before = await readFile(path, 'utf8');
  expect(change(before)).not.toBe(before);
  await writeFile(path, change(before));
}

test('what new writes passes test as it is, with every fault told and what becomes of it', async () => {
  const written = await holdpoint('new', 'help-desk');
  expect(written).toMatchObject({ code: 0, out: expect.stringContaining('connectors/help-desk/stand-in.ts') });
  expect(written.out).toContain("token: secret('HELP_DESK_TOKEN')");
  expect(written.out).toContain('connectors test help-desk --workspace .\n');
  const { code, out } = await holdpoint('test', 'help-desk');
  expect(out).toMatch(/^holds +help-desk +tickets\.read +read +applied +applied +applied/m);
  expect(out).toMatch(/^holds +help-desk +tickets\.comment +key +applied/m);
  expect(out).toMatch(/^holds +help-desk +tickets\.close +asked +applied/m);
  expect(out).toMatch(/\d\d checks, all hold/);
  expect(code).toBe(0);
});

test('what new writes compiles as strictly as all else', async () => {
  await holdpoint('new', 'typed');
  const config = join(dir, 'tsconfig.json');
  await writeFile(config, JSON.stringify({ extends: join(root, 'tsconfig.json'), include: ['connectors/typed/*.ts'] }));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '--noEmit', '-p', config]).catch(
    (error) => error,
  );
  expect(stdout).toBe('');
});

test('new writes nothing over, and takes no name that is none', async () => {
  await write('connectors/mine/tools.ts', 'mine');
  expect(await holdpoint('new', 'mine')).toMatchObject({ code: 1, err: 'CONFLICT connectors/mine is there already' });
  expect(await readdir(join(dir, 'connectors/mine'))).toEqual(['tools.ts']);
  await rm(join(dir, 'connectors/mine'), { recursive: true });
  expect(await holdpoint('new', '../out')).toMatchObject({ code: 1, err: expect.stringMatching(/^INVALID_REQUEST/) });
  expect(await runHoldpoint(['connectors', 'new', 'x', '--workspace', './nowhere'], dir)).toMatchObject({
    code: 1,
    err: expect.stringContaining('there is no folder'),
  });
});

test('a connector that does not keep its word fails, in words that say what to do', async () => {
  await mutant('keyless', 'run.ts', (text) => text.replace("'idempotency-key': ctx.idempotencyKey", "'x-key': 'k'"));
  const { code, out } = await holdpoint('test', 'keyless', '--tool', 'tickets.comment');
  expect(code).toBe(1);
  expect(out).toContain('keyless FAILS repeats: the same action again does nothing more');
  expect(out).toContain('→ send ctx.idempotencyKey with every request that has an effect');
  expect(out).toMatch(/^FAILS +keyless +tickets\.comment +key/m);
  expect(out).toMatch(/\d+ of \d+ checks fail/);
});

test('an outcome that is not true is marked in its column', async () => {
  await mutant('hasty', 'run.ts', (text) =>
    text
      .replace('import { Terminal }', 'import { Retryable, Terminal }')
      .replace('callRemote(ctx, {', 'callRemote({ ...ctx, idempotencyKey: null }, {')
      .replace(
        '  });\n  return',
        "  }).catch((error) => {\n    throw new Retryable('again', { cause: error });\n  });\n  return",
      ),
  );
  const { code, out } = await holdpoint('test', 'hasty', '--tool', 'tickets.close');
  expect(code).toBe(1);
  expect(out).toMatch(/hasty FAILS unknowns/);
  expect(out).toMatch(/^FAILS +hasty +tickets\.close +asked +applied \/ \w+!/m);
});

test('a connector without a conformance.ts has its declarations looked at, and says that no more was', async () => {
  const { code, out } = await holdpoint('test', 'plain');
  expect(code).toBe(0);
  expect(out).toMatch(/^loads +plain +ping +read +–/m);
  expect(out).toContain('only declarations were looked at, for want of a conformance.ts: plain');
});

test('the report is data where data is asked for', async () => {
  const { out } = await holdpoint('test', 'plain', '--json');
  const { connectors, passed } = JSON.parse(out) as { connectors: ConformanceReport[]; passed: boolean };
  expect(passed).toBe(true);
  expect(connectors).toMatchObject([{ connector: 'plain', tools: [{ tool: 'ping', risk: 'read', repeats: 'read' }] }]);
});

test('connectors are listed with their tools, how these may be repeated, and what is kept', async () => {
  await mutant('listed', 'tools.ts', (text) =>
    text
      .replace("name: 'listed',", "name: 'listed',\n  entities: { tickets: { schema: z.object({}), keepDays: 7 } },")
      .replace('entityKey }),', "entityKey, entity: { name: 'tickets', id: 'ticket_id' } }),"),
  );
  const { code, out } = await holdpoint('listed');
  expect(code).toBe(0);
  expect(out).toMatch(/^listed +tickets\.read +read +run again: it reads +tickets$/m);
  expect(out).toMatch(/^listed +tickets\.close +write +its connector is asked$/m);
  expect(out).toContain('entities kept: listed tickets (by id, 7 d)');
});

test('a file that is wrong, or a name that is nobody’s, is refused with where it stands', async () => {
  await mutant('untried', 'conformance.ts', (text) => text.replace('invalid: [{}],', ''));
  expect(await holdpoint('test', 'untried')).toMatchObject({
    code: 1,
    err: expect.stringContaining('connectors/untried/conformance.ts: tools.tickets.read.invalid'),
  });
  expect((await holdpoint('test', 'nobody')).err).toMatch(/^INVALID_REQUEST .* has no connectors\/nobody$/);
  expect((await holdpoint('test', 'plain', '--tool', 'fly')).err).toBe('INVALID_REQUEST no connector has fly');
});
