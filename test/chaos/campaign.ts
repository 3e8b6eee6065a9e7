import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { removeStackData } from '@holdpoint/stack/stack';
import { openStages } from '../../scripts/start/stages.ts';
import type { CampaignProfile } from './core/campaign-profile.ts';
import { scheduleFaults } from './core/fault-schedule.ts';
import type { Drain, History, SaidGrant, SaidSettlement, SaidVote, Verdict } from './core/history.ts';
import { judgeVitals } from './core/judge-vitals.ts';
import { openMoments, type Promised } from './core/moments.ts';
import { openRandom, type Random } from './core/random.ts';
import { verdictsOn } from './core/verdicts.ts';
import type { SignVerdict, Vitals } from './core/vitals.ts';
import { isWell } from './core/vitals-report.ts';
import { drain } from './drain.ts';
import { type FaultLog, injectFaults } from './inject-faults.ts';
import { type TrafficLog, workAsOperators } from './operators-at-work.ts';
import { consentInAdvance, decideApprovals, settleActions } from './people-at-work.ts';
import { readStreams } from './read-streams.ts';
import { findSecrets } from './store/find-secrets.ts';
import { readRecords } from './store/read-history.ts';
import { START_LIMIT_MS, type System, startSystem } from './system.ts';
import { watchVitals } from './vitals.ts';
import { askedTools, limited, plainTools, secretsOfCampaign } from './workspace.ts';

const DRAIN_LIMIT_MS = 60_000;
/** Before the end of work, from when on the far end is slow. */
const PARTING_MS = 2_000;
/** How much of what is indeterminate a person leaves lying at each look, while the faults go on. */
const PATIENCE = 0.6;

export interface CampaignOptions {
  readonly seed: number;
  readonly profile: CampaignProfile;
  readonly signal: AbortSignal;
  note(text: string): void;
}

export interface CampaignResult {
  readonly verdicts: readonly Verdict[];
  readonly faults: Pick<FaultLog, 'injected' | 'missed'>;
  /** Of a soak. */
  readonly soak: { readonly vitals: Vitals; readonly verdicts: readonly SignVerdict[] } | undefined;
  readonly history: History;
  readonly traffic: TrafficLog['counts'];
  /** Deaths that nobody asked for have their exit code here: `executor-1: code 1`. */
  readonly ownDeaths: readonly string[];
  /** Where logs and history lie, where something is violated. */
  readonly kept: string | undefined;
}

