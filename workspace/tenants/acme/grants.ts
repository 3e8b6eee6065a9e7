import { defineGrants } from '@holdpoint/sdk/define';

/** Which operator may propose what, and on which sources' word. */
export default defineGrants([
  { operator: 'order-risk', tools: ['shop:orders.*'], sources: ['shopify', 'stripe', 'events', 'records'] },
  { operator: 'issue-triage', tools: ['desk:issues.*'], sources: ['github'] },
]);
