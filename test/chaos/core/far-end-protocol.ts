import type { Mood } from './far-end-behaviour.ts';
import type { ObservedQuestion } from './history.ts';

/** Points that the far end sees from where it stands, at the very moment. */
export const SEEN_POINTS = ['call arrives', 'call applied', 'call answered'] as const;
export type SeenPoint = (typeof SEEN_POINTS)[number];

export type ToFarEnd =
  /** How calls go from now on. */
  | { readonly do: 'change'; readonly mood: Mood }
  /** Kills the next process that reaches the point, if it is one of these, so long after. */
  | { readonly do: 'arm'; readonly point: SeenPoint; readonly pids: readonly number[]; readonly afterMs: number }
  | { readonly do: 'disarm' };

export type FromFarEnd =
  | { readonly is: 'ready'; readonly url: string }
  | { readonly is: 'fired'; readonly point: SeenPoint; readonly pid: number };

/** A line of the log: a call's start, and later its end; or a question after a key, with what it was told. */
export type FarEndLine =
  | {
      readonly line: 'start';
      readonly seq: number;
      readonly at: number;
      readonly action: string;
      readonly attempt: number;
      readonly connector: string;
      readonly tool: string;
      readonly entity: string;
      readonly key: string;
      readonly pid: number;
    }
  | {
      readonly line: 'question';
      readonly at: number;
      readonly connector: string;
      readonly key: string;
      readonly answer: ObservedQuestion['answer'];
    }
  | { readonly line: 'applied'; readonly seq: number; readonly at: number }
  | { readonly line: 'end'; readonly seq: number; readonly at: number; readonly how: string };