/** Starts everything, lets work and faults loose on it, waits until it has drained, and judges. Leaves nothing running. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const dir = await mkdtemp(join(tmpdir(), 'holdpoint-chaos-'));
  const stages = openStages((error) => options.note(`it did not stop well: ${String(error)}`));
  let keep = false;
  try {
    const random = openRandom(options.seed);
    const { seed, profile, signal, note } = options;
    const system = await startSystem({ dir, random, seed, times: profile, durationMs: profile.durationMs, stages });
    signal.throwIfAborted();
    if (!(await system.untilReady(START_LIMIT_MS))) {
      keep = true;
      throw new Error(`the services did not come up; see ${join(dir, 'logs')}`);
    }
    note('everything is up');
    const { traffic, faults, drained, votes, grants, settlements, vitals } = await runPhases(system, random, options);
    const recorded = { ...(await readRecords(system.db)), ...(await readStreams(system.nats)) };
    const secrets = await findSecrets(system, secretsOfCampaign);
    const ownDeaths = deathsOf(system);
    await stages.stop();
    const history: History = {
      ...recorded,
      ...(await system.farEnd.seen()),
      plainTools,
      askedTools,
      limited,
      stops: faults.stops(),
      webhooks: traffic.webhooks,
      plans: traffic.plans(),
      votes,
      grants,
      settlements,
      drain: drained,
      secrets,
    };
    const verdicts = verdictsOn(history);
    const soak = vitals && { vitals, verdicts: judgeVitals(vitals) };
    const flat = soak?.verdicts.every(isWell) ?? true;
    keep = !flat || verdicts.some(({ violations }) => violations.length > 0);
    if (keep) await writeFile(join(dir, 'history.json'), asJson(history));
    if (keep && vitals) await writeFile(join(dir, 'vitals.json'), JSON.stringify(vitals));
    return { verdicts, soak, faults, history, traffic: traffic.counts, ownDeaths, kept: keep ? dir : undefined };
  } finally {
    await stages.stop();
    if (!keep) {
      await removeStackData(join(dir, 'servers')).catch(() => {});
      await rm(dir, { recursive: true, force: true });
    }
  }
}

const asJson = (history: History): string =>
  JSON.stringify(history, (_, value) => (value instanceof Set ? [...value] : value));

interface Phases {
  readonly traffic: TrafficLog;
  readonly faults: FaultLog;
  readonly drained: Drain;
  readonly vitals: Vitals | undefined;
  readonly votes: readonly SaidVote[];
  readonly grants: readonly SaidGrant[];
  readonly settlements: readonly SaidSettlement[];
}

/** Work and faults side by side; then no more work, no more faults, no more votes; then whatever is left has its time. */
async function runPhases(system: System, random: Random, options: CampaignOptions): Promise<Phases> {
  const { profile, signal, note } = options;
  const [enough, decided, settled] = [new AbortController(), new AbortController(), new AbortController()];
  const until = (one: AbortController): AbortSignal => AbortSignal.any([signal, one.signal]);
  let patience = PATIENCE;
  const schedule = scheduleFaults(random.fork('faults'), { ...profile, untilMs: profile.durationMs }, profile.shuffled);
  const promised = openMoments<Promised>();
  const traffic = workAsOperators(system, { random, promised, everyMs: profile.stepEveryMs, signal: until(enough) });
  const votes = decideApprovals(system, { random: random.fork('votes'), signal: until(decided) });
  const grants = consentInAdvance(system, { random: random.fork('grants'), signal: until(decided) });
  const settlements = settleActions(system, {
    random: random.fork('settlements'),
    signal: until(settled),
    patience: () => patience,
  });
  const faults = injectFaults(system, { schedule, random: random.fork('moments'), promised, signal, note });
  const vitals = profile.soak && watchVitals(system, { everyMs: profile.soak.lookEveryMs, signal: until(enough) });
  // Whatever fails first fails the campaign; the others are told to end, and are waited for by whoever stops the system.
  const all = Promise.all([traffic, votes, grants, settlements, faults, vitals]);
  all.catch(() => {});
  await Promise.race([pause(profile.durationMs - PARTING_MS, undefined, { signal }), all]);
  // Lanes fill up, so that the last blow finds something to lose.
  system.farEnd.change('slow');
  await Promise.race([pause(PARTING_MS, undefined, { signal }), all]);
  enough.abort();
  await Promise.race([Promise.all([traffic, faults]), all]);
  signal.throwIfAborted();
  note('no more faults: it drains');
  system.farEnd.change('calm');
  patience = 0;
  const startedAt = performance.now();
  await Promise.race([system.untilReady(DRAIN_LIMIT_MS), all]);
  decided.abort();
  await votes;
  const plans = (await traffic).plans();
  const ready = performance.now() - startedAt;
  const rest = await drain(system, plans, { limitMs: DRAIN_LIMIT_MS - ready, signal, note });
  settled.abort();
  const [log, faultLog] = [await traffic, await faults];
  const drained = { ...rest, tookMs: rest.tookMs + ready, limitMs: DRAIN_LIMIT_MS };
  note(`drained after ${(drained.tookMs / 1000).toFixed(1)} s`);
  return {
    traffic: log,
    faults: faultLog,
    drained,
    vitals: await vitals,
    votes: await votes,
    grants: await grants,
    settlements: await settlements,
  };
}

/** A process that ended by itself: not wrong by itself, but worth knowing. */
function deathsOf(system: System): string[] {
  return Object.values(system.services)
    .flat()
    .flatMap(({ process }) =>
      process.deaths.filter((how) => how !== 'SIGKILL').map((how) => `${process.name}: ${how}`),
    );
}
