import type { FarEndLine } from './far-end-protocol.ts';
import type { ObservedCall } from './history.ts';

/** The calls in a far end's log. */
export function readFarEndLog(text: string): ObservedCall[] {
  const calls = new Map<number, ObservedCall>();
  for (const raw of text.split('\n')) {
    if (raw === '') continue;
    const line = JSON.parse(raw) as FarEndLine;
    if (line.line === 'start') {
      const { line: _, at, ...call } = line;
      calls.set(line.seq, { ...call, startedAt: at, endedAt: undefined, applied: false });
      continue;
    }
    const call = calls.get(line.seq);
    if (call === undefined) throw new Error(`the far end's log ends call ${line.seq}, which never began`);
    // A call ends once: an answer that has left is followed by the close of its response.
    const change = line.line === 'applied' ? { applied: true } : { endedAt: call.endedAt ?? line.at };
    calls.set(line.seq, { ...call, ...change });
  }
  return [...calls.values()];
}
