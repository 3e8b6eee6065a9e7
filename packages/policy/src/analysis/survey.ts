import { type Cell, cellsOf } from './cells.ts';
import { BLOCKED, joinEffects } from './effect.ts';
import type { LookBudget } from './look-budget.ts';
import { exceeds, isVeto, type PolicyFacts } from './policy-facts.ts';
import { blockers, closed, decided, permitted, permittingScenarios, type Scenario } from './scenario.ts';
import type { Place } from './staging.ts';
import { byOperator, type OperatorClass, type ToolClass } from './tool-classes.ts';

/** What became of one policy wherever its selectors match. */
export interface PolicyRecord {
  readonly facts: PolicyFacts;
  /** Where it matches; undefined: nowhere. */
  seen: Place | undefined;
  /** Some action is decided otherwise without it. */
  matters: boolean;
  /** Some action gets this policy's own decision. */
  fires: boolean;
  /** Where it would let an action pass, but for these. */
  readonly blockedBy: Map<PolicyFacts, Place>;
  /** Some of these by veto. */
  vetoed: boolean;
  readonly alertedBy: Map<PolicyFacts, Place>;
  /** Where it changes nothing: what decides the same without it. */
  readonly besides: Map<PolicyFacts, Place>;
  /** Over its own cap, where these alone would ask a person. */
  readonly capsReview: Map<PolicyFacts, Place>;
  /** Somewhere its own cap is kept. */
  withinCap: boolean;
  /** Somewhere none of the other policies vetoes. */
  vetoesAlone: boolean;
  /** Its last instant before it expires, somewhere where it matters. */
  lastMattered: Place | undefined;
  /** Not all of what it matches was looked at. */
  unfinished: boolean;
}

export interface Survey {
  readonly records: ReadonlyMap<PolicyFacts, PolicyRecord>;
  /** Vetoes that match wherever anything would be permitted but for vetoes. */
  readonly killers: ReadonlyMap<PolicyFacts, Place>;
  /** For each class, by operator, a place that is permitted. */
  readonly permits: ReadonlyMap<ToolClass, ReadonlyMap<string, Place>>;
  readonly unfinished: ReadonlySet<ToolClass>;
}

/** Evidence kept for each policy and kind: findings name a few. */
const EVIDENCE_MAX = 5;

/** Goes through every cell of every class of tools once, and notes what each policy does there. */
export function survey(
  all: readonly PolicyFacts[],
  classes: readonly ToolClass[],
  nowMs: number,
  budget: LookBudget,
): Survey {
  const records = new Map(all.map((facts) => [facts, newRecord(facts)]));
  const permits = new Map<ToolClass, Map<string, Place>>();
  const unfinished = new Set<ToolClass>();
  let killers: Killers | undefined;
  for (const own of classes.filter(({ risk }) => risk !== 'read')) {
    const allowed = new Map<string, Place>();
    permits.set(own, allowed);
    const candidatesOf = byOperator(own.candidates);
    for (const operator of own.operators) {
      const candidates = candidatesOf(operator);
      for (const cell of cellsOf([candidates], nowMs, budget)) {
        const matching = cell.matching[0] ?? [];
        const at = placeIn(own, operator, cell);
        for (const facts of matching) {
          if (!budget.spend(0)) break;
          note(records.get(facts) as PolicyRecord, matching, cell, at, budget);
        }
        const scenario = permitted(matching, cell.value);
        if (scenario && !allowed.has(operator.name)) allowed.set(operator.name, at(scenario));
        killers = killersIn(matching, cell.value, scenario, killers, at);
      }
      if (!budget.spend(0)) unfinished.add(own);
    }
  }
  for (const own of unfinished)
    for (const facts of own.candidates) (records.get(facts) as PolicyRecord).unfinished = true;
  return { records, killers: (unfinished.size === 0 && killers) || new Map(), permits, unfinished };
}

type At = (scenario: Scenario) => Place;

function placeIn({ tools }: ToolClass, operator: OperatorClass, { value, fromMs }: Cell): At {
  const [first] = tools;
  if (!first) throw new Error('a class of tools has a tool');
  return (scenario) => ({ ...first, operator: operator.name, value, atMs: fromMs, scenario });
}

function note(record: PolicyRecord, matching: readonly PolicyFacts[], cell: Cell, at: At, budget: LookBudget): void {
  const { facts } = record;
  const { value } = cell;
  const own = facts.when === undefined ? [] : [facts.when];
  record.seen ??= at(new Set(own));
  const over = exceeds(facts, value);
  if (!over) record.withinCap = true;
  if (record.matters && record.fires && !ends(record, cell)) return;
  budget.spend(matching.length * 2);
  const others = matching.filter((one) => one !== facts);
  noteDifference(record, others, { own, over, cell, at });
  if (over) noteCap(record, others, { own, over, cell, at });
  else if (!isVeto(facts)) noteDecision(record, matching, { own, over, cell, at });
}

interface Look {
  readonly own: readonly number[];
  readonly over: boolean;
  readonly cell: Cell;
  readonly at: At;
}

