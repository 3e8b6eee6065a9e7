/** The only reader of the process's environment in what starts the parts. */
export const environment = (): Readonly<Record<string, string | undefined>> => process.env;
