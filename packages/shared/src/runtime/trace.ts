import { randomUUID } from 'node:crypto';

/** W3C trace context: what ties a webhook, its plan, its effect and its receipts together across services. */
export interface Trace {
  /** 32 lower-case hex characters; goes into logs and receipts. */
  readonly traceId: string;
  /** 16 lower-case hex characters: this span. */
  readonly spanId: string;
  /** What this span is under; undefined for a first one, and for one that was only read. */
  readonly parentSpanId?: string | undefined;
  readonly sampled: boolean;
}

/** The header, in HTTP and in NATS alike; jobs carry it as a field of the same name. */
export const TRACEPARENT = 'traceparent';

const TRACEPARENT_PATTERN = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Undefined for anything that is not a valid traceparent: a bad one starts a new trace, never an error. */
export function parseTraceparent(header: string | undefined): Trace | undefined {
  const match = header === undefined ? null : TRACEPARENT_PATTERN.exec(header.trim());
  if (!match) return undefined;
  const [, version, traceId, spanId, flags, rest] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string?,
  ];
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent(trace: Trace): string {
  return `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? '01' : '00'}`;
}

export function newTrace(): Trace {
  return { traceId: randomUUID().replaceAll('-', ''), spanId: newSpanId(), sampled: true };
}

/** A new span of the same trace. */
export function childOf(trace: Trace): Trace {
  return { ...trace, spanId: newSpanId(), parentSpanId: trace.spanId };
}

/** A span under the caller's where it named a valid one, else a new trace. */
export function traceFrom(header: string | undefined): Trace {
  const parent = parseTraceparent(header);
  return parent ? childOf(parent) : newTrace();
}

/** From a UUID, for which Node keeps random bytes in store: asking for eight of them anew costs twenty times as much. */
function newSpanId(): string {
  const uuid = randomUUID();
  // Past its fixed bits. All zeros means "none" on the wire.
  const id = uuid.slice(0, 8) + uuid.slice(-8);
  return /^0+$/.test(id) ? newSpanId() : id;
}
