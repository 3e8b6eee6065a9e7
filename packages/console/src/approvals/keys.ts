/** Under which keys approvals are kept: all begin with `approvals`, so that one word makes them stale. */
export const approvalKey = (id: string) => ['approvals', 'one', id] as const;

export const approvalsKey = {
  pending: ['approvals', 'list', 'pending'],
} as const;
