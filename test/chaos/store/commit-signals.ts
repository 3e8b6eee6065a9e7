import pg from 'pg';
import { type Moments, openMoments } from '../core/moments.ts';

/** Moments of the truth: what a commit has just made so. */
export type CommitPoint = 'claimed' | 'finished' | 'decided' | 'granted';

const CHANNEL = 'chaos';
const RECONNECT_MS = 150;

/** Has the database tell, at the commit itself, what happened in it. Triggers of a campaign's own database. */
export async function installCommitSignals(ownerUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query(`
      CREATE OR REPLACE FUNCTION chaos_tell() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_notify('${CHANNEL}', TG_ARGV[0]);
        RETURN NULL;
      END $$;
      GRANT EXECUTE ON FUNCTION chaos_tell() TO holdpoint_service;
      CREATE OR REPLACE TRIGGER chaos_decided AFTER INSERT ON plans FOR EACH ROW EXECUTE FUNCTION chaos_tell('decided');
      CREATE OR REPLACE TRIGGER chaos_claimed AFTER UPDATE OF state ON actions FOR EACH ROW
        WHEN (OLD.state = 'queued' AND NEW.state = 'running') EXECUTE FUNCTION chaos_tell('claimed');
      CREATE OR REPLACE TRIGGER chaos_finished AFTER UPDATE OF state ON actions FOR EACH ROW
        WHEN (OLD.state = 'running' AND NEW.state <> 'running') EXECUTE FUNCTION chaos_tell('finished');
      CREATE OR REPLACE TRIGGER chaos_granted AFTER UPDATE OF state ON actions FOR EACH ROW
        WHEN (OLD.state = 'held' AND NEW.state = 'rescore') EXECUTE FUNCTION chaos_tell('granted');`);
  } finally {
    await client.end();
  }
}

export interface CommitSignals extends Pick<Moments<CommitPoint>, 'once'> {
  stop(): Promise<void>;
}

/** Listens for as long as it is asked to, through restarts of the database. */
export function listenForCommits(ownerUrl: string): CommitSignals {
  const moments = openMoments<CommitPoint>();
  let client: pg.Client | undefined;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const again = (): void => {
    client = undefined;
    if (!stopped) timer = setTimeout(() => void connect(), RECONNECT_MS);
  };
  async function connect(): Promise<void> {
    const made = new pg.Client({ connectionString: ownerUrl, connectionTimeoutMillis: 2_000, keepAlive: true });
    let lost = false;
    const lose = (): void => {
      if (lost) return;
      lost = true;
      again();
    };
    made.on('error', lose);
    made.on('end', lose);
    made.on('notification', ({ payload }) => moments.tell(payload as CommitPoint));
    try {
      await made.connect();
      await made.query(`LISTEN ${CHANNEL}`);
      client = made;
    } catch {
      await made.end().catch(() => {});
      lose();
    }
  }
  const first = connect();

  return {
    once: moments.once,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await first;
      await client?.end().catch(() => {});
    },
  };
}
