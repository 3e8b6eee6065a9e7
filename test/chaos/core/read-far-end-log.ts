import type { FarEndLine } from './far-end-protocol.ts';
import type { ObservedCall, ObservedQuestion } from './history.ts';

export interface FarEndSeen {
  readonly calls: ObservedCall[];
  readonly questions: ObservedQuestion[];
}

/** The calls and questions in a far end's log. */
export function readFarEndLog(text: string): FarEndSeen {
  const calls = new Map<number, ObservedCall>();
  const questions: ObservedQuestion[] = [];
  for (const raw of text.split('\n')) {
    if (raw === '') continue;
    const line = JSON.parse(raw) as FarEndLine;
    if (line.line === 'question') {
      const { line: _, ...question } = line;
      questions.push(question);
      continue;
    }
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
  return { calls: [...calls.values()], questions };
}
