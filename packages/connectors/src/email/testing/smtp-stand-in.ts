import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Fault } from '@holdpoint/conformance/spec';
import { SmtpSession, type SmtpSessionOptions, type TakenMail } from './smtp-session.ts';

export interface SmtpStandIn {
  readonly port: number;
  readonly taken: readonly TakenMail[];
  /** Every line but the data, as it was heard. */
  readonly lines: readonly string[];
  /** Mails heard to their end, taken or not. */
  heard(): number;
  fault(fault: Fault): void;
  close(): Promise<void>;
}

/** A mail server that does to the end of one mail's data what it is told to. */
export async function startSmtpStandIn(options: SmtpSessionOptions): Promise<SmtpStandIn> {
  const taken: TakenMail[] = [];
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  let pending: Fault | undefined;
  let heard = 0;

  const listener = {
    onLine: (line: string) => void lines.push(line),
    onMail(session: SmtpSession, mail: TakenMail) {
      heard += 1;
      const fault = pending;
      pending = undefined;
      if (!fault || !NOT_TAKEN.has(fault)) taken.push(mail);
      answer(session, fault, [...lines, mail.raw]);
    },
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    new SmtpSession(socket, options, listener);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    taken,
    lines,
    heard: () => heard,
    fault(fault) {
      pending = fault;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const NOT_TAKEN: ReadonlySet<Fault> = new Set([
  'rate_limited',
  'error_before',
  'silence_before',
  'reset_before',
  'echo',
]);
const TAKEN = '250 2.0.0 Ok: queued as 4Xk1';

function answer(session: SmtpSession, fault: Fault | undefined, said: readonly string[]): void {
  switch (fault) {
    case undefined:
    case 'exhausted':
      session.say(TAKEN);
      break;
    case 'rate_limited':
      session.say('450 4.7.1 Too many messages, try again later');
      break;
    case 'error_before':
    case 'error_after':
      session.say('451 4.3.0 Internal error');
      break;
    case 'silence_before':
    case 'silence_after':
      break;
    case 'reset_before':
    case 'reset_after':
      session.reset();
      break;
    case 'cut_short':
      session.breakOff(TAKEN.slice(0, 12));
      break;
    case 'garbled':
      session.say('<html>maintenance</html>');
      break;
    case 'echo':
      session.say(`554-5.7.1 ${said.join('\r\n').replaceAll('\r\n', '\r\n554-')}\r\n554 5.7.1 Refused`);
      break;
    default:
      fault satisfies never;
  }
}
