import type { CalledAction } from '@holdpoint/calls/call-connector';
import { callWithAfter } from '@holdpoint/calls/call-with-after';
import { createConnectorNetwork } from '@holdpoint/calls/connector-network';
import type { CallEnd } from '@holdpoint/calls/core/call-end';
import { callSecrets } from '@holdpoint/calls/core/call-secrets';
import { createEntityDb } from '@holdpoint/shared/db/entities/entity-db';
import { memoryEntities } from '@holdpoint/shared/db/entities/memory-entities';
import type { ConnectorContext, ConnectorRunner } from '@holdpoint/shared/workspace/connector-runner';
import { pino } from 'pino';
import { createMemoryKv } from './memory-kv.ts';
import type { Fault, StandIn } from './spec.ts';
import type { Subject } from './subject.ts';

/** Ample, for a machine that is busy. */
const CALL_MAX_MS = 10_000;

/** One world: a stand-in, a tenant and a connector's memory that nothing else uses. */
export interface Trial {
  readonly standIn: StandIn;
  /** An action of its own, with its own key. */
  action(args?: Readonly<Record<string, unknown>>): CalledAction;
  /** By the very code that the executor calls connectors with. */
  call(action: CalledAction, how?: HowCalled): Promise<CallEnd>;
  /** How often the tool's arguments have taken effect. */
  applied(): number;
  /** What calls claimed that the stand-in's world contradicts. */
  readonly lies: readonly string[];
  close(): Promise<void>;
}

export interface HowCalled {
  readonly part?: 'run' | 'reconcile';
  readonly timeoutMs?: number;
  readonly abandon?: AbortSignal;
  /** Told when the connector's function is about to begin, and what it comes to. */
  readonly onBegun?: () => void;
  readonly onSettled?: () => void;
}

let trials = 0;

/** @param where what is tried, for what the connector says meanwhile */
export async function startTrial(subject: Subject, where: string): Promise<Trial> {
  const { connector, name, args, runner, spec, tool, entities } = subject;
  trials += 1;
  // What a module remembers of a tenant is nothing to another trial.
  const tenant = `trial-${trials}`;
  const standIn = await spec.start();
  const network = createConnectorNetwork();
  const kv = createMemoryKv();
  const db = createEntityDb(memoryEntities(), tenant, new Map([[connector, entities]]));
  const lies: string[] = [];
  const say = (text: string) => void subject.said.push({ where, text });
  // No scrubber and no mask: it is the connector's own silence that is tried.
  const logger = pino({ level: 'trace', base: null }, { write: say });
  const given = { config: standIn.config, credentials: standIn.credentials, network: { private: true } };
  const applied = () => standIn.applied(name, args);
  let actions = 0;

  async function call(action: CalledAction, how: HowCalled = {}): Promise<CallEnd> {
    const { part = 'run', timeoutMs = CALL_MAX_MS, abandon = new AbortController().signal } = how;
    const before = applied();
    const end = await callWithAfter(
      {
        action,
        part,
        runner: watched(runner, name, how),
        given,
        timeoutMs,
        lease: { held: () => true },
        abandon,
        kv,
        db,
        pool: network.pool(connector, 'anywhere'),
        reach: 'anywhere',
        logger,
        secrets: callSecrets({}, [], []),
        onStray: () => lies.push('left an error behind that nobody caught'),
      },
      () => lies.push('its after failed'),
    );
    say(end.kind === 'answered' ? textOf(end.result) : end.message);
    if (part === 'run' && tool.risk !== 'read') lies.push(...lieOf(end, before, applied()));
    return end;
  }

  const trial: Trial = {
    standIn,
    lies,
    applied,
    call,
    action(own = args) {
      actions += 1;
      const id = `action-${trials}-${actions}`;
      const entityKey = tool.entityKey?.(own as never) ?? (tool.risk === 'read' ? null : 'trial');
      return {
        id,
        tenant,
        connector,
        tool: name,
        args: own,
        entity_key: entityKey,
        idempotency_key: tool.risk === 'read' ? null : `key-${id}`,
        attempts: 1,
      };
    },
    async close() {
      await network.close();
      await standIn.close();
    },
  };
  return trial;
}

/** A trial from its start to its end, whatever comes of it. */
export async function inTrial<T>(subject: Subject, where: string, run: (trial: Trial) => Promise<T>): Promise<T> {
  const trial = await startTrial(subject, where);
  try {
    return await run(trial);
  } finally {
    await trial.close();
  }
}

/** Sets the fault on the request that has the effect; on the first where told, and of a read. */
export function strike({ standIn }: Trial, { tool }: Subject, fault: Fault, on: 'effect' | 'any' = 'effect'): void {
  standIn.fault(fault, tool.risk === 'read' ? 'any' : on);
}

/** What an end claims of this call, against what became of the world during it. */
function lieOf(end: CallEnd, before: number, after: number): string[] {
  const happened = after > before;
  switch (end.kind) {
    case 'answered':
      return after === 0 ? ['it answered, though nothing was applied'] : [];
    case 'refused':
    case 'retry':
    case 'not_sent': {
      const claim = end.kind === 'refused' ? 'it was refused' : 'it did not happen and may be tried again';
      return happened ? [`it says that ${claim}, though it was applied: ${end.message}`] : [];
    }
    case 'unknown':
      return [];
    default:
      return end satisfies never;
  }
}

type Part = (args: never, ctx: ConnectorContext) => unknown;

/** The same connector, whose function is seen to begin and to end. */
function watched(
  runner: ConnectorRunner,
  name: string,
  { part = 'run', onBegun, onSettled }: HowCalled,
): ConnectorRunner {
  if (!onBegun && !onSettled) return runner;
  const own: Part | undefined = runner[part]?.[name];
  if (!own) return runner;
  const seen = async (args: never, ctx: ConnectorContext) => {
    onBegun?.();
    try {
      return await own(args, ctx);
    } finally {
      onSettled?.();
    }
  };
  return { ...runner, [part]: { ...runner[part], [name]: seen } };
}

function textOf(result: unknown): string {
  try {
    return JSON.stringify(result) ?? '';
  } catch {
    return String(result);
  }
}
