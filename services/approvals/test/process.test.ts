import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Approval } from '@holdpoint/shared/domain/approval';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { approvalSubject } from '@holdpoint/shared/messages/subjects';
import { createLogger } from '@holdpoint/shared/runtime/logger';
import { connectNats } from '@holdpoint/shared/runtime/nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, call, environmentFor, eventually, givenApproval, openBench, TENANT } from './fixtures.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

let bench: Bench;
let alice: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  bench = await openBench();
  alice = await bench.issuer.token('alice');
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await bench?.stop();
});

/** Runs the service as it is run, and answers once it listens. */
async function spawnService(): Promise<{ child: ChildProcess; url: string; exited: Promise<number | null> }> {
  const env = { ...environmentFor(bench.servers, bench.issuer), LOG_LEVEL: 'info' };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  let url: string | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    url ??= /"url":"(http[^"]+)"/.exec(line)?.[1];
  });
  return { child, exited, url: await eventually('the service listens', () => url) };
}

describe('the process', () => {
  it('drains on SIGTERM: who waits is answered, streams end, and it ends with 0', async () => {
    const { child, url, exited } = await spawnService();
    const { approvalId } = await givenApproval(bench.owner);
    const stream = await fetch(`${url}/v1/approvals/stream`, { headers: { authorization: `Bearer ${alice}` } });
    const waiting = call(url, alice, 'GET', `/v1/approvals/${approvalId}?wait=60`);
    await eventually('it waits', async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return /^holdpoint_approval_waiters\{[^}]*\} 1$/m.test(text) || undefined;
    });
    child.kill('SIGTERM');
    expect((await waiting).body.status).toBe('pending');
    expect(await stream.text()).toContain(': listening');
    expect(await exited).toBe(0);
  });

  it('killed between commit and publish loses no fact: another instance tells it', async () => {
    const [first, second] = await Promise.all([spawnService(), spawnService()]);
    const { approvalId } = await givenApproval(bench.owner);
    await bench.servers.nats.stop();
    const voted = await call(first.url, alice, 'POST', `/v1/approvals/${approvalId}/approve`);
    expect(voted).toMatchObject({ status: 200, body: { status: 'granted' } });
    first.child.kill('SIGKILL');
    await first.exited;
    await bench.servers.nats.start();
    const logger = createLogger({ service: 'test', level: 'silent', instance: 'test' });
    const nats = await connectNats({ url: bench.servers.natsUrl, name: 'test', logger });
    const told = await eventually('it is in the stream', async () => {
      const subject = approvalSubject(TENANT, 'granted', 'order-risk');
      const stored = await nats.jsm.streams
        .getMessage(STREAMS.APPROVALS.name, { last_by_subj: subject })
        .catch(() => null);
      return stored ?? undefined;
    });
    expect(told.json<Approval>()).toMatchObject({ id: approvalId, status: 'granted' });
    await nats.close();
    second.child.kill('SIGTERM');
    expect(await second.exited).toBe(0);
  });

  it('ends with one line that names a bad variable', async () => {
    const env = { ...environmentFor(bench.servers, bench.issuer), NATS_URL: 'ftp://nowhere' };
    const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    children.push(child);
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(78);
    expect(said).toMatch(/^NATS_URL: [^\n]+\n$/);
  });
});
