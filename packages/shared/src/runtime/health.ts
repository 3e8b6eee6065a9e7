/** Resolves where a dependency answers; how long it may take is bounded by the caller. */
export type Check = () => Promise<unknown>;
export type Checks = Readonly<Record<string, Check>>;

export interface Readiness {
  readonly status: 'ready' | 'unavailable' | 'draining';
  /** `ok`, `failed`, or what is noted beside them. */
  readonly checks: Readonly<Record<string, string>>;
}

export const CHECK_LIMIT_MS = 1_000;

/** Runs all checks at once, each for a second at most: a server that accepts and never answers counts as away. */
export async function runChecks(checks: Checks, limitMs: number = CHECK_LIMIT_MS): Promise<Readiness> {
  const results = await Promise.all(
    Object.entries(checks).map(
      async ([name, check]) => [name, (await passes(check, limitMs)) ? 'ok' : 'failed'] as const,
    ),
  );
  const ready = results.every(([, result]) => result === 'ok');
  return { status: ready ? 'ready' : 'unavailable', checks: Object.fromEntries(results) };
}

async function passes(check: Check, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const answered = (async () => {
    try {
      await check();
      return true;
    } catch {
      return false;
    }
  })();
  try {
    return await Promise.race([answered, late]);
  } finally {
    clearTimeout(timer);
  }
}
