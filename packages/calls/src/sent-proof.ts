import { PrivateAddress } from '@holdpoint/shared/runtime/public-network';

const CAUSES_MAX = 5;

/** What one call proves about itself: of all its requests and connections together. */
export interface SentProof {
  /** From now on something of the call may have reached somebody. */
  mayHaveLeft(): void;
  /** This error ended a request or a connection of which nothing left. */
  neverLeft(error: object): void;
  /** Whether this error, or what caused it, proves that nothing of this call was sent. */
  provesNotSent(error: unknown): boolean;
  /** The address for which this call was refused before anything of it was sent; trying again would not help. */
  refusal(error: unknown): PrivateAddress | undefined;
}

export function createSentProof(): SentProof {
  const unsent = new WeakSet<object>();
  let left = false;
  const provesNotSent = (error: unknown) => !left && causesOf(error).some((one) => unsent.has(one));
  return {
    mayHaveLeft() {
      left = true;
    },
    neverLeft: (error) => void unsent.add(error),
    provesNotSent,
    refusal: (error) =>
      provesNotSent(error) ? causesOf(error).find((one) => one instanceof PrivateAddress) : undefined,
  };
}

/** The error itself first. */
export function causesOf(error: unknown): object[] {
  const found: object[] = [];
  for (let one = error; typeof one === 'object' && one !== null && found.length < CAUSES_MAX; ) {
    found.push(one);
    one = 'cause' in one ? one.cause : undefined;
  }
  return found;
}
