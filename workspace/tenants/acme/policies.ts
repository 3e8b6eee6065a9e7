import { definePolicies } from '@holdpoint/sdk/define';

const REVIEWED_ABOVE = 500;
const COMPLIANCE_ABOVE = 1000;

/** What is not written here is not permitted: `orders.cancel` is left out on purpose. */
export default definePolicies([
  // Up to the cap unattended, above it with a person. Two selectors, since a cap (`maxValue`) would refuse what is above.
  { id: 'holds', connector: 'shop', tool: 'orders.hold', appliesUpTo: REVIEWED_ABOVE, decision: 'ALLOW' },
  {
    id: 'large-holds',
    connector: 'shop',
    tool: 'orders.hold',
    appliesAbove: REVIEWED_ABOVE,
    escalation: { audience: 'reviewer', reason: `a hold on more than ${REVIEWED_ABOVE}` },
    decision: 'ALERT',
  },
  { id: 'notes', connector: 'shop', tool: 'orders.note', decision: 'ALLOW' },
  {
    id: 'refunds',
    connector: 'shop',
    tool: 'orders.refund',
    escalation: { audience: 'reviewer', reason: 'money leaves' },
    decision: 'ALERT',
  },
  // Both ask where both match: a large refund needs a reviewer and someone of compliance.
  {
    id: 'large-refunds',
    connector: 'shop',
    tool: 'orders.refund',
    appliesAbove: COMPLIANCE_ABOVE,
    escalation: { audience: 'compliance-team', reason: `a refund of more than ${COMPLIANCE_ABOVE}` },
    decision: 'ALERT',
  },
  // Goods leave only for an event whose sender signed all of it: a captured body under another type is not enough.
  {
    id: 'shipping',
    connector: 'shop',
    tool: 'orders.ship',
    predicate: (_action, env) => env.signed === 'id-time-body' && env.typeSigned,
    decision: 'ALLOW',
  },
  { id: 'labels', connector: 'desk', tool: 'issues.label', decision: 'ALLOW' },
  {
    id: 'comments',
    connector: 'desk',
    tool: 'issues.comment',
    escalation: { audience: 'project-admin', mode: 'alongside', reason: 'the public reads it' },
    decision: 'ALERT',
  },
]);
