import type { Approval } from '@holdpoint/shared/domain/approval';
import type { Notice } from '@holdpoint/shared/domain/notification';
import type { Outbound } from './outbound.ts';

/** One notice on its way to one channel. */
export interface Delivery {
  /** The same at every attempt: receivers recognise a second copy by it. */
  readonly id: string;
  readonly notice: Notice;
  readonly approval: Approval;
  /** When the notice was made. */
  readonly at: Date;
  /** What the receiver called the earlier notices of this approval. */
  readonly earlier: readonly unknown[];
  readonly signal: AbortSignal;
}

export type Delivered =
  | { readonly kind: 'sent'; readonly receipt?: unknown }
  | { readonly kind: 'skipped'; readonly reason: string }
  /** Worth another attempt, which costs nothing where the receiver only asked for time. */
  | { readonly kind: 'again'; readonly reason: string; readonly afterMs?: number; readonly limited?: boolean }
  /** Another attempt would end the same way. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The receiver wants nothing ever again. */
  | { readonly kind: 'gone'; readonly reason: string };

/** What a channel sends with. */
export interface Sending {
  readonly outbound: Outbound;
  readonly publicUrl: string;
  readonly nowMs: number;
}
