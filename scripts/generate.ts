/** Writes the reference pages from the code that they describe; with `--check`, says which are not current instead. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { configPage } from './generate/config-page.ts';
import { connectorsPage } from './generate/connectors-page.ts';
import { errorsPage } from './generate/errors-page.ts';
import { licencesPage } from './generate/licences-page.ts';
import { lifecyclePage } from './generate/lifecycle-page.ts';
import { limitsPage } from './generate/limits-page.ts';
import { messagesPage } from './generate/messages-page.ts';
import { exampleNatsAccounts } from './generate/nats-accounts.ts';

const PAGES = {
  'docs/reference/messages.md': messagesPage,
  'docs/reference/lifecycle.md': lifecyclePage,
  'docs/reference/errors.md': errorsPage,
  'docs/reference/config.md': configPage,
  'docs/reference/connectors.md': connectorsPage,
  'docs/reference/licences.md': licencesPage,
  'docs/reference/limits.md': limitsPage,
  'deploy/nats-accounts.conf': exampleNatsAccounts,
} as const satisfies Record<string, () => string | Promise<string>>;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { check = false } = parseArgs({ options: { check: { type: 'boolean' } } }).values;

const stale = (await Promise.all(Object.entries(PAGES).map(async ([path, page]) => settle(path, await page())))).flat();
if (check && stale.length > 0) {
  for (const path of stale) console.error(`${path} is not current: npm run generate writes it`);
  process.exitCode = 1;
}

/** The path where the file is not what it should be. */
async function settle(path: string, wanted: string): Promise<string[]> {
  const file = join(root, path);
  const found = await readFile(file, 'utf8').catch(() => '');
  if (found === wanted) return [];
  if (!check) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, wanted);
    console.log(`${path} is written`);
  }
  return [path];
}
