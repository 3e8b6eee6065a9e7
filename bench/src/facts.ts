import { outcomeSubjects } from '@holdpoint/shared/messages/subjects';
import type { Subscription } from '@nats-io/transport-node';
import { now } from './processes/tally.ts';
import type { Servers } from './servers.ts';
import { OPERATOR, TENANT } from './workspace.ts';

const SILENT_MAX_MS = 30_000;

/** Lines that facts told, as they came. */
export interface Facts {
  readonly lines: number;
  /** Of the last one, in milliseconds since the epoch. */
  readonly lastAt: number;
  /** Resolves when so many lines were told since the start; rejects after a long silence. */
  reached(lines: number): Promise<void>;
  stop(): void;
}

export interface Fact {
  readonly plan_id: string;
  readonly items: readonly { readonly entity_key: string; readonly outcome?: string; readonly state?: string }[];
}

/** Hears outcomes as they are published. Any but `applied` is a fault of the benchmark, and ends it. */
export function hearOutcomes(servers: Servers, onFact?: (fact: Fact) => void): Facts {
  return hear(servers, outcomeSubjects(TENANT, OPERATOR), (fact) => {
    for (const { outcome } of fact.items) if (outcome !== 'applied') throw new Error(`an action ended as ${outcome}`);
    onFact?.(fact);
  });
}

/** Hears decisions as they are published. */
export function hearDecisions(servers: Servers): Facts {
  return hear(servers, outcomeSubjects(TENANT, OPERATOR).replace(/^outcomes/, 'decisions'), (fact) => {
    for (const { state } of fact.items) if (state !== 'queued') throw new Error(`an action was decided as ${state}`);
  });
}

function hear({ nats }: Servers, subject: string, onFact: (fact: Fact) => void): Facts {
  let lines = 0;
  let lastAt = 0;
  let failure: unknown;
  let changed = Promise.withResolvers<void>();
  const subscription: Subscription = nats.nc.subscribe(subject, {
    callback(error, message) {
      if (error) failure = error;
      else {
        const fact = message.json<Fact>();
        lines += fact.items.length;
        lastAt = now();
        try {
          onFact(fact);
        } catch (fault) {
          failure = fault;
        }
      }
      changed.resolve();
      changed = Promise.withResolvers();
    },
  });
  return {
    get lines() {
      return lines;
    },
    get lastAt() {
      return lastAt;
    },
    async reached(wanted) {
      while (lines < wanted) {
        const silent = Promise.withResolvers<never>();
        const timer = setTimeout(
          () => silent.reject(new Error(`nothing more was told on ${subject} after ${lines} of ${wanted} lines`)),
          SILENT_MAX_MS,
        );
        await Promise.race([changed.promise, silent.promise]).finally(() => clearTimeout(timer));
        if (failure !== undefined) throw failure;
      }
    },
    stop: () => subscription.unsubscribe(),
  };
}
