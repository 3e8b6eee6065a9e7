import type { StandInResponse } from '@holdpoint/conformance/http-stand-in';

/** A refusal in Stripe's form. https://docs.stripe.com/api/errors */
export class StripeRefusal extends Error {
  readonly response: StandInResponse;

  constructor(
    status: number,
    code: string,
    message: string,
    more: { type?: string; headers?: Record<string, string> } = {},
  ) {
    super(message);
    const { type = 'invalid_request_error', headers = {} } = more;
    this.response = {
      status,
      headers: { 'request-id': 'req_1', ...headers },
      body: { error: { type, code, message, doc_url: `https://docs.stripe.com/error-codes/${code}` } },
    };
  }
}
