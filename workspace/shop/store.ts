import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const orderSchema = z.object({
  id: z.string(),
  status: z.enum(['open', 'held', 'cancelled', 'shipped']),
  notes: z.array(z.string()),
  refunded: z.number(),
});
export type Order = z.infer<typeof orderSchema>;

const issueSchema = z.object({ id: z.string(), labels: z.array(z.string()), comments: z.array(z.string()) });
export type Issue = z.infer<typeof issueSchema>;

/** What was answered under an idempotency key, and to which request. */
const answerSchema = z.object({ request: z.string(), status: z.number(), body: z.unknown() });

const stateSchema = z.object({
  orders: z.record(z.string(), orderSchema),
  issues: z.record(z.string(), issueSchema),
  answers: z.record(z.string(), answerSchema),
});
export type State = z.infer<typeof stateSchema>;

const callSchema = z.object({
  id: z.number(),
  method: z.string(),
  path: z.string(),
  entity: z.string(),
  idempotency_key: z.string().nullable(),
  /** Milliseconds since 1970, with a fraction. */
  started_at: z.number(),
  ended_at: z.number().nullable(),
  /** Null while it is in flight, and where the caller went away without an answer. */
  status: z.number().nullable(),
});
export type Call = z.infer<typeof callSchema>;

const CALLS_MAX = 100_000;

export interface Store {
  readonly state: State;
  readonly calls: Call[];
  /** Writes the state as it is now; many at a time share one write. Resolves when it is on disk. */
  save(): Promise<void>;
  ended(call: Call): Promise<void>;
}

/** The shop's memory: one JSON file that is only ever replaced whole, and a log of calls beside it. */
export async function openStore(dataDir: string): Promise<Store> {
  await mkdir(dataDir, { recursive: true });
  const stateFile = join(dataDir, 'shop.json');
  const callsFile = join(dataDir, 'calls.jsonl');
  const state = stateSchema.parse(JSON.parse((await readIfAny(stateFile)) ?? '{"orders":{},"issues":{},"answers":{}}'));
  const lines = ((await readIfAny(callsFile)) ?? '').split('\n').filter((line) => line !== '');
  const calls = lines.slice(-CALLS_MAX).flatMap(readCall);
  let writing: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | undefined;
  return {
    state,
    calls,
    save() {
      waiting ??= writing
        .catch(() => undefined)
        .then(() => {
          waiting = undefined;
          writing = replace(stateFile, JSON.stringify(state));
          return writing;
        });
      return waiting;
    },
    async ended(call) {
      if (calls.length > CALLS_MAX) calls.splice(0, calls.length - CALLS_MAX);
      await appendFile(callsFile, `${JSON.stringify(call)}\n`);
    },
  };
}

async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

/** A line that a killed process left half written is no call. */
function readCall(line: string): Call[] {
  try {
    return [callSchema.parse(JSON.parse(line))];
  } catch {
    return [];
  }
}

async function readIfAny(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw error;
  }
}
