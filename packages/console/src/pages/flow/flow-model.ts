import type { Flow, FlowStep } from '@holdpoint/shared/domain/flow';

export const WINDOW_WORDS: Readonly<Record<number, string>> = { 60: '1 minute', 300: '5 minutes', 900: '15 minutes' };

/** A stretch of the way, and how much passes over it. */
export interface Edge {
  readonly id: string;
  readonly word: string;
  readonly steps: readonly FlowStep[];
}

/** What passes where, in the order in which it is told. */
export const EDGES = [
  { id: 'events', word: 'webhooks accepted', steps: ['event'] },
  { id: 'plans', word: 'plans decided', steps: ['plan'] },
  { id: 'allow', word: 'lines allowed', steps: ['allow'] },
  { id: 'alert', word: 'lines that alert', steps: ['alert'] },
  { id: 'block', word: 'lines blocked', steps: ['block'] },
  { id: 'granted', word: 'granted by people', steps: ['granted'] },
  { id: 'refused', word: 'denied, expired or withdrawn', steps: ['denied', 'expired', 'cancelled'] },
  { id: 'begun', word: 'attempts begun', steps: ['begun'] },
  { id: 'retried', word: 'attempts to be made again', steps: ['retried'] },
  { id: 'applied', word: 'applied', steps: ['applied'] },
  { id: 'failed', word: 'failed', steps: ['failed'] },
  { id: 'unknown', word: 'outcome unknown', steps: ['indeterminate'] },
  { id: 'duplicate', word: 'duplicates', steps: ['duplicate'] },
] as const satisfies readonly Edge[];
export type EdgeId = (typeof EDGES)[number]['id'];

export interface Passing {
  readonly count: number;
  readonly perSecond: number;
}

/** What passed over each edge in a window, as far as it is known. */
export function passing(window: Flow['windows'][number]): Readonly<Record<EdgeId, Passing>> {
  const { counts, seconds } = window;
  return Object.fromEntries(
    EDGES.map(({ id, steps }) => {
      const count = steps.reduce((sum, step) => sum + (counts[step] ?? 0), 0);
      return [id, { count, perSecond: seconds > 0 ? count / seconds : 0 }];
    }),
  ) as Record<EdgeId, Passing>;
}

/** Read at a glance: `0`, `0.03/s`, `4.2/s`, `1,250/s`; less than one in a minute by the minute. */
export function rateText(perSecond: number): string {
  if (perSecond === 0) return '0';
  if (perSecond < 1 / 60) return '<1/min';
  if (perSecond < 1) return `${Math.round(perSecond * 60)}/min`;
  return perSecond < 10 ? `${perSecond.toFixed(1)}/s` : `${Math.round(perSecond).toLocaleString('en')}/s`;
}

const THINNEST = 1.5;
const THICKEST = 11;

/** Ten times as much is a step wider, so that a trickle is seen beside a flood. */
export function edgeWidth(perSecond: number): number {
  if (perSecond === 0) return THINNEST;
  return Math.min(THICKEST, THINNEST + 2 * Math.log10(1 + perSecond * 60));
}

export function gaugeText({ count, at_least }: { readonly count: number; readonly at_least: boolean }): string {
  return `${count.toLocaleString('en')}${at_least ? '+' : ''}`;
}
