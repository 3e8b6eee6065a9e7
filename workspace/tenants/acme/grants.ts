import { defineGrants } from '@holdpoint/sdk/define';

/** Which operator may propose what, and on which sources' word. */
export default defineGrants([
  { operator: 'order-risk', tools: ['shop:orders.*'], sources: ['shopify', 'stripe', 'events', 'records'] },
  {
    operator: 'claims',
    tools: [
      'stripe:refunds.create',
      'shopify:orders.note',
      'magento:orders.*',
      'hubspot:notes.create',
      'github:issues.label',
      'slack:messages.post',
      'http:post',
      'email:messages.send',
    ],
    sources: ['events'],
  },
  { operator: 'issue-triage', tools: ['desk:issues.*'], sources: ['github'] },
]);
