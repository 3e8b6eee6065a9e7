import type { Requirement } from '@holdpoint/shared/domain/decision';

/**
 * What an approval does, written down a second time and as simply as can be: without a database, locks or cleverness. Times are
 * seconds since people were asked.
 */
export interface Model {
  readonly asked: Asked;
  now: number;
  status: 'pending' | 'granted' | 'denied' | 'expired' | 'cancelled';
  requirements: Requirement[];
  votes: Record<string, { readonly vote: 'approve' | 'deny'; readonly audiences: readonly string[] }>;
  comments: number;
  reminders: number;
  nextReminder: number | null;
  receipts: string[];
  facts: string[];
  outcome: string | null;
}

export interface Asked {
  readonly requirements: readonly Requirement[];
  readonly denials: number;
  readonly ttlSeconds: number;
  readonly remindEverySeconds: number | null;
  readonly onBehalfOf: string | null;
  readonly askedSecondsAgo: number;
}

export interface Person {
  readonly name: string;
  readonly audiences: readonly string[];
  readonly admin?: boolean;
}

export function modelOf(asked: Asked): Model {
  return {
    asked,
    now: asked.askedSecondsAgo,
    status: 'pending',
    requirements: [...asked.requirements],
    votes: {},
    comments: 0,
    reminders: 0,
    nextReminder: asked.remindEverySeconds,
    receipts: [],
    facts: [],
    outcome: null,
  };
}

export function vote(model: Model, { name, audiences }: Person, cast: 'approve' | 'deny'): string {
  const own = model.votes[name];
  const timeOver = model.status === 'expired' || (model.status === 'pending' && isOver(model));
  if (own?.vote === cast && !timeOver) return model.status;
  const closed = refuseClosed(model);
  if (closed !== undefined) return closed;
  if (own !== undefined) return 'conflict';
  const places = placesFor(model, audiences);
  if (places.length === 0) return 'not_in_audience';
  if (cast === 'approve' && model.asked.onBehalfOf === name) return 'self_approval';
  model.votes[name] = { vote: cast, audiences: places };
  model.facts.push('voted');
  const denials = Object.values(model.votes).filter((one) => one.vote === 'deny').length;
  if (denials >= model.asked.denials) end(model, 'denied', cast);
  else if (isMet(model)) end(model, 'granted', cast);
  else model.receipts.push(cast);
  return model.status;
}

export function withdraw(model: Model, { name, audiences }: Person): string {
  const closed = refuseClosed(model);
  if (closed !== undefined) return closed;
  if (model.votes[name] === undefined) return placesFor(model, audiences).length > 0 ? 'pending' : 'not_in_audience';
  delete model.votes[name];
  model.receipts.push('withdraw');
  model.facts.push('voted');
  return 'pending';
}

export function comment(model: Model): string {
  model.comments += 1;
  model.receipts.push('comment');
  model.facts.push('commented');
  return model.status === 'pending' && isOver(model) ? 'expired' : model.status;
}

export function cancel(model: Model, { name, audiences, admin = false }: Person): string {
  const closed = refuseClosed(model);
  if (closed !== undefined) return closed;
  const may = admin || model.asked.onBehalfOf === name || placesFor(model, audiences).length > 0;
  if (!may) return 'not_in_audience';
  end(model, 'cancelled', 'cancel');
  return 'cancelled';
}

export function expire(model: Model): void {
  if (model.status === 'pending' && isOver(model)) end(model, 'expired', 'expire');
}

export function escalate(model: Model): void {
  if (model.status !== 'pending' || isOver(model)) return;
  const due = model.requirements.filter(({ escalate: to }) => to !== undefined && to.after_seconds <= model.now);
  if (due.length === 0) return;
  model.requirements = model.requirements.map((one) => {
    if (one.escalate === undefined || !due.includes(one)) return one;
    return { audience: one.audience, quorum: one.quorum, also: [one.escalate.audience] };
  });
  model.receipts.push('escalate');
  model.facts.push('escalated');
}

export function remind(model: Model): void {
  const every = model.asked.remindEverySeconds;
  if (model.status !== 'pending' || isOver(model)) return;
  if (every === null || model.nextReminder === null || model.nextReminder > model.now) return;
  model.reminders += 1;
  while (model.nextReminder <= model.now) model.nextReminder += every;
  if (model.reminders === 10) model.nextReminder = null;
  model.receipts.push('remind');
  model.facts.push('reminded');
}

export function stateOf({ status }: Model): string {
  return { pending: 'held', granted: 'rescore', denied: 'denied', expired: 'expired', cancelled: 'cancelled' }[status];
}

const isOver = (model: Model): boolean => model.now >= model.asked.ttlSeconds;

/** A request that finds the time over ends it on the way. */
function refuseClosed(model: Model): string | undefined {
  expire(model);
  if (model.status === 'pending') return undefined;
  return model.status === 'expired' ? 'approval_expired' : 'approval_already_decided';
}

function end(model: Model, status: Exclude<Model['status'], 'pending'>, deed: string): void {
  model.status = status;
  model.receipts.push(`${deed} ${stateOf(model)}`);
  model.facts.push(status);
  if (status !== 'granted') model.outcome = `outcome ${status}`;
}

function placesFor({ requirements }: Model, audiences: readonly string[]): string[] {
  return requirements
    .filter(({ audience, also }) => audiences.some((own) => own === audience || also?.includes(own)))
    .map(({ audience }) => audience);
}

/** Every place gets a person of its own, tried in every way there is. */
function isMet({ requirements, votes }: Model): boolean {
  const places = requirements.flatMap(({ audience, quorum }) => new Array<string>(quorum).fill(audience));
  const agree = Object.values(votes).filter(({ vote: cast }) => cast === 'approve');
  const fill = ([place, ...rest]: readonly string[], people: typeof agree): boolean =>
    place === undefined ||
    people.some(
      (one) =>
        one.audiences.includes(place) &&
        fill(
          rest,
          people.filter((other) => other !== one),
        ),
    );
  return fill(places, agree);
}
