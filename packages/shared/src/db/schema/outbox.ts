import type { ColumnType, Generated, GeneratedAlways } from 'kysely';

/** A fact that waits to leave. `id` becomes `Nats-Msg-Id`. */
export interface OutboxMessage {
  readonly subject: string;
  readonly id: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface OutboxTable {
  id: GeneratedAlways<number>;
  messages: ColumnType<OutboxMessage[], string, never>;
  created_at: Generated<Date>;
}
