/** What the global setup tells every test file. */
export type ProvidedPostgres = {
  readonly adminUrl: string;
  readonly databaseOwnerUrl: string;
  readonly databaseUrl: string;
  /** A migrated database that is only ever copied. */
  readonly template: string;
  /** Everything a test writes lies below it, so that one removal cleans up after all of them. */
  readonly folder: string;
};

declare module 'vitest' {
  interface ProvidedContext {
    holdpointPostgres: ProvidedPostgres;
    /** For browser tests. */
    chromiumPath: string;
  }
}
