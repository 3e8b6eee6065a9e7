import { resolve } from 'node:path';
import type { Finding, LintReport, Witness } from '@holdpoint/policy/analysis/finding';
import { lintRules } from '@holdpoint/policy/analysis/lint-rules';
import type { LocalCommand } from '../command.ts';
import type { Values } from '../command-line.ts';
import { workspaceDir } from '../connection.ts';
import { loadLocalBook, loadLocalRules } from '../local-rules.ts';
import { UsageError } from '../usage.ts';

interface Linted extends LintReport {
  readonly tenant: string;
}

/** What the rules of every tenant, or of one, say that their author can hardly have meant. Fails where something is an error. */
export const policiesLint: LocalCommand = {
  options: ['workspace', 'tenant', 'candidate'],
  words: [],
  async runLocally({ values, typedIn }) {
    const linted = await lintAll(values, typedIn, new Date());
    const found = linted.flatMap((report) => report.findings);
    const more = linted.reduce((sum, report) => sum + report.more, 0);
    const cut = linted.filter(({ complete }) => !complete).map(({ tenant }) => tenant);
    const notes = [
      ...['error', 'warning', 'info'].map((one) => `${found.filter(({ severity }) => severity === one).length} ${one}`),
      ...(more > 0 ? [`up to ${more} more are not shown`] : []),
      ...(cut.length > 0 ? [`too much to go through whole: ${cut.join(', ')}`] : []),
    ];
    return {
      data: { tenants: linted },
      table: {
        head: ['', 'TENANT', 'CODE', 'FINDING'],
        rows: linted.flatMap(({ tenant, findings }) => findings.flatMap((finding) => rowsOf(tenant, finding))),
        none: 'nothing found',
      },
      note: notes.join(', '),
      failed: found.some(({ severity }) => severity === 'error'),
    };
  },
};

async function lintAll(values: Values, typedIn: string, now: Date): Promise<Linted[]> {
  const dir = workspaceDir(values, typedIn);
  const book = await loadLocalBook(dir);
  const tenants = values.tenant === undefined ? book.tenants : [values.tenant];
  if (values.candidate !== undefined && tenants.length > 1) {
    throw new UsageError('a candidate stands in for one tenant’s policies: add --tenant');
  }
  const candidate = values.candidate === undefined ? undefined : resolve(typedIn, values.candidate);
  const linted: Linted[] = [];
  for (const tenant of tenants) {
    const rules = await loadLocalRules({ workspaceDir: dir, tenant, candidate });
    linted.push({ tenant, ...lintRules(rules, now) });
  }
  return linted;
}

function rowsOf(tenant: string, { severity, code, message, witnesses, fix }: Finding): string[][] {
  return [
    [severity, tenant, code, message],
    ...witnesses.map((witness) => ['', '', '', `  ${witnessWords(witness)}`]),
    ...(fix ? [['', '', '', `  fix: ${fix.text}`]] : []),
  ];
}

/** `shop orders.hold of 501 by order-risk: BLOCK (501 is over 500)`. */
export function witnessWords({ line, operator, decision, reasons, assumes = [], note }: Witness): string {
  const amount = line.value === undefined ? '' : ` of ${line.value}`;
  const given = assumes.map(({ policy, field, is }) => `the ${field} of "${policy}" ${is ? 'true' : 'false'}`);
  const [first] = reasons;
  const why = first ? ` (${first.policy === undefined ? '' : `"${first.policy}": `}${first.message})` : '';
  const where = given.length === 0 ? '' : `, with ${given.join(' and ')}`;
  return `${line.connector} ${line.tool}${amount} by ${operator}${where}: ${decision}${why}${note ? `; ${note}` : ''}`;
}
