import { definePolicies } from '@holdpoint/sdk/define';

const REVIEWED_ABOVE = 500;
const COMPLIANCE_ABOVE = 1000;
/** Claims of so much are settled without asking; what one charge gives back in a day is bounded all the same. */
const CLAIM_UP_TO = 25;

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
  {
    id: 'small-claims',
    connector: 'stripe',
    tool: 'refunds.create',
    appliesUpTo: CLAIM_UP_TO,
    limit: { total: 2 * CLAIM_UP_TO, per: '24h', by: 'entity' },
    decision: 'ALLOW',
  },
  {
    id: 'large-claims',
    connector: 'stripe',
    tool: 'refunds.create',
    appliesAbove: CLAIM_UP_TO,
    escalation: { audience: 'reviewer', reason: `a claim of more than ${CLAIM_UP_TO}` },
    decision: 'ALERT',
  },
  // What has left the house cannot be held: asked of what is known of the order when it is decided.
  {
    id: 'back-office-holds',
    connector: 'magento',
    tool: 'orders.hold',
    maxValue: REVIEWED_ABOVE,
    predicate: (_action, env) => env.entity?.data.state !== 'complete',
    decision: 'ALLOW',
  },
  { id: 'order-notes', connector: 'shopify', tool: 'orders.note', decision: 'ALLOW' },
  { id: 'contact-notes', connector: 'hubspot', tool: 'notes.create', decision: 'ALLOW' },
  { id: 'issue-labels', connector: 'github', tool: 'issues.label', decision: 'ALLOW' },
  { id: 'house-notes', connector: 'http', tool: 'post', predicate: noteOfOrder, decision: 'ALLOW' },
  {
    id: 'team-messages',
    connector: 'slack',
    tool: 'messages.post',
    when: (action) => action.args.allow_broadcast !== true,
    limit: { count: 20, per: '1h', by: 'entity' },
    decision: 'ALLOW',
  },
  {
    id: 'mails',
    connector: 'email',
    tool: 'messages.send',
    escalation: { audience: 'reviewer', reason: 'a customer reads it' },
    decision: 'ALERT',
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

/** The one thing that the house's own API is used for. */
function noteOfOrder(action: { readonly args: Readonly<Record<string, unknown>> }): boolean {
  return /^\/orders\/\d+\/notes$/.test(String(action.args.path));
}
