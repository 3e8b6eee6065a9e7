import { basename, posix } from 'node:path';
import { importCycles, resolveImport } from './module-graph.ts';
import { lineOf, type Source } from './read-source.ts';

/** `file:line what`, or `file what`. Empty where the rule holds. */
export type Rule = (sources: readonly Source[]) => string[];

const isTest = ({ path }: Source): boolean => /\.test\.ts$|^test\/|^bench\/|\/test\/|\/testing\//.test(path);
const isCode = (source: Source): boolean => !isTest(source);
const at = (source: Source, offset: number, what: string): string => `${source.path}:${lineOf(source, offset)} ${what}`;

const PURE =
  /^(packages\/shared\/src\/(domain|messages)|packages\/policy\/src|(services|packages)\/[a-z]+\/src\/core)\//;
const PURE_PACKAGES = /^(zod|canonicalize|@standard-schema\/spec|@marcbachmann\/cel-js)(\/|$)/;
const IMPURE_CODE =
  /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bperformance\.|\bprocess\.|\bfetch\(|\bset(Timeout|Interval|Immediate)\(|\bcrypto\.|\bconsole\./g;

/** Domain, messages, policy and every `core` import no I/O, no clock and no randomness, and only what is as pure. */
export const pureCoreStaysPure: Rule = (sources) =>
  sources
    .filter((source) => isCode(source) && PURE.test(source.path))
    .flatMap((source) => [
      ...source.imports
        .filter((one) => !one.typeOnly && !isPureImport(source, one.from, one.names, resolveImport(source, one)))
        .map((one) => at(source, one.at, `imports ${one.from}`)),
      ...[...source.code.matchAll(IMPURE_CODE)].map((match) => at(source, match.index, `uses ${match[0]}`)),
    ]);

const HASHES: ReadonlySet<string> = new Set(['hash', 'createHmac']);

function isPureImport(source: Source, from: string, names: readonly string[], file: string | undefined): boolean {
  if (file !== undefined) return PURE.test(file);
  // Hashing is arithmetic; it is the one thing that is taken from Node, in one place.
  if (from === 'node:crypto') return source.path.endsWith('/domain/digest.ts') && names.every((one) => HASHES.has(one));
  return PURE_PACKAGES.test(from);
}

/** A service is reached by its messages and its HTTP, never by its code; and nothing below knows of what is above. */
export const servicesStayApart: Rule = (sources) =>
  sources.filter(isCode).flatMap((source) =>
    source.imports.flatMap((one) => {
      const [own, other] = [partOf(source.path), partOf(resolveImport(source, one) ?? '')];
      const refused =
        (other?.startsWith('services/') && own !== other) || (own?.startsWith('packages/') && other === 'workspace');
      return refused && own !== 'scripts' ? [at(source, one.at, `imports ${one.from}`)] : [];
    }),
  );

function partOf(path: string): string | undefined {
  return /^((packages|services)\/[a-z]+|workspace|scripts)\//.exec(path)?.[1];
}

const SUBJECT =
  /^(events|plans|decisions|approvals|outcomes|dead|effects)\.([*>]|[a-z0-9_*<>-]+\.[A-Za-z0-9_*<>|.-]+$)/;
const SUBJECT_HEAD = /^(events|plans|decisions|approvals|outcomes|dead|effects)\.$/;
const STREAM = /^(EVENTS|PLANS|DECISIONS|APPROVALS|OUTCOMES|DEAD)$/;

/** Subjects, streams and queues are declared once. */
export const onlyMessagesSpellSubjects: Rule = (sources) =>
  sources
    .filter((source) => isCode(source) && !source.path.startsWith('packages/shared/src/messages/'))
    .flatMap((source) =>
      source.strings
        .filter(({ text, open }) => SUBJECT.test(text) || STREAM.test(text) || (open && SUBJECT_HEAD.test(text)))
        .map((literal) => at(source, literal.at, `spells ${literal.text}`)),
    );

/** What a process is configured by is read in one place of each part. */
export const onlyConfigReadsTheEnvironment: Rule = (sources) =>
  sources
    .filter((source) => isCode(source) && basename(source.path) !== 'config.ts')
    .flatMap((source) =>
      [...source.code.matchAll(/\bprocess\s*\.\s*env\b|\benv\s*[,}][^;\n]*=\s*process\b/g)].map((match) =>
        at(source, match.index, 'reads the environment'),
      ),
    );

const QUERY_CODE = /\bsql\s*(<[^`]*>)?\s*`|\.(selectFrom|insertInto|updateTable|deleteFrom|mergeInto)\(/g;
const QUERY_TEXT =
  /^\s*(SELECT\s|INSERT INTO\s|UPDATE\s+\w+\s+SET\s|DELETE FROM\s|WITH\s+\w+\s+AS\s|(CREATE|ALTER|DROP|TRUNCATE)\s+(TABLE|DATABASE|ROLE|INDEX|SCHEMA)\b|GRANT\s|DO \$\$)/;

/** SQL lives where its locks are explained. */
export const onlyStoresContainSql: Rule = (sources) =>
  sources
    .filter((source) => isCode(source) && !/\/(store|db)\//.test(source.path))
    .flatMap((source) => [
      ...[...source.code.matchAll(QUERY_CODE)].map((match) => at(source, match.index, `asks by ${match[0].trim()}`)),
      ...source.strings.filter(({ text }) => QUERY_TEXT.test(text)).map((one) => at(source, one.at, 'contains SQL')),
    ]);

const UNBOUND_SQL = /\bsql\s*\.\s*(raw|lit|ref|id|table)\(|\.query(<[^`]*?>)?\(\s*`[^`]*\$\{/g;

/** Where a statement is put together from more than bound parameters, and why that is harmless there. */
const UNBOUND_WITH_REASON: Readonly<Record<string, string>> = {
  'packages/shared/src/db/migrate.ts': 'the migrations themselves',
  'packages/shared/src/db/service-login.ts':
    'the owner makes a role: quoted, and no statement of its kind takes parameters',
  'packages/shared/src/db/entities/entity-indexes.ts': 'the owner makes indexes of what a workspace declares: quoted',
  'packages/shared/src/db/entities/entity-test.ts':
    'names of fields are patterned, and quoted so that an index is found',
  'packages/shared/src/db/entities/entity-order.ts': 'the same',
  'packages/shared/src/db/entities/find-entities.ts': 'the same, and directions out of two',
  'services/executor/src/store/list-receipts.ts': 'names of columns out of a closed list',
  'services/executor/src/store/find-actions-about.ts': 'states out of a closed list',
  'packages/stack/src/db/databases.ts': 'databases of development and tests: quoted',
  'packages/stack/src/db/roles.ts': 'roles of development and tests: quoted',
};

/** All else is a bound parameter, whatever is in it. */
export const statementsAreBound: Rule = (sources) =>
  sources
    .filter((source) => isCode(source) && !Object.hasOwn(UNBOUND_WITH_REASON, source.path))
    .flatMap((source) =>
      [...source.text.matchAll(UNBOUND_SQL)].map((match) => at(source, match.index, `puts a statement together`)),
    );

/** One that is started otherwise may end the process when it ends: see `start-thread.ts`. */
export const threadsStartInOnePlace: Rule = (sources) =>
  sources
    .filter((source) => isCode(source) && source.path !== 'packages/shared/src/runtime/start-thread.ts')
    .flatMap((source) =>
      source.imports
        .filter((one) => one.from === 'node:worker_threads' && !one.typeOnly && one.names.includes('Worker'))
        .map((one) => at(source, one.at, 'starts threads of its own')),
    );

export const noImportCycles: Rule = (sources) => importCycles(sources).map((cycle) => cycle.join(' ↔ '));

/** Names that say nothing about what is inside. */
export const filesSayWhatTheyHold: Rule = (sources) =>
  sources.flatMap(({ path }) => {
    const parts = path.split('/').map((part) => part.replace(/(\.test|\.d)?\.m?tsx?$/, ''));
    const vague = parts.some((part) => /^(utils?|helpers?|common|types|misc)$/.test(part));
    const cased = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config|d|generated))?\.m?tsx?$/.test(posix.basename(path));
    return [
      ...(vague ? [`${path} has a name that says nothing`] : []),
      ...(cased ? [] : [`${path} is not kebab-case`]),
    ];
  });

const LINES_MAX = 400;

/** Files that may be longer, each with its reason. */
const LONG_WITH_REASON: Readonly<Record<string, string>> = {};

export const filesStayShort: Rule = (sources) =>
  sources
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ path, lines }) => lines > LINES_MAX && !Object.hasOwn(LONG_WITH_REASON, path))
    .map(({ path, lines }) => `${path} has ${lines} lines`);

/** A workspace's files and a tool's configuration are read by their default export; all else has a name. */
export const exportsHaveNames: Rule = (sources) =>
  sources
    .filter(
      ({ path }) => !path.startsWith('workspace/') && !path.endsWith('.config.ts') && !path.includes('/fixtures/'),
    )
    .flatMap((source) =>
      [...source.code.matchAll(/^export default\b/gm)].map((match) => at(source, match.index, 'exports a default')),
    );

const MACHINE_PATH = /(^|[\s'"`(=])\/(work|root|home\/[a-z]+|Users\/[a-z]+)\//;
const REGISTRY = /registry\.npmjs|registry\.yarnpkg|artifactory|jfrog|\.pkg\.dev\/|npm\.pkg\.github/i;

/** What holds on one machine only has no place here. For any text, not only sources. */
export function boundToOneMachine(path: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) => {
    const where = `${path}:${index + 1}`;
    return [
      ...(MACHINE_PATH.test(line) ? [`${where} has a path of one machine`] : []),
      ...(REGISTRY.test(line) ? [`${where} names a registry`] : []),
    ];
  });
}
