import { type PlanName, planSpanId } from '../domain/plan-span.ts';
import type { Logger } from './logger.ts';
import type { Trace } from './trace.ts';

/** A span that is over. Never an argument's value, a secret or a body in it: whoever reads traces may know none of them. */
export interface FinishedSpan {
  readonly name: string;
  /** `server`: somebody called and waits; `consumer`: a message led to it; `client`: it calls others. */
  readonly kind: 'server' | 'consumer' | 'client' | 'internal';
  /** Its ids, and its parent's. */
  readonly trace: Trace;
  /** As `performance.now()` said when it began; it ends as it is recorded. */
  readonly startedAtMs: number;
  readonly failed?: boolean;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

/** Where spans go. Ids travel with or without it: see `trace.ts`. */
export interface Tracing {
  /** Whether anybody reads them: what is only done to describe a span can be left out. */
  readonly on: boolean;
  /** Describes a span only where somebody reads it. Never throws and never waits; what does not fit is dropped. */
  record(describe: () => FinishedSpan): void;
  /** Sends what is left, within a second. */
  stop(): Promise<void>;
}

export interface TracingOptions {
  readonly service: string;
  readonly instance: string;
  /** The collector's OTLP/HTTP address, to which `/v1/traces` is added. */
  readonly endpoint: string;
  readonly logger: Logger;
}

export const noTracing: Tracing = { on: false, record() {}, async stop() {} };

/** The span in which a plan was decided, for what follows from it to stand under. */
export function planTrace(traceId: string, plan: PlanName): Trace {
  return { traceId, spanId: planSpanId(plan), sampled: true };
}
