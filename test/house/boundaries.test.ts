import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readSource, type Source } from './read-source.ts';
import { listFiles, readSources } from './read-tree.ts';
import * as rules from './rules.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const FOLDERS = ['packages', 'services', 'workspace', 'scripts', 'test', 'bench'];
const TEXT_FILE = /\.(tsx?|mjs|json|ya?ml|md|sql|html|css|sh)$|\/run$/;

const sources = await readSources(root, FOLDERS);

const HOUSE_RULES = {
  'domain, messages, policy and every core import no I/O, no clock and no randomness': rules.pureCoreStaysPure,
  'services never import each other': rules.servicesStayApart,
  'only messages/ spells a subject, a stream or a queue': rules.onlyMessagesSpellSubjects,
  'only config.ts reads the environment': rules.onlyConfigReadsTheEnvironment,
  'only store/ and db/ contain SQL': rules.onlyStoresContainSql,
  'statements are put together from bound parameters alone': rules.statementsAreBound,
  'threads are started in one place': rules.threadsStartInOnePlace,
  'no files import each other in a circle': rules.noImportCycles,
  'files are named after what they hold': rules.filesSayWhatTheyHold,
  'no file is longer than 400 lines without a reason': rules.filesStayShort,
  'exports have names, workspace files apart': rules.exportsHaveNames,
} as const satisfies Record<string, rules.Rule>;

describe('the house', () => {
  test('is looked at whole', () => {
    const parts = new Set(sources.map(({ path }) => path.split('/').slice(0, 2).join('/')));
    for (const part of ['packages/shared', 'packages/policy', 'services/ingest', 'services/executor']) {
      expect(parts).toContain(part);
    }
    expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(sources.length);
  });

  for (const [sentence, rule] of Object.entries(HOUSE_RULES)) {
    test(sentence, () => expect(rule(sources)).toEqual([]));
  }

  test('nothing is bound to one machine or names a registry', async () => {
    const files = (await listFiles(root, ['.'])).filter(
      (path) => TEXT_FILE.test(path) && !path.startsWith('test/house/'),
    );
    const texts = await Promise.all(
      files.map(async (path) => [path, await readFile(join(root, path), 'utf8')] as const),
    );
    expect(texts.flatMap(([path, text]) => rules.boundToOneMachine(path, text))).toEqual([]);
  });
});

