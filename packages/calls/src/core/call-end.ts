import type { Failure } from './classify-failure.ts';

/** How a call ended, as far as this process can tell. */
export type CallEnd = (
  | { readonly kind: 'answered'; readonly result: unknown }
  /** The right to send was gone before anything was sent. */
  | { readonly kind: 'not_sent'; readonly message: string }
  | Failure
) & {
  /** What is left of the remote system's allowance asks for so long a rest, whatever became of this call. */
  readonly restMs?: number;
};
