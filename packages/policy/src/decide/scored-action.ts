import type { Json } from '@holdpoint/shared/domain/json';
import type { Risk } from '@holdpoint/shared/domain/policy';

/** What a line came to: what is recorded, digested and, where it is permitted, executed. */
export interface ScoredAction {
  readonly connector: string;
  readonly tool: string;
  /** null where no such tool is known. */
  readonly risk: Risk | null;
  /** As the tool's schema parsed them; as proposed where it refused them; null where they cannot be stored. */
  readonly args: Json;
  readonly value: number | null;
  readonly entity_key: string | null;
  readonly idempotency_key: string | null;
}
