import { type Random, weighted } from './random.ts';

export const TENANT = 'acme';
export const OPERATORS = ['risk', 'ops', 'fraud'] as const;
export const CONNECTORS = ['shop', 'desk'] as const;
const ENTITIES = 24;
const LINES_MAX = 5;
const REMEMBERED_MAX = 400;

export interface Line {
  readonly connector: string;
  readonly tool: string;
  readonly args: { readonly n: number; readonly card?: string; readonly soon?: true };
  readonly entity_key?: string;
  readonly idempotency_key?: string;
}

export interface Plan {
  readonly plan_id: string;
  readonly event_id?: string;
  readonly actions: readonly Line[];
}

export type Step =
  | {
      readonly do: 'propose';
      readonly operator: string;
      readonly plan: Plan;
      readonly by: 'nats' | 'http';
      readonly conflicts: boolean;
    }
  | {
      readonly do: 'deliver';
      readonly provider: 'github' | 'standard-webhooks';
      readonly id: string;
      readonly body: string;
    };

const STEPS = { plan: 62, planAgain: 7, planChanged: 2, webhook: 20, webhookAgain: 9 } as const;
const TOOLS = { blind: 30, asked: 14, safe: 25, look: 8, pay: 13, drop: 5, capped: 5, few: 14 } as const;

/** What operators and providers do, one step after another: as the seed has it, repetitions and mistakes included. */
export function openTraffic(random: Random): { next(eventIds: readonly string[]): Step } {
  const plans: { operator: string; plan: Plan }[] = [];
  const lines: Line[] = [];
  const webhooks: Extract<Step, { do: 'deliver' }>[] = [];
  let count = 0;

  const remember = <T>(list: T[], item: T): T => {
    if (list.length < REMEMBERED_MAX) list.push(item);
    else list[random.between(0, REMEMBERED_MAX - 1)] = item;
    return item;
  };
  const by = () => (random.chance(0.6) ? ('nats' as const) : ('http' as const));

  function line(): Line {
    // One that was proposed before: the same under its key, or something else under the same key.
    if (lines.length > 0 && random.chance(0.1)) {
      const before = random.pick(lines);
      return random.chance(0.7) ? before : { ...before, args: { ...before.args, n: before.args.n + 1_000_000 } };
    }
    count += 1;
    const tool = weighted(random, TOOLS);
    const connector = random.pick(CONNECTORS);
    if (tool === 'look') return { connector, tool, args: { n: count } };
    return remember(lines, {
      connector,
      tool,
      args: {
        n: count,
        card: `card-${count}-kept`,
        ...(tool === 'pay' && random.chance(0.2) && { soon: true as const }),
      },
      entity_key: `order:${random.between(1, ENTITIES)}`,
      idempotency_key: `key-${count}`,
    });
  }

  function plan(eventIds: readonly string[]): Step {
    count += 1;
    // A line's key may stand once in a plan: twice, the second is only a duplicate of the first, which proves little.
    const made = Array.from({ length: random.between(1, LINES_MAX) }, line);
    const actions = made.filter(
      ({ idempotency_key: key }, at) =>
        key === undefined || made.findIndex((one) => one.idempotency_key === key) === at,
    );
    const event = eventIds.length > 0 && random.chance(0.15) ? { event_id: random.pick(eventIds) } : {};
    const proposed = remember(plans, {
      operator: random.pick(OPERATORS),
      plan: { plan_id: `plan-${count}`, ...event, actions },
    });
    return { do: 'propose', ...proposed, by: by(), conflicts: false };
  }

  function webhook(): Step {
    count += 1;
    const body = JSON.stringify({ action: 'opened', issue: { number: count }, noise: random.next() });
    const provider = random.chance(0.5) ? 'github' : 'standard-webhooks';
    return remember(webhooks, { do: 'deliver', provider, id: `delivery-${count}`, body });
  }

  return {
    next(eventIds) {
      const what = weighted(random, STEPS);
      if (what === 'webhook' || (what === 'webhookAgain' && webhooks.length === 0)) return webhook();
      if (what === 'webhookAgain') return random.pick(webhooks);
      if (what === 'plan' || plans.length === 0) return plan(eventIds);
      const before = random.pick(plans);
      if (what === 'planAgain') return { do: 'propose', ...before, by: by(), conflicts: false };
      const actions = [...before.plan.actions, line()].slice(-LINES_MAX - 1);
      return { do: 'propose', ...before, plan: { ...before.plan, actions }, by: by(), conflicts: true };
    },
  };
}

/** What tells one line from another, on whichever side it is seen. */
export function lineName(line: {
  readonly connector: string;
  readonly tool: string;
  readonly args: { readonly n?: unknown };
  readonly idempotency_key?: string | null | undefined;
}): string {
  return `${line.connector}:${line.tool}#${String(line.args.n)}/${line.idempotency_key ?? '-'}`;
}
