import type { Random } from './random.ts';

/** Where in the life of an action the process that has it in hand is killed. */
export const KILL_POINTS = {
  'call arrives': 'the executor, when its call has come and nothing is done yet',
  'call applied': 'the executor, when the far end has done it and not answered',
  'call answered': 'the executor, when the answer has left, before or while it is recorded',
  claimed: 'every executor, at the commit of a claim',
  finished: 'every executor, at the commit of an end, before it is published',
  decided: 'every evaluator, at the commit of a decision, before it is published',
  granted: 'approvals and evaluators, at the commit of a grant',
} as const;
export type KillPoint = keyof typeof KILL_POINTS;

export type ServiceTarget = 'ingest' | 'evaluator' | 'executor' | 'approvals';
export type ServerTarget = 'nats' | 'redis' | 'postgres';

export type ClockWay = 'ahead' | 'behind';

/** How a cut looks from inside: at once an error, or nothing at all. */
export type CutKind = 'refused' | 'silent';

export type FaultAction =
  | { readonly do: 'kill'; readonly service: ServiceTarget }
  /** SIGSTOP, and SIGCONT after that long. */
  | { readonly do: 'stop'; readonly service: ServiceTarget }
  | { readonly do: 'kill at'; readonly point: KillPoint }
  /** SIGSTOP of every executor at the commit of a claim, before or while it sends; SIGCONT when its lease is over. */
  | { readonly do: 'stop when claimed' }
  /** SIGKILL; started again after that long. */
  | { readonly do: 'crash'; readonly server: ServerTarget }
  /** The same, as somebody is answered: by ingest that NATS has an event, by the evaluator that Postgres has a plan. */
  | { readonly do: 'crash when answered'; readonly server: 'nats' | 'postgres' }
  /** An orderly stop, which for Postgres is the fast one; started again after that long. */
  /** SIGSTOP for that long: what it is told meanwhile it may never hear, for half of the time it is killed then. */
  | { readonly do: 'stall'; readonly server: 'nats' | 'redis' }
  | { readonly do: 'restart'; readonly server: ServerTarget }
  /** Of the network between one instance and one server, for that long. */
  | { readonly do: 'cut'; readonly service: ServiceTarget; readonly server: ServerTarget; readonly how: CutKind }
  | { readonly do: 'empty redis' }
  /** The wall clock of one instance, or of all, is set that far off, and right again after that long. */
  | { readonly do: 'set clock'; readonly service: ServiceTarget; readonly way: ClockWay; readonly all: boolean }
  /** The disk of NATS has no space left for that long; then it has, and NATS is started again, without which it stores nothing. */
  | { readonly do: 'fill disk' }
  /** The streams that refuse what is too much are full for that long. */
  | { readonly do: 'fill streams' };

export interface Fault {
  readonly atMs: number;
  readonly action: FaultAction;
  /** Which instance, where there are several. */
  readonly instance: number;
  readonly durationMs: number;
  /** Of a clock that is set, how far it is off: above zero ahead. Of all else 0. */
  readonly offsetMs: number;
}

export interface ScheduleOptions {
  readonly untilMs: number;
  /** Between one fault and the next. */
  readonly gapMs: readonly [least: number, most: number];
  readonly leaseMs: number;
  readonly deck: readonly FaultAction[];
}

const INSTANCES = 2;
const OUTAGE_MS = [100, 2_500] as const;
/** Of a lease: from one that nobody need notice to one in which the others take over. */
const CUT_LEASES = [0.3, 2] as const;

/** From one that nobody need notice to one past every tolerance, each power of ten as often. */
const CLOCK_OFFSET_MS = [1_000, 600_000] as const;
const CLOCK_LEASES = [0.5, 3] as const;
/** Longer than NATS is waited for, so that some have given up before there is space again. */
const FULL_MS = [500, 7_000] as const;

const kill = (service: ServiceTarget): FaultAction => ({ do: 'kill', service });
const stop = (service: ServiceTarget): FaultAction => ({ do: 'stop', service });
const killAt = (point: KillPoint): FaultAction => ({ do: 'kill at', point });

const cut = (service: ServiceTarget, server: ServerTarget, how: CutKind): FaultAction => ({
  do: 'cut',
  service,
  server,
  how,
});

const clock = (service: ServiceTarget, way: ClockWay, which: 'one' | 'all'): FaultAction => ({
  do: 'set clock',
  service,
  way,
  all: which === 'all',
});

