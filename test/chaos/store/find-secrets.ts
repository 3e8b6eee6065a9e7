import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { Redis } from 'ioredis';
import type { SecretSearch } from '../core/history.ts';
import { readStream } from '../read-streams.ts';
import type { System } from '../system.ts';

/** Where arguments stand because they are what is executed, or as an operator sent them. */
const HOLDERS = new Set(['table actions.args', 'table plans.body', 'stream PLANS', 'stream DEAD']);
const FOUND_MAX = 100;
const ROWS_MAX = 5_000;
/** The far end is not ours: it writes down what it likes. */
const FOREIGN_LOGS = new Set(['far-end.jsonl']);

interface Place {
  readonly name: string;
  readonly text: string;
}

/** Looks through everything that was written down for what nobody but a call may know. The services are still there. */
export async function findSecrets(system: System, secrets: readonly RegExp[]): Promise<SecretSearch> {
  const found = new Set<string>();
  let searched = 0;
  let seen = 0;
  const look = ({ name, text }: Place): void => {
    searched += 1;
    for (const secret of secrets) {
      const at = text.search(secret);
      if (at < 0) continue;
      if (HOLDERS.has(name)) seen += 1;
      else if (found.size < FOUND_MAX) found.add(`${name}: ${text.slice(Math.max(0, at - 60), at + 60)}`);
    }
  };
  for await (const place of logs(join(system.dir, 'logs'))) look(place);
  for await (const place of rows(system)) look(place);
  for await (const place of keys(system.stack.redisUrl)) look(place);
  for (const { name } of Object.values(STREAMS)) {
    const texts = await readStream(system.nats, name, ({ subject, data, headers }) => [
      `${subject} ${headers ?? ''} ${new TextDecoder().decode(data)}`,
    ]);
    for (const text of texts) look({ name: `stream ${name}`, text });
  }
  return { searched, inHolders: seen, found: [...found] };
}

async function* logs(dir: string): AsyncGenerator<Place> {
  for (const file of await readdir(dir)) {
    if (!FOREIGN_LOGS.has(file)) yield { name: `log ${file}`, text: await readFile(join(dir, file), 'utf8') };
  }
}

/** Column by column, so that a holder is one column and no more. */
async function* rows({ db }: System): AsyncGenerator<Place> {
  const { rows: columns } = await db.query<{ table: string; column: string }>(
    `SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
     JOIN pg_class c ON c.relname = table_name AND c.relkind IN ('r', 'p') AND NOT c.relispartition
     WHERE table_schema = 'public' AND data_type IN ('text', 'jsonb', 'json', 'bytea', 'ARRAY')`,
  );
  for (const { table, column } of columns) {
    for (let offset = 0; ; offset += ROWS_MAX) {
      const { rows: found } = await db.query<{ text: string | null }>(
        `SELECT "${column}"::text AS text FROM "${table}" ORDER BY ctid LIMIT ${ROWS_MAX} OFFSET ${offset}`,
      );
      yield { name: `table ${table}.${column}`, text: found.map(({ text }) => text ?? '').join('\n') };
      if (found.length < ROWS_MAX) break;
    }
  }
}

async function* keys(url: string): AsyncGenerator<Place> {
  const redis = new Redis(url);
  try {
    for await (const batch of redis.scanStream({ count: 500 }) as AsyncIterable<string[]>) {
      for (const key of batch)
        yield { name: `redis ${key}`, text: String((await redis.dumpBuffer(key))?.toString('latin1')) };
    }
  } finally {
    redis.disconnect();
  }
}
