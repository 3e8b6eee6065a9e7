import { z } from 'zod';
import type { Issue, Order, State } from './store.ts';

/** What a call changes, once. `keyed` calls honour an idempotency key; the others are done as often as they are sent. */
interface Effect {
  readonly keyed: boolean;
  apply(state: State, id: string, body: unknown): Answer;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const reasonSchema = z.object({ reason: z.string() });
const noteSchema = z.object({ text: z.string() });
const refundSchema = z.object({ amount: z.number().positive() });
const labelsSchema = z.object({ labels: z.array(z.string()) });
const commentSchema = z.object({ body: z.string() });

const EFFECTS: Readonly<Record<string, Effect>> = {
  'orders/hold': onOrder(true, reasonSchema, (order) => moveTo(order, 'held', ['open', 'held'])),
  'orders/cancel': onOrder(true, reasonSchema, (order) => moveTo(order, 'cancelled', ['open', 'held', 'cancelled'])),
  'orders/ship': onOrder(false, z.object({}), (order) => moveTo(order, 'shipped', ['open'])),
  'orders/notes': onOrder(false, noteSchema, (order, { text }) => {
    order.notes.push(text);
    return ok(order);
  }),
  'orders/refunds': onOrder(true, refundSchema, (order, { amount }) => {
    order.refunded = Math.round((order.refunded + amount) * 100) / 100;
    return ok(order);
  }),
  'issues/labels': onIssue(true, labelsSchema, (issue, { labels }) => {
    issue.labels = [...new Set([...issue.labels, ...labels])];
    return ok(issue);
  }),
  'issues/comments': onIssue(true, commentSchema, (issue, { body }) => {
    issue.comments.push(body);
    return ok(issue);
  }),
};

export function findEffect(kind: string, verb: string): Effect | undefined {
  const name = `${kind}/${verb}`;
  return Object.hasOwn(EFFECTS, name) ? EFFECTS[name] : undefined;
}

/** An order or an issue as it stands. The shop opens one the first time it is spoken of: it has no checkout. */
export function readEntity(state: State, kind: 'orders' | 'issues', id: string): Order | Issue {
  return kind === 'orders' ? orderOf(state, id) : issueOf(state, id);
}

function onOrder<T>(keyed: boolean, schema: z.ZodType<T>, change: (order: Order, body: T) => Answer): Effect {
  return {
    keyed,
    apply: (state, id, body) => parsed(schema, body, (input) => change(orderOf(state, id), input)),
  };
}

function onIssue<T>(keyed: boolean, schema: z.ZodType<T>, change: (issue: Issue, body: T) => Answer): Effect {
  return {
    keyed,
    apply: (state, id, body) => parsed(schema, body, (input) => change(issueOf(state, id), input)),
  };
}

function parsed<T>(schema: z.ZodType<T>, body: unknown, then: (input: T) => Answer): Answer {
  const input = schema.safeParse(body);
  return input.success ? then(input.data) : { status: 422, body: { error: z.prettifyError(input.error) } };
}

function moveTo(order: Order, status: Order['status'], from: readonly Order['status'][]): Answer {
  if (!from.includes(order.status)) return { status: 409, body: { error: `the order is ${order.status}` } };
  order.status = status;
  return ok(order);
}

/** A copy: the answer is kept, and the entity goes on changing. */
const ok = (entity: object): Answer => ({ status: 200, body: structuredClone(entity) });

function orderOf(state: State, id: string): Order {
  if (!Object.hasOwn(state.orders, id)) state.orders[id] = { id, status: 'open', notes: [], refunded: 0 };
  return state.orders[id] as Order;
}

function issueOf(state: State, id: string): Issue {
  if (!Object.hasOwn(state.issues, id)) state.issues[id] = { id, labels: [], comments: [] };
  return state.issues[id] as Issue;
}
