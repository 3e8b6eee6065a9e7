import { HoldpointError } from '@holdpoint/shared/domain/errors';
import { z } from 'zod';

export const idParams = z.object({ id: z.string() });

const uuid = z.uuid();

export const isId = (id: string): boolean => uuid.safeParse(id).success;

/** What cannot be an id names nothing. @throws {HoldpointError} NOT_FOUND */
export function knownId({ id }: { readonly id: string }, otherwise: string): string {
  if (!isId(id)) throw new HoldpointError('NOT_FOUND', otherwise);
  return id;
}
