import { z } from 'zod';

/** Tenants, sources, operators, connectors, audiences. One subject token each, so never a dot, a star or a space. */
export const NAME_PATTERN = /^[a-z0-9][a-z0-9_-]{0,62}$/;
export const TOOL_PATTERN = /^[A-Za-z0-9_.-]{1,64}$/;
/** Idempotency and entity keys: 1–255 printable characters (no control characters, no lone surrogates). */
export const KEY_PATTERN = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,255}$/u;

export const nameSchema = z
  .string()
  .regex(NAME_PATTERN, 'must be 1–63 of a–z, 0–9, _ and -, and begin with a letter or a digit');
export const toolNameSchema = z.string().regex(TOOL_PATTERN, 'must be 1–64 of A–Z, a–z, 0–9, _, . and -');
export const keySchema = z.string().regex(KEY_PATTERN, 'must be 1–255 printable characters');
/** A caller's own id of a plan: printable, and short enough to index. */
export const planIdSchema = z.string().regex(KEY_PATTERN, 'must be 1–255 printable characters');
