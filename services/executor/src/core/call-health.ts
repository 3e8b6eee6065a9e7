import type { CallEnd } from '@holdpoint/calls/core/call-end';

/** What a call's end says of the system that was called; nothing where it was not, or where it only asked for time. */
export function callHealth(end: CallEnd): 'passed' | 'failed' | undefined {
  switch (end.kind) {
    case 'answered':
    // It knew enough to refuse.
    case 'refused':
      return 'passed';
    case 'unknown':
      return 'failed';
    case 'retry':
      return end.retryAfterMs === undefined ? 'failed' : undefined;
    case 'not_sent':
      return undefined;
    default:
      return end satisfies never;
  }
}