/** Every rule is shown to fail: one that cannot would let anything pass. */
describe('a rule refuses', () => {
  const domain = 'packages/shared/src/domain/plan.ts';
  const core = 'services/evaluator/src/core/decide.ts';
  const route = 'services/evaluator/src/routes/plans.ts';
  const store = 'services/evaluator/src/store/find-plans.ts';

  const broken: readonly [sentence: string, rule: rules.Rule, files: Readonly<Record<string, string>>][] = [
    ['a core that reads the clock', rules.pureCoreStaysPure, { [core]: 'export const now = () => Date.now();' }],
    ['a core that makes a date of now', rules.pureCoreStaysPure, { [core]: 'const d = new Date( );' }],
    [
      'a thread that is started elsewhere',
      rules.threadsStartInOnePlace,
      { [route]: "import { Worker } from 'node:worker_threads';" },
    ],
    ['a core that rolls dice', rules.pureCoreStaysPure, { [core]: 'if (Math.random() < 1) {}' }],
    ['a core that imports Node', rules.pureCoreStaysPure, { [core]: "import { readFile } from 'node:fs/promises';" }],
    ['a core that imports a store', rules.pureCoreStaysPure, { [core]: "import { a } from '../store/a.ts';" }],
    [
      'a core that imports the runtime',
      rules.pureCoreStaysPure,
      { [core]: "import { a } from '@holdpoint/shared/runtime/nats';" },
    ],
    ['a domain that imports a driver', rules.pureCoreStaysPure, { [domain]: "import pg from 'pg';" }],
    ['a domain that imports a driver late', rules.pureCoreStaysPure, { [domain]: "const pg = await import('pg');" }],
    [
      'randomness beside hashing',
      rules.pureCoreStaysPure,
      { 'packages/shared/src/domain/digest.ts': "import { hash, randomBytes } from 'node:crypto';" },
    ],
    [
      'an import of another service',
      rules.servicesStayApart,
      { [route]: "import { a } from '@holdpoint/executor/service';" },
    ],
    [
      'an import of another service by its path',
      rules.servicesStayApart,
      { [route]: "import { a } from '../../../executor/src/a.ts';" },
    ],
    [
      'a package that imports a service',
      rules.servicesStayApart,
      { 'packages/sdk/src/a.ts': "export { a } from '@holdpoint/ingest/service';" },
    ],
    ['a spelt subject', rules.onlyMessagesSpellSubjects, { [route]: 'const subject = `plans.${tenant}.${operator}`;' }],
    ['a spelt wildcard', rules.onlyMessagesSpellSubjects, { [route]: "nc.subscribe('events.>');" }],
    ['a spelt stream', rules.onlyMessagesSpellSubjects, { [route]: "jsm.streams.info('OUTCOMES');" }],
    ['a spelt queue', rules.onlyMessagesSpellSubjects, { [route]: 'new Queue(`effects.${connector}`);' }],
    [
      'a read of the environment',
      rules.onlyConfigReadsTheEnvironment,
      { [route]: 'const level = process.env.LOG_LEVEL;' },
    ],
    ['an environment taken apart', rules.onlyConfigReadsTheEnvironment, { [route]: 'const { env } = process;' }],
    ['a tagged query in a route', rules.onlyStoresContainSql, { [route]: 'await sql<Row>`SELECT 1`.execute(db);' }],
    ['a built query in a route', rules.onlyStoresContainSql, { [route]: "await db.selectFrom('plans').execute();" }],
    ['a query as text', rules.onlyStoresContainSql, { [route]: "await client.query('SELECT 1 FROM plans');" }],
    ['a statement with text put in', rules.statementsAreBound, { [store]: 'await sql`SELECT ${sql.raw(name)}`;' }],
    ['a statement put together', rules.statementsAreBound, { [store]: 'client.query<R>(`SELECT 1 WHERE a = ${a}`);' }],
    [
      'two files that import each other',
      rules.noImportCycles,
      { 'scripts/a.ts': "import './b.ts';", 'scripts/b.ts': "import type { A } from './a.ts';" },
    ],
    [
      'a circle across packages',
      rules.noImportCycles,
      {
        'packages/sdk/src/a.ts': "import { b } from '@holdpoint/cli/b';",
        'packages/cli/src/b.ts': "import { a } from '@holdpoint/sdk/a';",
      },
    ],
    ['a file of utilities', rules.filesSayWhatTheyHold, { 'packages/sdk/src/utils.ts': '' }],
    ['a folder of helpers', rules.filesSayWhatTheyHold, { 'packages/sdk/src/helpers/http.ts': '' }],
    ['a name in another case', rules.filesSayWhatTheyHold, { 'packages/sdk/src/httpClient.ts': '' }],
    ['a long file', rules.filesStayShort, { [route]: 'x;\n'.repeat(401) }],
    [
      'a default export behind an element that closes',
      rules.exportsHaveNames,
      { 'packages/console/src/a.tsx': 'const a = <p>1</p>;\nexport default a;' },
    ],
    ['a default export', rules.exportsHaveNames, { [route]: 'export default {};' }],
  ];
  for (const [sentence, rule, files] of broken) {
    test(sentence, () => expect(rule(synthetic(files))).not.toEqual([]));
  }

  test('a path of one machine and the host of a registry', () => {
    const text = ['const a = "', 'home/someone/src";', '\nfetch("https://registry.', 'npmjs.org/")'];
    expect(rules.boundToOneMachine('a.ts', text.join('/').replaceAll('./', '.'))).toHaveLength(2);
  });
});

describe('a rule allows', () => {
  const fine: readonly [sentence: string, files: Readonly<Record<string, string>>][] = [
    ['a subject in a comment', { 'scripts/a.ts': '// events.> is read by `plans.acme.bot`\nconst a = 1;' }],
    ['a date that is given', { 'services/ingest/src/core/a.ts': 'const d = new Date(at);' }],
    ['words of SQL in a sentence', { 'scripts/a.ts': "const text = 'Select a file; update it.';" }],
    ['an import that is only text', { 'services/ingest/src/core/a.ts': 'const a = "import x from \'pg\'";' }],
    ['types from anywhere', { 'services/ingest/src/core/a.ts': "import type { Kysely } from 'kysely';" }],
    [
      'a slash in a regular expression',
      { 'services/ingest/src/core/a.ts': "const a = /['\"`/]/.test(b) ? 1 / 2 : '';" },
    ],
    ['a template within a template', { 'scripts/a.ts': 'const a = `x ${b ? `y ${c}` : "z"} events.`; const d = {};' }],
  ];
  for (const [sentence, files] of fine) {
    test(sentence, () => {
      const found = Object.values(HOUSE_RULES).flatMap((rule) => rule(synthetic(files)));
      expect(found).toEqual([]);
    });
  }
});

function synthetic(files: Readonly<Record<string, string>>): Source[] {
  return Object.entries(files).map(([path, text]) => readSource(path, text));
}
