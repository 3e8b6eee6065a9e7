/** What the remote system is made to do to one request. */
export const FAULTS = [
  /** Refused for now, in the vendor's own words, asking for `RETRY_AFTER_SECONDS`. Nothing is applied. */
  'rate_limited',
  /** Answered with the vendor's form of an internal error; nothing is applied. */
  'error_before',
  /** Applied, and answered with an internal error. */
  'error_after',
  /** Nothing is applied, and no answer comes. */
  'silence_before',
  /** Applied, and no answer comes. */
  'silence_after',
  /** The connection is reset; nothing is applied. */
  'reset_before',
  /** Applied, and the connection is reset. */
  'reset_after',
  /** Applied, and the answer breaks off in its middle. */
  'cut_short',
  /** Applied, and answered with a page that is not of the vendor's protocol. */
  'garbled',
  /** Applied and answered, and the answer says that the allowance is used up for `RETRY_AFTER_SECONDS`. */
  'exhausted',
  /** Refused for good, in words that repeat all that was sent: headers and body. Nothing is applied. */
  'echo',
] as const;
export type Fault = (typeof FAULTS)[number];

export const RETRY_AFTER_SECONDS = 7;

/** What `connectors/<name>/conformance.ts` exports: what must be known to try a connector against a stand-in of its system. */
export interface ConformanceSpec {
  /** Starts a stand-in with a world of its own; each trial has one. */
  start(): Promise<StandIn>;
  /** One for every tool. */
  readonly tools: Readonly<Record<string, ToolTrial>>;
  /** Faults that the system's protocol cannot have, each with the reason: `{ exhausted: 'it publishes no allowance' }`. */
  readonly without?: Readonly<Partial<Record<Fault, string>>>;
}

/** A remote system on this machine that speaks the vendor's protocol and keeps what it was asked to do. */
export interface StandIn {
  /** What a tenant's `connectors.ts` would give the connector, so that it calls this stand-in. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Their values are looked for wherever a connector could leak them. */
  readonly credentials: Readonly<Record<string, string>>;
  /** Once: on the next request that could have an effect, or on the next of any kind. */
  fault(fault: Fault, on: 'effect' | 'any'): void;
  /** How often these arguments of the tool have taken effect in the stand-in's world. */
  applied(tool: string, args: Readonly<Record<string, unknown>>): number;
  /** Requests heard so far. */
  heard(): number;
  /** From then on a connection is refused. May be asked twice. */
  close(): Promise<void>;
}

export interface ToolTrial {
  /** Arguments that the stand-in's fresh world takes. They hold no real person's data. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Arguments that the tool's schema refuses; at least one where it has a schema. */
  readonly invalid: readonly Readonly<Record<string, unknown>>[];
  /** Arguments that the schema takes and the remote system refuses for good, such as an order that is not there. */
  readonly rejected?: Readonly<Record<string, unknown>>;
  /** Done again by another action, it changes nothing more and is not refused either: it sets a state, such as a label. */
  readonly setsState?: true;
}

/** `export default defineConformance({ … })`; adds types, and no more. */
export function defineConformance(spec: ConformanceSpec): ConformanceSpec {
  return spec;
}
