import { openRandom, weighted } from './random.ts';

/** What the far end does with one call: whether it applies it, how long it takes, and how it ends. */
export interface Behaviour {
  readonly applies: boolean;
  readonly delayMs: number;
  readonly ends:
    | { readonly how: 'answers'; readonly status: number }
    /** Closes the connection without an answer. */
    | { readonly how: 'resets' }
    /** Never answers: the caller has to give up. */
    | { readonly how: 'hangs' };
}

const WEIGHTS = {
  fine: 74,
  slow: 10,
  busy: 6,
  refused: 4,
  failedBefore: 1.5,
  failedAfter: 1.5,
  resetBefore: 1,
  resetAfter: 1,
  hangs: 1,
} as const;

const FAST_MAX_MS = 15;
/** Below the tools' time limit, above a sweep. */
const SLOW_MAX_MS = 700;

const answers = (status: number) => ({ how: 'answers', status }) as const;

/** `seeded`: anything; `slow`: all goes well and takes long, so that lanes fill up; `calm`: all goes well. */
export type Mood = 'seeded' | 'slow' | 'calm';

const UNANSWERED = 0.2;

/** Whether a question after a key is answered, or with 503. What it is answered is the truth. */
export function answersQuestion(seed: number, question: number, mood: Mood): boolean {
  return mood !== 'seeded' || !openRandom(seed).fork(`question ${question}`).chance(UNANSWERED);
}

/** Decided by the seed, the number of the call and the mood, and nothing else. */
export function behaviourOf(seed: number, call: number, mood: Mood): Behaviour {
  const random = openRandom(seed).fork(`call ${call}`);
  const delayMs = random.between(0, FAST_MAX_MS);
  const how = mood === 'seeded' ? weighted(random, WEIGHTS) : mood === 'slow' ? 'slow' : 'fine';
  switch (how) {
    case 'fine':
      return { applies: true, delayMs, ends: answers(200) };
    case 'slow':
      return { applies: true, delayMs: random.between(50, SLOW_MAX_MS), ends: answers(200) };
    case 'busy':
      return { applies: false, delayMs, ends: answers(429) };
    case 'refused':
      return { applies: false, delayMs, ends: answers(422) };
    case 'failedBefore':
      return { applies: false, delayMs, ends: answers(503) };
    case 'failedAfter':
      return { applies: true, delayMs, ends: answers(500) };
    case 'resetBefore':
      return { applies: false, delayMs, ends: { how: 'resets' } };
    case 'resetAfter':
      return { applies: true, delayMs, ends: { how: 'resets' } };
    case 'hangs':
      return { applies: true, delayMs, ends: { how: 'hangs' } };
    default:
      return how satisfies never;
  }
}
