import { isDeepStrictEqual } from 'node:util';
import { callSecrets } from '@holdpoint/calls/core/call-secrets';
import { storedResult } from '@holdpoint/calls/core/stored-json';
import { type Finding, failed, passed, type Subject } from '../subject.ts';
import { inTrial } from '../trial.ts';

/** What a call answers where all is well; the other checks compare with it. */
export interface Plain {
  readonly result: unknown;
  /** Requests that it took. */
  readonly requests: number;
}

/** Undefined: it does not answer, and there is nothing to compare with. */
export async function checkAnswers(
  subject: Subject,
): Promise<{ readonly findings: Finding[]; readonly plain?: Plain }> {
  return inTrial(subject, 'a plain call', async (trial) => {
    const end = await trial.call(trial.action());
    if (end.kind !== 'answered') return { findings: [failed(`it ended ${end.kind}: ${end.message}`)] };
    const writes = subject.tool.risk !== 'read';
    const applied = trial.applied();
    const faults = [
      ...trial.lies,
      ...(writes && applied > 1 ? [`one call was applied ${applied} times`] : []),
      ...resultFault(end.result),
    ];
    const findings = faults.length > 0 ? faults.map((fault) => failed(fault)) : [passed({ outcome: 'applied' })];
    return { findings, plain: { result: end.result, requests: trial.standIn.heard() } };
  });
}

export function resultFault(result: unknown): string[] {
  if (result === undefined) return [];
  const odd = oddIn(result, 'the result');
  if (odd) return [`${odd}, and a result is stored as JSON`];
  const stored = storedResult(result, callSecrets({}, [], []));
  if (isDeepStrictEqual(stored, JSON.parse(JSON.stringify(result)))) return [];
  return [`its result cannot be stored as it is: ${JSON.stringify(stored).slice(0, 200)}`];
}

/** What JSON would lose without a word: a class, a function, a number that is none. */
function oddIn(value: unknown, at: string): string | undefined {
  if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean')
    return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${at} is ${value}`;
  if (typeof value !== 'object') return `${at} is a ${typeof value}`;
  if ('toJSON' in value && typeof value.toJSON === 'function') return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    return `${at} is a ${value.constructor?.name ?? 'class'}`;
  }
  for (const [key, inner] of Object.entries(value)) {
    const odd = oddIn(inner, `${at}.${key}`);
    if (odd) return odd;
  }
  return undefined;
}
