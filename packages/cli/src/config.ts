/** The only reader of the process's environment in this package. */
export const environment = (): Readonly<Record<string, string | undefined>> => process.env;
