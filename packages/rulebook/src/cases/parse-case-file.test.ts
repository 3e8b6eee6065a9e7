import { describe, expect, test } from 'vitest';
import { parseCaseFile } from './parse-case-file.ts';

const FILE = 'tenants/acme/policies.cases.yaml';
const GOOD = `operator: risk
cases:
  - name: a small hold
    action: &hold { connector: shop, tool: hold, args: {}, value: 1, entity_key: e, idempotency_key: k }
    expect: { decision: ALLOW }

  - name: a large one
    action: { <<: *hold, value: 501 }
    env: { source: shopify, type: orders-create, data: { total: 5 } }
    expect: { decision: ALERT, codes: [escalated] }
`;

test('cases are read with the line on which each stands, and defaults for what they do not say', () => {
  const [small, large] = parseCaseFile(FILE, GOOD);
  expect(small).toMatchObject({
    at: `${FILE}:3`,
    name: 'a small hold',
    operator: 'risk',
    env: { source: 'operator:risk', data: null },
  });
  expect(large).toMatchObject({
    at: `${FILE}:7`,
    action: { tool: 'hold', value: 501 },
    env: { source: 'shopify', signed: 'none', typeSigned: false, data: { total: 5 } },
  });
});

describe('a file is refused, with the line', () => {
  test.each<[string, string, RegExp]>([
    [
      'for an unknown key',
      GOOD.replace('a large one\n', 'a large one\n    exepct: {}\n'),
      /cases\.1\.exepct: unknown key \(line 7\)/,
    ],
    [
      'for an unknown key of what is expected',
      GOOD.replace('codes:', 'code:'),
      /cases\.1\.expect\.code: unknown key \(line 10\)/,
    ],
    ['for a decision that there is not', GOOD.replace('ALLOW', 'PERMIT'), /cases\.0\.expect\.decision: .* \(line 5\)/],
    ['for a case without what is expected', 'cases:\n  - name: a\n    action: {}\n', /cases\.0\.expect: .* \(line 2\)/],
    ['for no cases', 'cases: []\n', /cases: .* \(line 1\)/],
    ['for what is not YAML', 'cases: [', /line 1/],
    ['for a key twice', 'cases: []\ncases: []\n', /unique.* line 2/],
    ['for nothing', '', /expected object/],
  ])('%s', (_, text, said) => {
    expect(() => parseCaseFile(FILE, text)).toThrow(said);
    expect(() => parseCaseFile(FILE, text)).toThrow(FILE);
  });

  test('for aliases that would unfold without end', () => {
    const bomb = [
      'a0: &a0 [x]',
      ...Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`)}]`),
    ];
    expect(() => parseCaseFile(FILE, `${bomb.join('\n')}\ncases: []\n`)).toThrow(/alias/);
  });
});
