import type { Environment } from './binaries.ts';

/** The only reader of the process's environment in this package. */
export const environment = (): Environment => process.env;
