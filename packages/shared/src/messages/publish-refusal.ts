const STORE_REFUSED = 10077;
const SUBJECT_TAKEN = 'maximum messages per subject exceeded';

/**
 * Whether the stream refused because the event is there already. A full stream, a full disk and a closed store come under
 * the same code, and none of them may pass for a duplicate: the provider would never send again. Hence the text.
 */
export function isSubjectTaken(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return code === STORE_REFUSED && message === SUBJECT_TAKEN;
}

/** Connected, and yet nobody answers for a stream: the server came back without its disk, or someone deleted it. */
export function isStreamMissing(error: unknown): boolean {
  const { name, cause } = (error ?? {}) as { name?: unknown; cause?: { name?: unknown } };
  // A direct read asks the stream itself, so that nobody hears it.
  return name === 'JetStreamNotEnabled' || name === 'StreamNotFoundError' || cause?.name === 'NoResponders';
}