const ends = ({ facts, lastMattered }: PolicyRecord, { untilMs }: Cell): boolean =>
  lastMattered === undefined && untilMs !== undefined && untilMs === facts.compiled.expiresAtMs;

/** Whether something here is decided otherwise without the policy. The least scenarios with it tell: more only hides it. */
function noteDifference(record: PolicyRecord, others: readonly PolicyFacts[], look: Look): void {
  const { facts } = record;
  const { own, cell, at } = look;
  const scenario = closed(others, own);
  const difference = differing(facts, others, look);
  if (difference) {
    record.matters = true;
    if (isVeto(facts)) record.fires = true;
    if (ends(record, cell)) record.lastMattered = at(difference);
    return;
  }
  const without = decided(others, cell.value, scenario);
  if (!others.some((one) => isVeto(one) && one.when === undefined)) record.vetoesAlone = true;
  const same = others.filter(
    (one) =>
      (one.when === undefined || scenario.has(one.when)) &&
      (without === BLOCKED ? isVeto(one) || exceeds(one, cell.value) : true),
  );
  for (const one of same) keep(record.besides, one, () => at(scenario));
}

/** The least scenario in which it makes a difference, as far as its own predicate lets it. */
function differing(
  facts: PolicyFacts,
  others: readonly PolicyFacts[],
  { own, over, cell }: Look,
): Scenario | undefined {
  const least = closed(others, own);
  const without = decided(others, cell.value, least);
  const effect = over ? BLOCKED : facts.effect;
  const passing = () => closed([...others, facts], own);
  if (effect !== BLOCKED) {
    if (without === null) return passing();
    if (joinEffects(without, effect).key !== without.key) return passing();
    if (facts.predicate === undefined) return undefined;
  }
  for (const scenario of permittingScenarios(others, cell.value, own)) {
    // It blocks what they permit: always, or where its predicate is false.
    if (effect === BLOCKED || (facts.predicate !== undefined && !scenario.has(facts.predicate))) return scenario;
  }
  return undefined;
}

/** Within its own cap: what is decided where the policy matches and its predicate holds. */
function noteDecision(record: PolicyRecord, matching: readonly PolicyFacts[], { own, cell, at }: Look): void {
  const { facts } = record;
  const scenario = closed(matching, own);
  const effect = decided(matching, cell.value, scenario);
  if (effect === null) return;
  if (effect.decision === facts.compiled.policy.decision) {
    record.fires = true;
  } else if (effect === BLOCKED) {
    const blocking = blockers(matching, cell.value, scenario);
    if (blocking.some(isVeto)) record.vetoed = true;
    for (const one of blocking) keep(record.blockedBy, one, () => at(scenario));
  } else {
    for (const one of alerting(matching, scenario)) keep(record.alertedBy, one, () => at(scenario));
  }
}

/** Over its own cap: whether a person would have been asked. */
function noteCap(record: PolicyRecord, others: readonly PolicyFacts[], { own, cell, at }: Look): void {
  const scenario = closed(others, own);
  if (decided(others, cell.value, scenario)?.decision !== 'ALERT') return;
  for (const one of alerting(others, scenario)) keep(record.capsReview, one, () => at(scenario));
}

function alerting(matching: readonly PolicyFacts[], scenario: Scenario): PolicyFacts[] {
  return matching.filter(
    ({ compiled, when }) => compiled.policy.decision === 'ALERT' && (when === undefined || scenario.has(when)),
  );
}

/** Of the vetoes that match in every cell so far that would permit but for vetoes, those that match in this one too. */
function killersIn(
  matching: readonly PolicyFacts[],
  value: number,
  allowed: Scenario | undefined,
  before: Killers | undefined,
  at: At,
): Killers | undefined {
  if (before?.size === 0) return before;
  if (allowed) return new Map();
  const otherwise = permitted(withoutVetoes(matching), value);
  if (!otherwise) return before;
  const vetoes = matching.filter((facts) => isVeto(facts) && facts.when === undefined);
  return new Map(
    vetoes.filter((facts) => before === undefined || before.has(facts)).map((facts) => [facts, at(otherwise)]),
  );
}

type Killers = ReadonlyMap<PolicyFacts, Place>;

const withoutVetoes = (matching: readonly PolicyFacts[]): PolicyFacts[] => matching.filter((facts) => !isVeto(facts));

function keep(map: Map<PolicyFacts, Place>, facts: PolicyFacts, place: () => Place): void {
  if (map.size < EVIDENCE_MAX && !map.has(facts)) map.set(facts, place());
}

function newRecord(facts: PolicyFacts): PolicyRecord {
  return {
    facts,
    seen: undefined,
    matters: false,
    fires: false,
    blockedBy: new Map(),
    vetoed: false,
    alertedBy: new Map(),
    besides: new Map(),
    capsReview: new Map(),
    withinCap: false,
    vetoesAlone: false,
    lastMattered: undefined,
    unfinished: false,
  };
}
