import { idempotencyKey } from '@holdpoint/sdk/idempotency';
import { defineOperator, type OperatorEvent, type Proposal } from '@holdpoint/sdk/operator';

/** What the house's claims desk tells of a claim, with what it is about in each system. */
interface ClaimOpened {
  readonly data?: {
    readonly claim_id: string;
    readonly reason: string;
    readonly customer: { readonly email: string; readonly hubspot_contact: string };
    readonly refund: { readonly charge: string; readonly amount: number; readonly currency: string };
    readonly orders: { readonly shop: string; readonly shopify: string; readonly magento: string };
    readonly magento_total: number;
    readonly channel: string;
    readonly issue: { readonly owner: string; readonly repo: string; readonly number: number };
  };
}

/** Settles a customer's claim in every system that it touches. What each of them does with it is for the policies to say. */
export default defineOperator<ClaimOpened | null>({
  name: 'claims',
  events: [{ source: 'events', type: 'claim.opened' }],
  plan: (event) => {
    const claim = event.data?.data;
    if (!claim) return null;
    const { claim_id, reason, customer, refund, orders } = claim;
    const why = `Claim ${claim_id}: ${reason}.`;
    const propose = lineOf(event, claim_id);
    return {
      agent: { id: 'claims-example' },
      actions: [
        propose('stripe', 'refunds.create', { ...refund, reason: 'requested_by_customer' }),
        propose('shopify', 'orders.note', { order_id: orders.shopify, text: why }),
        propose('magento', 'orders.hold', { order_id: orders.magento }, claim.magento_total),
        propose('hubspot', 'notes.create', { about: 'contacts', id: customer.hubspot_contact, text: why }),
        propose('github', 'issues.label', { ...claim.issue, labels: ['packaging'] }),
        propose('slack', 'messages.post', { channel: claim.channel, text: why }),
        propose('http', 'post', { path: `/orders/${orders.shop}/notes`, body: { text: why } }),
        propose('email', 'messages.send', {
          to: [customer.email],
          subject: `Your claim ${claim_id}`,
          text: 'We are sorry. The money is on its way back to you.\n',
        }),
      ],
    };
  },
});

/** The entity of each line is for its tool to say. */
function lineOf(event: OperatorEvent, claim: string) {
  return (connector: string, tool: string, args: object, value?: number): Proposal['actions'][number] => ({
    connector,
    tool,
    args: { ...args },
    ...(value !== undefined && { value }),
    idempotency_key: idempotencyKey(event, `${connector}:${tool}`, claim),
  });
}
