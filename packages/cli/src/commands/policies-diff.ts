import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Change, DiffReport } from '@holdpoint/policy/analysis/change';
import { diffRules } from '@holdpoint/policy/analysis/diff-rules';
import type { TenantRules } from '@holdpoint/policy/compile/tenant-rules';
import type { Answer, LocalCommand } from '../command.ts';
import type { Values } from '../command-line.ts';
import { workspaceDir } from '../connection.ts';
import { loadLocalBook, loadLocalRules } from '../local-rules.ts';
import { UsageError } from '../usage.ts';

/** What one set of rules decides otherwise than another: two workspaces, or two files of policies. Fails where anything does. */
export const policiesDiff: LocalCommand = {
  options: ['workspace', 'tenant'],
  words: ['BEFORE', 'AFTER'],
  async runLocally({ words, values, typedIn }) {
    const [before = '', after = ''] = words.map((word) => resolve(typedIn, word));
    const folders = await Promise.all([isFolder(before), isFolder(after)]);
    const pairs = folders.every(Boolean)
      ? await betweenWorkspaces(before, after, values)
      : await betweenFiles(before, after, values, typedIn);
    const now = new Date();
    const found = pairs.map(({ tenant, rules }) => ({ tenant, ...diffRules(rules[0], rules[1], now) }));
    return answerOf(found);
  },
};

interface Pair {
  readonly tenant: string;
  readonly rules: readonly [TenantRules, TenantRules];
}

/** Every tenant of either; what a tenant has not, it does not permit. */
async function betweenWorkspaces(before: string, after: string, { tenant, workspace }: Values): Promise<Pair[]> {
  if (workspace !== undefined) throw new UsageError('two workspaces are compared as they are: leave out --workspace');
  const books = [await loadLocalBook(before), await loadLocalBook(after)] as const;
  const tenants = [...new Set(books.flatMap((book) => book.tenants))].sort();
  if (tenant !== undefined && !tenants.includes(tenant)) throw new UsageError(`neither has a tenant ${tenant}`);
  return (tenant === undefined ? tenants : [tenant]).map((name) => ({
    tenant: name,
    rules: [books[0].rulesOf(name), books[1].rulesOf(name)],
  }));
}

/** Both in place of one tenant's policies; all else is the workspace's. */
async function betweenFiles(before: string, after: string, values: Values, typedIn: string): Promise<Pair[]> {
  const dir = workspaceDir(values, typedIn);
  const { tenants } = await loadLocalBook(dir);
  const tenant = values.tenant ?? (tenants.length === 1 ? tenants[0] : undefined);
  if (tenant === undefined) throw new UsageError(`whose policies? --tenant ${tenants.join(' or --tenant ')}`);
  const load = (candidate: string) => loadLocalRules({ workspaceDir: dir, tenant, candidate });
  return [{ tenant, rules: [await load(before), await load(after)] }];
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

type Told = DiffReport & { readonly tenant: string };

function answerOf(found: readonly Told[]): Answer {
  const rows = found.flatMap((one) => [
    ...one.looser.map((change) => rowOf(one.tenant, 'looser', change)),
    ...one.otherwise.map((change) => rowOf(one.tenant, 'otherwise', change)),
    ...one.tighter.map((change) => rowOf(one.tenant, 'tighter', change)),
    ...one.open.map(({ message }) => [one.tenant, 'open', message]),
    ...one.unfelt.map((id) => [one.tenant, 'unfelt', `"${id}" differs, and decides nothing otherwise as all else is`]),
  ]);
  const more = found.reduce((sum, one) => sum + one.more, 0);
  const cut = found.filter(({ complete }) => !complete).map(({ tenant }) => tenant);
  const notes = [
    ...(more > 0 ? [`up to ${more} more are not shown`] : []),
    ...(cut.length > 0 ? [`too much to go through whole: ${cut.join(', ')}`] : []),
  ];
  return {
    data: { tenants: found },
    table: { head: ['TENANT', '', 'CHANGE'], rows, none: 'every action is decided the same' },
    ...(notes.length > 0 && { note: notes.join('; ') }),
    failed: rows.length > 0 || cut.length > 0,
  };
}

const rowOf = (tenant: string, way: string, { message }: Change): string[] => [tenant, way, message];
