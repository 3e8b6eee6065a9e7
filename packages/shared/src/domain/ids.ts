import { z } from 'zod';

/** A string that only the right birthplace can make: passing a plan's id for an action's does not compile. */
export type Brand<T, Name extends string> = T & { readonly __brand: Name };

export type PlanRowId = Brand<string, 'PlanRowId'>;
export type ActionId = Brand<string, 'ActionId'>;
export type ApprovalId = Brand<string, 'ApprovalId'>;
export type ReceiptId = Brand<string, 'ReceiptId'>;
/** `<source>.<type>.<key>`: the last three tokens of the event's subject. */
export type EventId = Brand<string, 'EventId'>;
/** Lower-case hex SHA-256. */
export type Digest = Brand<string, 'Digest'>;

const uuid = z.uuid();
export const planRowIdSchema = uuid as unknown as z.ZodType<PlanRowId>;
export const actionIdSchema = uuid as unknown as z.ZodType<ActionId>;
export const approvalIdSchema = uuid as unknown as z.ZodType<ApprovalId>;
export const receiptIdSchema = uuid as unknown as z.ZodType<ReceiptId>;
