import { pathToFileURL } from 'node:url';
import type { Nats } from '@holdpoint/shared/runtime/nats';
import { until } from '@holdpoint/stack/until';
import { type Account, openAccount } from './account.ts';
import { followFacts, untilTaken } from './follow.ts';
import type { RunFileSource } from './run-file.ts';
import type { Line, Terminal, Tone } from './terminal.ts';

type Samples = typeof import('@holdpoint/workspace/samples/send');
type SentSample = Awaited<ReturnType<Samples['sendSamples']>>[number];

const SAMPLE_WIDTHS = [40];
const SETTLE_DEADLINE_MS = 30_000;
/** More in a second than anyone reads are counted instead. */
const LINES_PER_SECOND_MAX = 40;

export interface SampleSource {
  /** What sends them: the workspace's own. */
  readonly file: string;
  readonly ingestUrl: string;
  readonly sources: readonly RunFileSource[];
}

export interface Demo {
  /** Sends the samples and waits until each action is over or waits for a person. */
  send(samples: SampleSource): Promise<void>;
  stop(): void;
}

/** Tells what happens to every action from now on, the samples' and any other. */
export async function openDemo(nats: Nats, terminal: Terminal): Promise<Demo> {
  const account = openAccount();
  const say = spared(terminal);
  // What happens while samples are sent is told after them, so that each can be read by itself.
  let saved: Line[] | undefined;
  const tell = (line: Line): void => void (saved ? saved.push(line) : say(line));
  const following = await followFacts(nats, (fact) => account.take(fact).forEach(tell));
  return {
    async send(samples) {
      terminal.title('sample webhooks, signed as their providers sign');
      saved = [];
      const { sendSamples } = (await import(pathToFileURL(samples.file).href)) as Samples;
      const sent = await sendSamples({ ...samples, log: (one) => terminal.line(sampleLine(one), SAMPLE_WIDTHS) });
      if (sent.some(({ status }) => status === ACCEPTED)) terminal.title('what became of each action');
      saved.forEach(say);
      saved = undefined;
      const taken = await untilTaken(nats, SETTLE_DEADLINE_MS);
      const settled = await until(() => (account.unfinished() === 0 ? true : undefined), SETTLE_DEADLINE_MS);
      terminal.text();
      for (const line of summary(sent, account)) terminal.text(line);
      if (!taken || !settled) terminal.text('not everything was finished in time; it goes on');
    },
    stop: following.stop,
  };
}

const ACCEPTED = 202;
const KNOWN = 200;

const ANSWERS: Readonly<Record<number, { label: string; tone: Tone }>> = {
  [ACCEPTED]: { label: 'accepted', tone: 'plain' },
  [KNOWN]: { label: 'duplicate', tone: 'quiet' },
};

function sampleLine({ title, status, event_id }: SentSample): Line {
  const { label, tone } = ANSWERS[status] ?? { label: 'refused', tone: 'bad' as const };
  return { label, tone, columns: [title, event_id ? shortened(event_id) : `answered with ${status}`] };
}

/** The end of an event's id is a hash, of which the beginning says enough. */
function shortened(eventId: string): string {
  const hashAt = eventId.lastIndexOf('.') + 1;
  return `${eventId.slice(0, hashAt + 8)}…`;
}

function summary(sent: readonly SentSample[], account: Account): string[] {
  const of = (status: number): number => sent.filter((one) => one.status === status).length;
  const refused = sent.filter(({ status }) => status !== KNOWN && status !== ACCEPTED).length;
  const webhooks = `${sent.length} webhooks: ${of(ACCEPTED)} accepted, ${of(KNOWN)} duplicate, ${refused} refused`;
  if (of(ACCEPTED) === 0) {
    return [
      `${webhooks}.`,
      'All of them were sent at an earlier start; they were known again, and nothing is done twice.',
    ];
  }
  const states = [...account.counts()].map(([state, count]) => `${count} ${state}`).join(', ');
  const [first] = account.waiting();
  return [
    `${webhooks}. Actions: ${states || 'none'}.`,
    ...(first ? [`What is held waits for a person: npm run holdpoint -- approve ${first.id} --as alice`] : []),
  ];
}

/** Writes lines as they come, up to what can be read; of the rest it says how many they were. */
function spared(terminal: Terminal): (line: Line) => void {
  let second = 0;
  let written = 0;
  let left = 0;
  return (line) => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) {
      if (left > 0) terminal.text(`… and ${left} more`);
      [second, written, left] = [now, 0, 0];
    }
    if (written < LINES_PER_SECOND_MAX) {
      written += 1;
      terminal.line(line);
    } else left += 1;
  };
}
