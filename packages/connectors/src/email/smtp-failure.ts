import { Retryable, Terminal, Unknown } from '@holdpoint/sdk/errors';
import { vendorWords } from '../remote/vendor-words.ts';

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** What nodemailer tells of a failure. */
interface SmtpError {
  readonly message?: string;
  /** The server's whole answer, where there was one. */
  readonly response?: string;
  /** Its three digits; absent where the answer was none of SMTP. */
  readonly responseCode?: number;
  /** Where it was; `API`: nodemailer would not begin. */
  readonly command?: string;
}

/**
 * What a failed mail proves. A server answers for a mail from the moment at which it says 2yz to the end of its data; 4yz and
 * 5yz say that it did not take it, for now or for good (RFC 5321 §4.2.1, §4.2.5, §6.1). So before its data was begun nothing
 * happened, whatever broke; after that only such an answer proves it. 503 speaks of the order of commands, not of the mail.
 *
 * @param begun whether any of the mail's data was given away
 */
export function smtpFailure(error: unknown, begun: boolean, login: Login | undefined): Error {
  const { response, responseCode = 0, command, message = 'failed' } = (error ?? {}) as SmtpError;
  const hidden = login ? formsOf(login) : [];
  const at = command && command !== 'CONN' ? ` to ${command}` : '';
  const words =
    response === undefined
      ? `the mail server could not be used: ${vendorWords(message, hidden)}`
      : `the mail server answered${at}: ${vendorWords(response, hidden)}`;
  if (responseCode >= 500 && responseCode < 600 && responseCode !== 503) return new Terminal(words);
  if (responseCode >= 400 && responseCode < 500) return new Retryable(words);
  if (begun) return new Unknown(words);
  // A mail that is larger than the server takes: nodemailer compares before it asks.
  return command === 'MAIL FROM' && response === undefined ? new Terminal(words) : new Retryable(words);
}

/** All or none: one recipient that is refused for good is reason enough, for it would be refused again. */
export function recipientsFailure(refusals: readonly unknown[], login: Login | undefined): Error {
  const failures = refusals.map((refusal) => smtpFailure(refusal, false, login));
  const [worst = new Retryable('a recipient was refused')] = [
    ...failures.filter(({ name }) => name === 'Terminal'),
    ...failures,
  ];
  return worst;
}

/** What of the login could come back in a server's words: AUTH sends it in base64 (RFC 4954 §4, RFC 4616 §2). */
function formsOf({ user, password }: Login): string[] {
  const coded = [`\0${user}\0${password}`, password, user].map((text) => Buffer.from(text).toString('base64'));
  return [...coded, password].sort((a, b) => b.length - a.length);
}
