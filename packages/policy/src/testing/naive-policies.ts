import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import type { PlannedAction } from '@holdpoint/shared/domain/plan';
import type { TrustPolicy } from '@holdpoint/shared/domain/policy';
import type { ToolCatalog } from '@holdpoint/shared/domain/tool';
import type { TenantPolicies } from '@holdpoint/shared/workspace/tenant-policies';

type Condition = (action: PlannedAction, env: EventEnvelope) => unknown;

/** A policy as written, but that its conditions are always functions: the twins of its CEL texts. */
export type WrittenPolicy = Omit<TrustPolicy, 'id' | 'when' | 'predicate'> & {
  readonly id: string;
  readonly when?: Condition | undefined;
  readonly predicate?: Condition | undefined;
};

/** Who is asked, with nothing left open. */
interface Asks {
  readonly audience: string;
  readonly quorum: number;
  readonly ttlSeconds: number;
  readonly mode: 'hold' | 'alongside';
  readonly selfApproval: boolean;
  readonly denials: number;
  readonly remindEverySeconds?: number | undefined;
  readonly escalateTo?: { readonly audience: string; readonly afterSeconds: number } | undefined;
  readonly refuseUnverified: boolean;
  readonly reason?: string | undefined;
}

export type NaivePolicy = WrittenPolicy & { readonly asks: Asks };

/** All that a tenant says on its decisions. */
export interface Rules extends Pick<TenantPolicies, 'grants' | 'permissions' | 'connectors'> {
  readonly policies: readonly WrittenPolicy[];
  readonly approvalRules: TenantPolicies['escalations']['approvalRules'];
  readonly audiences: TenantPolicies['escalations']['audiences'];
  readonly defaults: Partial<TenantPolicies['escalations']['defaults']>;
}

/** The tenant's policies and what its sugar says, each with what it asks for. */
export function naivePolicies(rules: Rules, tools: ToolCatalog): NaivePolicy[] {
  const all = [...rules.policies, ...fromPermissions(rules, tools), ...fromApprovalRules(rules, tools)];
  return all.map((policy) => ({ ...policy, asks: asksOf(policy.escalation, rules) }));
}

/** The policy's own word, else its audience's, else the tenant's defaults, else the product's. */
function asksOf(own: TrustPolicy['escalation'], { audiences, defaults }: Rules): Asks {
  const audience = own?.audience ?? defaults.audience ?? 'reviewer';
  const terms = Object.keys(audiences).includes(audience) ? audiences[audience] : undefined;
  let escalateTo = defaults.escalateTo;
  if (terms?.escalateTo !== undefined) escalateTo = terms.escalateTo;
  if (own?.escalateTo !== undefined) escalateTo = own.escalateTo;
  if (escalateTo?.audience === audience) escalateTo = undefined;
  return {
    audience,
    quorum: own?.quorum ?? terms?.quorum ?? defaults.quorum ?? 1,
    ttlSeconds: own?.ttlSeconds ?? terms?.ttlSeconds ?? defaults.ttlSeconds ?? 24 * 60 * 60,
    mode: own?.mode ?? terms?.mode ?? defaults.mode ?? 'hold',
    selfApproval: own?.selfApproval ?? terms?.selfApproval ?? defaults.selfApproval ?? false,
    denials: own?.denials ?? terms?.denials ?? defaults.denials ?? 1,
    remindEverySeconds: own?.remindEverySeconds ?? terms?.remindEverySeconds ?? defaults.remindEverySeconds,
    escalateTo,
    refuseUnverified: terms?.refuseUnverified ?? defaults.refuseUnverified ?? false,
    reason: own?.reason,
  };
}

/** `open` all ALLOW; `cautious` both ALERT; `strict` write ALERT, destructive BLOCK; `readonly` both BLOCK. */
function fromPermissions({ permissions, connectors }: Rules, tools: ToolCatalog): WrittenPolicy[] {
  const policies: WrittenPolicy[] = [];
  for (const connector of connectors) {
    const set = permissions[connector];
    if (set === undefined) continue;
    for (const [tool, { risk }] of Object.entries(tools[connector] ?? {})) {
      if (risk === 'read') continue;
      let decision: TrustPolicy['decision'] = 'ALLOW';
      if (set.mode === 'cautious') decision = 'ALERT';
      if (set.mode === 'strict') decision = risk === 'write' ? 'ALERT' : 'BLOCK';
      if (set.mode === 'readonly') decision = 'BLOCK';
      const override = Object.entries(set.overrides ?? {}).find(([name]) => name === tool)?.[1];
      if (override === 'allow') decision = 'ALLOW';
      if (override === 'approve') decision = 'ALERT';
      if (override === 'deny') decision = 'BLOCK';
      policies.push({ id: `permissions.${connector}.${tool}`, connector, tool, decision });
    }
  }
  return policies;
}

/** ALERT by glob; and by command line, for tools that declare one. */
function fromApprovalRules({ approvalRules, connectors }: Rules, tools: ToolCatalog): WrittenPolicy[] {
  const policies: WrittenPolicy[] = [];
  approvalRules.forEach(({ pattern, audience, reason, ttlSeconds }, index) => {
    const escalation = {
      audience,
      ...(reason !== undefined && { reason }),
      ...(ttlSeconds !== undefined && { ttlSeconds }),
    };
    policies.push({ id: `approvalRules.${index}`, tools: pattern, escalation, decision: 'ALERT' });
    for (const connector of connectors) {
      for (const [tool, { risk, command }] of Object.entries(tools[connector] ?? {})) {
        if (risk === 'read' || command === undefined) continue;
        const when: Condition = ({ args }) => {
          const line: unknown = command(args as never);
          if (typeof line !== 'string') throw new Error('no command line');
          return anyRun(pattern).test(line);
        };
        policies.push({
          id: `approvalRules.${index}.${connector}.${tool}`,
          connector,
          tool,
          when,
          escalation,
          decision: 'ALERT',
        });
      }
    }
  });
  return policies;
}

/** `*` is any run of characters. */
function anyRun(pattern: string): RegExp {
  const parts = pattern.split('*').map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[\\s\\S]*')}$`);
}
