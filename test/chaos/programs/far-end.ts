/**
 * The system that connectors call, in a process of its own: it outlives those that call it, and writes down each call before
 * it does anything, so that its log is nobody's opinion.
 */
import { openSync, writeSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answersQuestion, behaviourOf, type Mood } from '../core/far-end-behaviour.ts';
import type { FarEndLine, FromFarEnd, SeenPoint, ToFarEnd } from '../core/far-end-protocol.ts';

const [logFile = '', seedText = '0'] = process.argv.slice(2);
const seed = Number(seedText);
const log = openSync(logFile, 'a');
/** By whom a key was done first. */
const doneKeys = new Map<string, number>();
let mood: Mood = 'seeded';
let armed: Extract<ToFarEnd, { do: 'arm' }> | undefined;
let count = 0;
let questions = 0;

const now = (): number => performance.timeOrigin + performance.now();
const write = (line: FarEndLine): void => void writeSync(log, `${JSON.stringify(line)}\n`);
const tell = (message: FromFarEnd): void => void process.send?.(message);

/** The truth, at this moment. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://far-end');
  const [, connector = ''] = pathname.split('/');
  const key = searchParams.get('key') ?? '';
  const by = doneKeys.get(`${connector}:${key}`);
  const available = answersQuestion(seed, ++questions, mood);
  const said = !available ? 'unavailable' : by === undefined ? 'not_applied' : 'applied';
  write({ line: 'question', at: now(), connector, key, answer: said });
  const body = available ? { applied: by === undefined ? null : { seq: by } } : {};
  response.writeHead(available ? 200 : 503, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function take(request: IncomingMessage, response: ServerResponse): void {
  const seq = ++count;
  const header = (name: string): string => String(request.headers[name] ?? '');
  const [, connector = '', tool = ''] = (request.url ?? '').split('/');
  const pid = Number(header('x-process'));
  const key = header('idempotency-key');
  // A system that repeats what it was told in all that it says.
  const said = `${header('authorization')} ${header('x-card')}`;
  const call = { action: header('x-action'), attempt: Number(header('x-attempt')), entity: header('x-entity') };
  write({ line: 'start', seq, at: now(), ...call, connector, tool, key, pid });
  request.resume();
  response.on('close', () => write({ line: 'end', seq, at: now(), how: 'closed' }));
  fire('call arrives', pid);

  const { applies, delayMs, ends } = behaviourOf(seed, seq, mood);
  const once = `${connector}:${key}`;
  const apply = (): void => {
    if (!applies || ((tool === 'safe' || tool === 'few') && doneKeys.has(once))) return;
    if (!doneKeys.has(once)) doneKeys.set(once, seq);
    write({ line: 'applied', seq, at: now() });
  };
  // Half of its time before it does it, half after: whoever is killed in between is killed on either side.
  setTimeout(() => {
    apply();
    fire('call applied', pid);
    setTimeout(() => end(), delayMs / 2);
  }, delayMs / 2);

  function end(): void {
    if (ends.how === 'hangs' || response.destroyed) return;
    // Its end is when the answer leaves: the caller cannot have it, nor act on it, before.
    write({ line: 'end', seq, at: now(), how: ends.how });
    if (ends.how === 'resets') return void request.socket.destroy();
    response.writeHead(ends.status, { 'content-type': 'application/json' }).end(JSON.stringify({ seq, heard: said }));
    fire('call answered', pid);
  }
}

/** Only a process that it was told of: a header is only a header. */
function fire(point: SeenPoint, pid: number): void {
  if (armed?.point !== point || !armed.pids.includes(pid)) return;
  const { afterMs } = armed;
  armed = undefined;
  const kill = (): void => {
    try {
      process.kill(pid, 'SIGKILL');
      tell({ is: 'fired', point, pid });
    } catch {
      // It was gone already.
    }
  };
  if (afterMs === 0) kill();
  else setTimeout(kill, afterMs);
}

const server = createServer((request, response) => (request.method === 'GET' ? answer : take)(request, response));
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () =>
  tell({ is: 'ready', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
);

process.on('message', (message: ToFarEnd) => {
  switch (message.do) {
    case 'change':
      mood = message.mood;
      break;
    case 'arm':
      armed = message;
      break;
    case 'disarm':
      armed = undefined;
      break;
    default:
      message satisfies never;
  }
});
for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) {
  process.on(event, () => {
    // Once more round the loop: what closes now is still written down.
    server.close(() => setImmediate(() => process.exit(0)));
    server.closeAllConnections();
  });
}
