import { readFileSync } from 'node:fs';
import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import type { Risk } from '@holdpoint/shared/domain/policy';
import type { ToolCatalog } from '@holdpoint/shared/domain/tool';
import { describe, expect, test } from 'vitest';
import { compilePolicies } from './compile.ts';
import { evaluate } from './evaluate.ts';

interface Vector {
  readonly name: string;
  readonly policies: readonly unknown[];
  readonly action: unknown;
  readonly env: Pick<EventEnvelope, 'id' | 'source' | 'type' | 'data'>;
  readonly now?: string;
  readonly expect: { readonly decision: string; readonly codes: readonly string[]; readonly escalation?: object };
}

const file = new URL('../../../test/vectors/decisions.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as {
  tools: Record<string, Record<string, Risk>>;
  cases: readonly Vector[];
};

const tools: ToolCatalog = Object.fromEntries(
  Object.entries(vectors.tools).map(([connector, risks]) => [
    connector,
    Object.fromEntries(Object.entries(risks).map(([tool, risk]) => [tool, { risk }])),
  ]),
);

describe('the golden decisions', () => {
  test('there are some', () => expect(vectors.cases.length).toBeGreaterThan(30));

  test.each(vectors.cases.map((vector) => [vector.name, vector] as const))('%s', (_, vector) => {
    const { verdict } = evaluate({
      line: vector.action,
      operator: 'order-risk',
      env: { signed: 'none', typeSigned: false, ...vector.env },
      policies: compilePolicies(vector.policies, { version: 'v1' }),
      tools,
      grants: undefined,
      now: new Date(vector.now ?? '2026-06-01T00:00:00Z'),
    });
    expect(verdict.decision).toBe(vector.expect.decision);
    expect([...new Set(verdict.reasons.map(({ code }) => code))]).toEqual(vector.expect.codes);
    if (vector.expect.escalation) expect(verdict.escalation).toMatchObject(vector.expect.escalation);
    else expect(verdict.escalation === undefined).toBe(verdict.decision !== 'ALERT');
  });
});
