import fc from 'fast-check';

/** What parsers of outside bytes fall over: names of prototypes, text that no store takes, numbers that are none, depth. */
export const NASTY: readonly unknown[] = [
  ...[
    '__proto__',
    'constructor',
    'toString',
    '\0',
    'a\0b',
    '\ud800',
    '\udc00x',
    '\u202e',
    '',
    ' ',
    '*',
    '>',
    '.',
    "';--",
  ],
  ...[-0, -1, 0.1, 1e308, Number.MIN_VALUE, 2 ** 53, -(2 ** 53), Number.POSITIVE_INFINITY, Number.NaN],
  ...[null, true, false, [], {}, [[]], 'x'.repeat(5_000), 'NaN', '1e999', '0x10', '-0', '\ufeff1', '9'.repeat(400)],
  JSON.parse('{"__proto__":{"polluted":true}}'),
  JSON.parse('{"constructor":{"prototype":{"polluted":true}}}'),
  JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`),
];

const nasty = fc.oneof(fc.constantFrom(...NASTY), fc.jsonValue({ maxDepth: 3 }), fc.string({ unit: 'binary' }));

/** A good value with something of it changed, left out or added, at any depth: most of it gets past the first look. */
export function mutated(good: unknown): fc.Arbitrary<unknown> {
  const change = fc.record({
    at: fc.nat(),
    how: fc.constantFrom('put', 'put', 'drop', 'add'),
    what: nasty,
    name: nasty,
  });
  return fc.oneof(
    { weight: 8, arbitrary: fc.array(change, { minLength: 1, maxLength: 3 }).map((all) => all.reduce(changed, good)) },
    nasty,
  );
}

/** A good text with some of its characters changed. */
export function mutatedText(good: string): fc.Arbitrary<string> {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 4 }),
    fc.constantFrom(...NASTY.filter((one) => typeof one === 'string'), good, ...good.split(/\b/)),
  );
  const cut = fc.record({ at: fc.nat(good.length), length: fc.nat(4), put: piece });
  return fc.oneof(
    { weight: 8, arbitrary: fc.array(cut, { minLength: 1, maxLength: 3 }).map((cuts) => cuts.reduce(spliced, good)) },
    piece,
  );
}

const spliced = (text: string, { at, length, put }: { at: number; length: number; put: string }): string =>
  text.slice(0, at) + put + text.slice(at + length);

function changed(value: unknown, change: { at: number; how: string; what: unknown; name: unknown }): unknown {
  const { at, how, what, name } = change;
  if (typeof value !== 'object' || value === null) return what;
  const entries = Object.entries(value);
  const index = at % (entries.length + 1);
  const found = entries[index];
  const later = { ...change, at: Math.floor(at / (entries.length + 1)) };
  const deeper = typeof found?.[1] === 'object' && found[1] !== null && at % 3 !== 0;
  if (found === undefined || how === 'add')
    entries.push([typeof name === 'string' ? name : (JSON.stringify(name) ?? ''), what]);
  else if (how === 'drop') entries.splice(index, 1);
  else entries[index] = [found[0], deeper ? changed(found[1], later) : what];
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}

/** Whether text holds what Postgres refuses. */
export const isStorable = (value: unknown): boolean =>
  !/\\u0000|\\ud[89a-f][0-9a-f]{2}/.test(JSON.stringify(value) ?? '');