/** Every kind of fault; a campaign goes through it again and again, each time in another order. */
export const FULL_DECK: readonly FaultAction[] = [
  ...(['ingest', 'evaluator', 'executor', 'executor', 'approvals'] as const).map(kill),
  ...(['ingest', 'evaluator', 'executor', 'executor', 'approvals'] as const).map(stop),
  ...(Object.keys(KILL_POINTS) as KillPoint[]).map(killAt),
  { do: 'stop when claimed' },
  { do: 'restart', server: 'nats' },
  { do: 'crash', server: 'nats' },
  { do: 'crash', server: 'redis' },
  { do: 'crash', server: 'postgres' },
  { do: 'crash when answered', server: 'nats' },
  { do: 'crash when answered', server: 'postgres' },
  { do: 'stall', server: 'nats' },
  { do: 'stall', server: 'redis' },
  { do: 'restart', server: 'postgres' },
  cut('executor', 'postgres', 'silent'),
  cut('executor', 'postgres', 'refused'),
  cut('executor', 'redis', 'silent'),
  cut('executor', 'nats', 'refused'),
  cut('evaluator', 'postgres', 'silent'),
  cut('evaluator', 'nats', 'silent'),
  cut('ingest', 'nats', 'silent'),
  cut('approvals', 'postgres', 'refused'),
  { do: 'empty redis' },
  clock('ingest', 'ahead', 'one'),
  clock('ingest', 'behind', 'all'),
  clock('evaluator', 'ahead', 'all'),
  clock('evaluator', 'behind', 'one'),
  clock('executor', 'ahead', 'one'),
  clock('executor', 'behind', 'one'),
  clock('executor', 'behind', 'all'),
  clock('approvals', 'ahead', 'all'),
  clock('approvals', 'behind', 'one'),
  { do: 'fill disk' },
  { do: 'fill disk' },
  { do: 'fill streams' },
];

/** Few of each, the ones whose consequences take longest first. */
export const SHORT_DECK: readonly FaultAction[] = [
  killAt('decided'),
  { do: 'crash when answered', server: 'nats' },
  clock('executor', 'behind', 'all'),
  kill('ingest'),
  stop('executor'),
  killAt('call applied'),
  { do: 'empty redis' },
  killAt('call answered'),
  { do: 'crash', server: 'redis' },
  killAt('granted'),
  { do: 'restart', server: 'postgres' },
  kill('executor'),
  cut('executor', 'postgres', 'silent'),
  { do: 'crash', server: 'postgres' },
];

/** When nobody proposes anything any more: what is left has to be found again by those that come back. */
const PARTING: readonly FaultAction[] = [kill('executor'), kill('executor'), { do: 'empty redis' }];

export function scheduleFaults(random: Random, options: ScheduleOptions, shuffle = true): Fault[] {
  const { untilMs, gapMs, deck } = options;
  const faults: Fault[] = [];
  for (let atMs = random.between(...gapMs); ; ) {
    for (const action of shuffle ? random.shuffled(deck) : deck) {
      if (atMs >= untilMs) return [...faults, ...parting(untilMs)];
      const instance = random.between(0, INSTANCES - 1);
      const durationMs = durationOf(random, action, options.leaseMs);
      faults.push({ atMs, action, instance, durationMs, offsetMs: offsetOf(random, action) });
      atMs += random.between(...gapMs);
    }
  }
}

function parting(atMs: number): Fault[] {
  return PARTING.map((action, instance) => ({
    atMs,
    action,
    instance: instance % INSTANCES,
    durationMs: 0,
    offsetMs: 0,
  }));
}

function durationOf(random: Random, action: FaultAction, leaseMs: number): number {
  const leases = ([least, most]: readonly [number, number]): number =>
    Math.round(leaseMs * (least + (most - least) * random.next()));
  switch (action.do) {
    case 'stop':
    case 'stop when claimed':
      // Past the lease, so that it wakes up as one who was taken for dead.
      return Math.round(leaseMs * (1.2 + 1.3 * random.next()));
    case 'crash':
    case 'crash when answered':
    case 'stall':
    case 'restart':
      return random.between(...OUTAGE_MS);
    case 'cut':
      return leases(CUT_LEASES);
    case 'set clock':
      return leases(CLOCK_LEASES);
    case 'fill disk':
    case 'fill streams':
      return random.between(...FULL_MS);
    case 'kill':
    case 'kill at':
    case 'empty redis':
      return 0;
    default:
      return action satisfies never;
  }
}

function offsetOf(random: Random, action: FaultAction): number {
  if (action.do !== 'set clock') return 0;
  const [least, most] = CLOCK_OFFSET_MS;
  const farMs = Math.round(least * (most / least) ** random.next());
  return action.way === 'ahead' ? farMs : -farMs;
}

export function nameOfFault(action: FaultAction): string {
  switch (action.do) {
    case 'kill':
    case 'stop':
      return `${action.do} ${action.service}`;
    case 'kill at':
      return `kill when ${action.point}`;
    case 'crash':
    case 'stall':
    case 'restart':
      return `${action.do} ${action.server}`;
    case 'cut':
      return `cut ${action.service} from ${action.server}, ${action.how}`;
    case 'crash when answered':
      return `crash ${action.server} when answered`;
    case 'set clock':
      return `set clock of ${action.all ? 'every' : 'one'} ${action.service} ${action.way}`;
    case 'fill disk':
      return 'fill disk of nats';
    case 'fill streams':
      return 'fill streams of nats';
    case 'empty redis':
    case 'stop when claimed':
      return action.do;
    default:
      return action satisfies never;
  }
}
