import { mutatedText } from '@holdpoint/shared/testing/hostile';
import { WorkspaceError } from '@holdpoint/shared/workspace/workspace-error';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCaseFile } from './parse-case-file.ts';

const FILE = `env: &env { source: shopify, type: order }
cases:
  - name: small refunds run
    operator: risk
    env: *env
    action: { connector: shop, tool: orders.refund, args: { amount: 5 }, entity_key: order:1, idempotency_key: k }
    expect: { decision: ALLOW }
`;

test('any file of cases is read, or refused by what names it', () => {
  fc.assert(
    fc.property(mutatedText(FILE), (text) => {
      try {
        for (const one of parseCaseFile('a.cases.yaml', text)) expect(one.name).toBeTypeOf('string');
      } catch (error) {
        expect(error, text).toBeInstanceOf(WorkspaceError);
        expect((error as WorkspaceError).message).toContain('a.cases.yaml');
      }
    }),
    { numRuns: 300 },
  );
  expect({}).not.toHaveProperty('polluted');
});

test('a small file is none that is endless, nor one that nests beyond any stack', () => {
  const laughs = Array.from({ length: 12 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`).join()}]`);
  for (const text of [
    `a0: &a0 x\n${laughs.join('\n')}\ncases: *a12\n`,
    `cases: ${'['.repeat(20_000)}`,
    `${'- '.repeat(20_000)}x`,
  ]) {
    expect(() => parseCaseFile('a.cases.yaml', text)).toThrow(WorkspaceError);
  }
});
