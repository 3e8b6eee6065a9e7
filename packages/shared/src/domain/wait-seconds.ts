import { z } from 'zod';

const WAIT_MAX_SECONDS = 60;

/** How long a caller will wait for an answer to change. Who would wait longer is answered sooner, not refused. */
export const waitSecondsSchema = z.coerce
  .number()
  .min(0)
  .transform((seconds) => Math.min(seconds, WAIT_MAX_SECONDS))
  .describe(`At most ${WAIT_MAX_SECONDS} are waited`);
