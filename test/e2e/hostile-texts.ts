import { createHash } from 'node:crypto';
import type { StreamName } from '@holdpoint/shared/messages/streams';

/** Texts that mean something to whoever puts them together with a statement, a subject, a path or a line. */
export const HOSTILE_TEXTS: readonly string[] = [
  "'",
  "' OR '1'='1",
  "'; DROP TABLE actions; --",
  "x'||pg_sleep(9)||'",
  '"; SELECT 1; --',
  '\\',
  "\\'; --",
  '$1',
  '$$;SELECT(1);$$',
  '%',
  '_%',
  '*',
  '>',
  'acme.>',
  'a.b',
  '..',
  '../../v1/actions',
  '$JS.API.STREAM.PURGE.EVENTS',
  'a b',
  ' ',
  'a\u0000b',
  'a\r\nx-injected: 1',
  '${7*7}{{7*7}}',
  '__proto__',
  'constructor',
  '\u202Eevil',
  'ｱ’⁄＇',
  '{"$gt":""}',
  'NaN',
  '-1e999',
  'x'.repeat(10_240),
];

/** What a subject of each stream looks like, and whose it may be: some hostile texts are good names of operators. */
export const SUBJECTS: readonly { readonly stream: StreamName; readonly pattern: RegExp }[] = [
  { stream: 'EVENTS', pattern: /^events\.acme\.github\.[A-Za-z0-9_=-]{1,80}\.[A-Za-z0-9_-]+$/ },
  { stream: 'PLANS', pattern: /^plans\.acme\.(risk|constructor)$/ },
  { stream: 'DECISIONS', pattern: /^decisions\.acme\.(allow|alert|block)\.(risk|constructor)$/ },
  { stream: 'APPROVALS', pattern: /^approvals\.acme\.[a-z]+\.(risk|constructor)$/ },
  { stream: 'OUTCOMES', pattern: /^outcomes\.acme\.[a-z]+\.(risk|constructor)$/ },
];

/** As those of `GET /v1/entities/crm/contacts` are made, but for where they point: anyone can write one. */
export function hostileCursors(): string[] {
  const question = createHash('sha256')
    .update(JSON.stringify(['acme', 'crm', 'contacts', [], []]))
    .digest('base64url')
    .slice(0, 22);
  const write = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return [
    ...['a\u0000b', '\ud800'].map((id) => write([question, [], id])),
    write([question, ['AAAA'], 'c1']),
    write(["' OR 1=1", [], 'c1']),
    write(null),
    'e30',
    '%00',
    'x'.repeat(5_000),
  ];
}
