import type { Risk, TrustDecision, TrustPolicy } from '@holdpoint/shared/domain/policy';
import type { ToolCatalog } from '@holdpoint/shared/domain/tool';
import { wildcardMatches } from './glob.ts';

/** Per connector: what is open, supervised or closed, with exceptions by tool. */
export interface PermissionSet {
  readonly mode: 'open' | 'cautious' | 'strict' | 'readonly';
  readonly overrides?: Readonly<Record<string, 'allow' | 'approve' | 'deny'>> | undefined;
}

export interface ApprovalRuleTerms {
  readonly pattern: string;
  readonly audience: string;
  readonly reason?: string | undefined;
  readonly ttlSeconds?: number | undefined;
}

const MODES = {
  open: { read: 'ALLOW', write: 'ALLOW', destructive: 'ALLOW' },
  cautious: { read: 'ALLOW', write: 'ALERT', destructive: 'ALERT' },
  strict: { read: 'ALLOW', write: 'ALERT', destructive: 'BLOCK' },
  readonly: { read: 'ALLOW', write: 'BLOCK', destructive: 'BLOCK' },
} as const satisfies Record<PermissionSet['mode'], Record<Risk, TrustDecision>>;

const OVERRIDES = { allow: 'ALLOW', approve: 'ALERT', deny: 'BLOCK' } as const;

/** Whether a policy is none of `policies.ts`: what is said of it is to be changed where it comes from. */
export function isFromSugar(policyId: string): boolean {
  return /^(permissions|approvalRules)\./.test(policyId);
}

/** A policy for each side-effecting tool of the connectors that have a mode; an override replaces what the mode says. */
export function permissionPolicies(
  permissions: Readonly<Record<string, PermissionSet>>,
  tools: ToolCatalog,
): TrustPolicy[] {
  return Object.entries(permissions).flatMap(([connector, { mode, overrides = {} }]) =>
    Object.entries(tools[connector] ?? {})
      .filter(([, definition]) => definition.risk !== 'read')
      .map(([tool, definition]): TrustPolicy => {
        const override = Object.hasOwn(overrides, tool) ? overrides[tool] : undefined;
        const decision = override ? OVERRIDES[override] : MODES[mode][definition.risk];
        return { id: `permissions.${connector}.${tool}`, connector, tool, decision };
      }),
  );
}

/**
 * An ALERT for each rule, by glob over the names of tools; and one for each tool that runs a command line, by the pattern over
 * that line, in which `*` is any run of characters.
 */
export function approvalRulePolicies(rules: readonly ApprovalRuleTerms[], tools: ToolCatalog): TrustPolicy[] {
  const commands = commandTools(tools);
  return rules.flatMap(({ pattern, audience, reason, ttlSeconds }, index): TrustPolicy[] => {
    const id = `approvalRules.${index}`;
    const escalation = {
      audience,
      ...(reason !== undefined && { reason }),
      ...(ttlSeconds !== undefined && { ttlSeconds }),
    };
    return [
      { id, tools: pattern, escalation, decision: 'ALERT' },
      ...commands.map(({ connector, tool, command }): TrustPolicy => {
        const when = ({ args }: { readonly args?: unknown }) => wildcardMatches(pattern, commandLine(command, args));
        // What it closes over is all that tells it from another rule's: people and comparisons read its text.
        when.toString = () => `the command of ${connector} ${tool} is like ${JSON.stringify(pattern)}`;
        return { id: `${id}.${connector}.${tool}`, connector, tool, when, escalation, decision: 'ALERT' };
      }),
    ];
  });
}

function commandTools(tools: ToolCatalog) {
  return Object.entries(tools).flatMap(([connector, own]) =>
    Object.entries(own).flatMap(([tool, { risk, command }]) =>
      command && risk !== 'read' ? [{ connector, tool, command }] : [],
    ),
  );
}

function commandLine(command: NonNullable<ToolCatalog[string][string]['command']>, args: unknown): string {
  const line: unknown = command(args as never);
  if (typeof line !== 'string') throw new TypeError('command(args) answered no text');
  return line;
}
