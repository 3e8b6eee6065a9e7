import { useNow } from '../live/use-now.ts';
import { durationText } from './duration.ts';

const EXACT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** How long ago; the exact time on hover, and where `exact` is asked for. */
export function Time({ at, exact = false }: { readonly at: string; readonly exact?: boolean }) {
  const now = useNow(10_000);
  const atMs = Date.parse(at);
  const said = EXACT.format(atMs);
  return (
    <time dateTime={at} title={said}>
      {exact ? said : agoText(now - atMs)}
    </time>
  );
}

function agoText(ms: number): string {
  if (ms < 45_000) return ms > -45_000 ? 'just now' : `in ${durationText(-ms)}`;
  return `${durationText(ms, 1)} ago`;
}

const SOON_MS = 15 * 60_000;

/** Counts down to the second. */
export function TimeLeft({ until }: { readonly until: string }) {
  const left = Date.parse(until) - useNow(1_000);
  const soon = left < SOON_MS;
  return (
    <time
      dateTime={until}
      title={EXACT.format(Date.parse(until))}
      className={soon ? 'time-left tone-alert' : 'time-left'}
    >
      {left <= 0 ? 'time is over' : `${durationText(left)} left`}
    </time>
  );
}
