import type { ScoredLine } from '@holdpoint/policy/score/scored-line';
import type { Requirement } from '@holdpoint/shared/domain/decision';
import { missingRequirements } from '@holdpoint/shared/domain/quorum';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coverHeld, type Placed } from './claims.ts';
import { createGrantLedger, type Holding, type OpenGrant } from './cover.ts';
import type { Proposal } from './proposal.ts';

const AUDIENCES = ['a', 'b'];
const PEOPLE = ['iss|ann', 'iss|bob', 'iss|cho'];
const RUNS = { numRuns: 2000 };

const ask: fc.Arbitrary<Requirement[]> = fc
  .uniqueArray(fc.record({ audience: fc.constantFrom(...AUDIENCES), quorum: fc.integer({ min: 1, max: 2 }) }), {
    selector: ({ audience }) => audience,
    minLength: 1,
  })
  .map((some) => some.sort((one, other) => (one.audience < other.audience ? -1 : 1)));
const grants: fc.Arbitrary<OpenGrant[]> = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom('1', '2', '3', '4', '5'),
    tenant: fc.constantFrom('acme', 'other'),
    operator: fc.constantFrom('risk', 'risk', 'bot'),
    connector: fc.constant('shop'),
    tool: fc.constantFrom('x', 'x', 'y'),
    args: fc.constantFrom([], [{ path: 'n', max: 3 }]),
    max_value: fc.constantFrom(null, 5),
    until: fc.constantFrom('2027-01', '2027-02'),
    principal: fc.constantFrom(...PEOPLE),
    name: fc.constant('somebody'),
    audiences: fc.subarray(AUDIENCES),
    reason: fc.constant('because'),
    uses: fc.constant(9),
    usesLeft: fc.integer({ min: 0, max: 2 }),
  }),
  { selector: ({ id }) => id },
);
const people = fc.record({
  requester: fc.constantFrom('operator|risk', 'iss|ann'),
  onBehalfOf: fc.constantFrom(null, 'iss|bob', 'bob'),
});

function lineOf(requirements: Requirement[], selfApproval: boolean, n: number): ScoredLine {
  const escalation = {
    mode: 'hold',
    requirements,
    ttl_seconds: 60,
    self_approval: selfApproval,
    reasons: [],
    denials: 1,
  };
  const verdict = { decision: 'ALERT', reasons: [], matched: [], policy_version: 'v', escalation, at: '2026-01-01' };
  const args = { n };
  return {
    connector: 'shop',
    tool: 'x',
    risk: 'write',
    args,
    shownArgs: args,
    value: n,
    verdict,
  } as unknown as ScoredLine;
}

const isOwn = (principal: string, { requester, onBehalfOf }: Pick<Holding, 'requester' | 'onBehalfOf'>): boolean =>
  [requester, onBehalfOf].some((who) => who === principal || `iss|${who}` === principal);

test('whatever is granted, it meets only what the votes of its granters would have met, asked now', () => {
  const questions = fc.record({ requirements: ask, self: fc.boolean(), n: fc.integer({ min: 0, max: 7 }), people });
  const agreed = fc.subarray(PEOPLE, { maxLength: 1 });
  fc.assert(
    fc.property(grants, fc.array(questions, { maxLength: 4 }), agreed, (open, asked, before) => {
      const ledger = createGrantLedger(open);
      const spent = new Map<string, number>();
      for (const { requirements, self, n, people: proposer } of asked) {
        const holding: Holding = {
          ...proposer,
          tenant: 'acme',
          operator: 'risk',
          line: lineOf(requirements, self, n),
          ask: requirements,
          agreed: before.map((principal) => ({ principal, audiences: AUDIENCES })),
        };
        const cover = ledger.cover(holding);
        if (!cover) continue;
        const voters = cover.filter(
          ({ principal }) => (self || !isOwn(principal, proposer)) && !before.includes(principal),
        );
        expect(missingRequirements(requirements, voters)).toEqual([]);
        for (const grant of cover) {
          expect([grant.tenant, grant.operator, grant.tool]).toEqual(['acme', 'risk', 'x']);
          expect(n <= (grant.max_value ?? n) && (grant.args.length === 0 || n <= 3)).toBe(true);
          spent.set(grant.id, (spent.get(grant.id) ?? 0) + 1);
        }
      }
      for (const { id, usesLeft } of open) expect(spent.get(id) ?? 0).toBeLessThanOrEqual(usesLeft);
    }),
    RUNS,
  );
});

test('a line that is not to be held is left as it is: blocked, a duplicate, or on its way', () => {
  const proposal = { tenant: 'acme', operator: 'risk', plan: {}, requester: 'operator|risk' } as unknown as Proposal;
  const anything: OpenGrant = {
    id: '1',
    tenant: 'acme',
    operator: 'risk',
    connector: 'shop',
    tool: 'x',
    args: [],
    max_value: null,
    until: '2027',
    principal: 'iss|ann',
    name: 'Ann',
    audiences: AUDIENCES,
    reason: 'because',
    uses: 9,
    usesLeft: 9,
  };
  const line = lineOf([{ audience: 'a', quorum: 1 }], false, 1);
  const { escalation: _nobody, ...verdict } = line.verdict;
  const blocked = { ...line, verdict: { ...verdict, decision: 'BLOCK' as const } };
  const others: Placed[] = [
    { state: 'blocked', line: blocked },
    { state: 'blocked', line },
    { state: 'duplicate', line, duplicateOf: 'a' as never, originalState: 'held' },
    { state: 'queued', line, lane: true },
  ];
  for (const placed of others) expect(coverHeld({ proposal }, placed, createGrantLedger([anything]))).toBe(placed);
  const held = coverHeld({ proposal }, { state: 'held', line }, createGrantLedger([anything]));
  expect(held).toMatchObject({ state: 'queued', lane: true, cover: [{ id: '1', usesLeft: 8 }] });
});
