import type { DecisionRecord, RecordedApproval } from '@holdpoint/shared/domain/decision-record';
import { operatorEnvelope } from '@holdpoint/shared/domain/event';
import type { ToolCatalog } from '@holdpoint/shared/domain/tool';
import { compilePolicies } from '../compile/compile.ts';
import type { TenantRules } from '../compile/tenant-rules.ts';
import { compileHooks } from '../decide/before-hooks.ts';
import { scoreQuestion } from '../score/score-question.ts';

export const AT = Date.parse('2026-06-01T00:00:00.000Z');

const TOOLS: ToolCatalog = { shop: { refund: { risk: 'write' }, hold: { risk: 'write' }, look: { risk: 'read' } } };

export function rulesOf(policies: readonly unknown[], over: Partial<TenantRules> = {}, version = 'v1'): TenantRules {
  const tools = over.tools ?? TOOLS;
  return {
    policies: compilePolicies(policies, { version }),
    grants: undefined,
    tools,
    hooks: compileHooks([], tools),
    defaults: { audience: 'reviewer', quorum: 1, ttlSeconds: 60, mode: 'hold', selfApproval: false },
    ...over,
  };
}

let recordCount = 0;

/** A line as those rules decide it, recorded. */
export function recordOf(rules: TenantRules, line: object, over: Partial<DecisionRecord> = {}): DecisionRecord {
  recordCount += 1;
  const n = recordCount;
  const proposed = {
    connector: 'shop',
    tool: 'refund',
    args: {},
    entity_key: `e${n}`,
    idempotency_key: `k${n}`,
    ...line,
  };
  const now = new Date(AT + n * 1000).toISOString();
  const env = operatorEnvelope('bot');
  const watch = { line: () => undefined, stuckLines: new Set<number>(), userCode: { begins() {}, ends() {} } };
  const answer = scoreQuestion({ tenant: 't', operator: 'bot', env, lines: [proposed], salt: '', now }, rules, watch);
  const scored = answer.ok ? answer.lines[0] : undefined;
  if (!scored) throw new Error('not scored');
  const { decision, reasons, matched, policy_version, escalation, at } = scored.verdict;
  return {
    action_id: `a${n}`,
    plan_id: `p${n}`,
    index: 0,
    operator: 'bot',
    proposed_at: now,
    connector: scored.connector,
    tool: scored.tool,
    risk: scored.risk,
    value: scored.value,
    entity_key: scored.entityKey,
    env: { ...env },
    line: proposed,
    whole: true,
    masked: [],
    verdict: {
      decision,
      reasons: [...reasons],
      matched: [...matched],
      policy_version,
      at,
      ...(escalation && { escalation }),
    },
    state: decision === 'BLOCK' ? 'blocked' : decision === 'ALLOW' ? 'applied' : 'held',
    approvals: [],
    ...over,
  };
}

/** A question that a person answered after so long. */
export function answeredBy(
  principal: string,
  vote: 'approve' | 'deny',
  tookMs = 60_000,
  askedMs = AT + 1_000_000 * (1 + recordCount),
): RecordedApproval {
  const [asked, at] = [new Date(askedMs).toISOString(), new Date(askedMs + tookMs).toISOString()];
  return {
    id: `q${principal}${askedMs}`,
    status: vote === 'approve' ? 'granted' : 'denied',
    mode: 'hold',
    requirements: [{ audience: 'reviewer', quorum: 1 }],
    created_at: asked,
    decided_at: at,
    votes: [{ principal, vote, commented: vote === 'deny', at }],
  };
}
