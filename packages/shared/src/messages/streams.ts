import type { StreamConfig } from '@nats-io/jetstream';

const SECOND_NS = 1_000_000_000;
const DAY_NS = 24 * 3600 * SECOND_NS;
const GIB = 1024 ** 3;
/** The server's least. `Nats-Msg-Id` is unique in a whole stream, so where outsiders publish one tenant could silence another. */
const DUPLICATE_WINDOW_MIN_NS = SECOND_NS / 10;
const DUPLICATE_WINDOW_NS = 120 * SECOND_NS;

export const STREAM_NAMES = ['EVENTS', 'BODIES', 'PLANS', 'DECISIONS', 'APPROVALS', 'OUTCOMES', 'DEAD'] as const;
export type StreamName = (typeof STREAM_NAMES)[number];

/**
 * Every stream. Retention is by limits, never by work queue: one that forgets acknowledged messages would forget what was
 * seen. A full EVENTS, BODIES or PLANS refuses the newcomer, who is told and tries again; the others let go of the oldest.
 * The server sets all of it aside on its disk (under 6 GiB), so that a limit here is never a surprise there.
 */
export const STREAMS = {
  EVENTS: {
    name: 'EVENTS',
    description: 'accepted webhooks: one message a subject, so that the publish is the dedupe',
    subjects: ['events.*.*.*.*'],
    retention: 'limits',
    storage: 'file',
    discard: 'new',
    discard_new_per_subject: true,
    max_msgs_per_subject: 1,
    max_age: 7 * DAY_NS,
    max_bytes: 2 * GIB,
    duplicate_window: DUPLICATE_WINDOW_MIN_NS,
    allow_direct: true,
  },
  BODIES: {
    name: 'BODIES',
    description: 'bodies too large for their event, in pieces under their digest: a piece stored again replaces itself',
    subjects: ['bodies.*.*.*'],
    retention: 'limits',
    storage: 'file',
    discard: 'new',
    max_msgs_per_subject: 1,
    // A day longer than the events that refer to them.
    max_age: 8 * DAY_NS,
    max_bytes: GIB,
    duplicate_window: DUPLICATE_WINDOW_MIN_NS,
    allow_direct: true,
  },
  PLANS: {
    name: 'PLANS',
    description: 'plans as operators proposed them',
    subjects: ['plans.*.*'],
    retention: 'limits',
    storage: 'file',
    discard: 'new',
    max_age: 7 * DAY_NS,
    max_bytes: 0.75 * GIB,
    duplicate_window: DUPLICATE_WINDOW_MIN_NS,
  },
  DECISIONS: {
    name: 'DECISIONS',
    description: 'decisions of record: one message for the lines of a plan with the same decision',
    subjects: ['decisions.*.*.*'],
    retention: 'limits',
    storage: 'file',
    discard: 'old',
    max_age: 7 * DAY_NS,
    max_bytes: 0.75 * GIB,
    duplicate_window: DUPLICATE_WINDOW_NS,
  },
  APPROVALS: {
    name: 'APPROVALS',
    description: 'what was asked of people, and what they said',
    subjects: ['approvals.*.*.*'],
    retention: 'limits',
    storage: 'file',
    discard: 'old',
    max_age: 7 * DAY_NS,
    max_bytes: GIB / 2,
    duplicate_window: DUPLICATE_WINDOW_NS,
  },
  OUTCOMES: {
    name: 'OUTCOMES',
    description: 'what became of actions',
    subjects: ['outcomes.*.*.*'],
    retention: 'limits',
    storage: 'file',
    discard: 'old',
    max_age: 7 * DAY_NS,
    max_bytes: 0.75 * GIB,
    duplicate_window: DUPLICATE_WINDOW_NS,
  },
  DEAD: {
    name: 'DEAD',
    description: 'messages that could not be taken: the original bytes, the reason in headers',
    subjects: ['dead.*.*'],
    retention: 'limits',
    storage: 'file',
    discard: 'old',
    max_age: 30 * DAY_NS,
    max_bytes: GIB / 8,
    duplicate_window: DUPLICATE_WINDOW_NS,
  },
} as const satisfies Record<StreamName, Partial<StreamConfig> & { name: StreamName; description: string }>;

/** The stream that a subject of ours lands in. */
export function streamOfSubject(subject: string): StreamName {
  const family = subject.slice(0, subject.indexOf('.'));
  return STREAM_NAMES.find((name) => STREAMS[name].subjects.some((own) => own.startsWith(`${family}.`))) ?? 'DEAD';
}
