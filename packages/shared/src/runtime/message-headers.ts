import type { JsMsg } from '@nats-io/jetstream';
import type { MsgHdrs } from '@nats-io/transport-node';

/**
 * Reads a message's headers in a time that grows with their bytes alone, and never throws. The client compares each name with all
 * before it, so that 64 KiB of them, which whoever may publish may send, held a process for a second; and it throws at an odd one.
 */
export function withQuickHeaders(message: JsMsg): JsMsg {
  const { hdr, bytes } = rawOf(message);
  let read: MsgHdrs | undefined;
  return Object.defineProperty(message, 'headers', {
    get() {
      read ??= hdr > 0 ? asHeaders(readHeaderLines(bytes.subarray(0, hdr))) : undefined;
      return read;
    },
  });
}

/** By name, as it is spelt; of one that comes several times the first. Lines that are no header are passed over. */
export function readHeaderLines(bytes: Uint8Array): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of new TextDecoder().decode(bytes).split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    if (NAME.test(name) && !found.has(name)) found.set(name, line.slice(colon + 1).trim());
  }
  return found;
}

const NAME = /^[\x21-\x39\x3b-\x7e]+$/;

/** Where the client keeps them: it shows no others. */
function rawOf(message: JsMsg): { readonly hdr: number; readonly bytes: Uint8Array } {
  const { msg } = message as unknown as {
    readonly msg: { readonly _msg: { readonly hdr: number }; readonly _rdata: Uint8Array };
  };
  return { hdr: msg._msg.hdr, bytes: msg._rdata };
}

/** What consumers ask of headers. */
function asHeaders(found: ReadonlyMap<string, string>): MsgHdrs {
  const headers: Pick<MsgHdrs, 'get' | 'has' | 'keys'> = {
    get: (name) => found.get(name) ?? '',
    has: (name) => found.has(name),
    keys: () => [...found.keys()],
  };
  return headers as MsgHdrs;
}
