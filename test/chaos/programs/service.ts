/** A service as it is shipped, but for times that a campaign of minutes, or of seconds, can see run out. */
import { EXECUTOR_LIMITS, readExecutorConfig } from '@holdpoint/executor/config';
import { startExecutor } from '@holdpoint/executor/service';
import { CONSUMERS } from '@holdpoint/shared/messages/consumers';
import { runService } from '@holdpoint/shared/runtime/service';
import type { ServiceSoak } from '../core/campaign-profile.ts';
import { shortenStreams } from '../shorten-streams.ts';
import { CALL_TIMEOUT_MS } from '../workspace.ts';
import { tellHeap } from './tell-heap.ts';

const MS_AS_NS = 1_000_000;

const [service = '', leaseText = '', ackWaitText = '', soakText = ''] = process.argv.slice(2);
const leaseMs = Number(leaseText);

// How long a message waits that a killed instance had in hand. 0: as shipped.
const ackWaitMs = Number(ackWaitText);
if (ackWaitMs > 0) {
  for (const { config } of Object.values(CONSUMERS)) Object.assign(config, { ack_wait: ackWaitMs * MS_AS_NS });
}

if (soakText) {
  const { name, heapFile, heapEveryMs, streamAgeMs } = JSON.parse(soakText) as ServiceSoak;
  shortenStreams(streamAgeMs);
  tellHeap(name, heapFile, heapEveryMs);
}

if (service === 'executor') {
  const limits = {
    ...EXECUTOR_LIMITS,
    leaseMs,
    callTimeoutMs: CALL_TIMEOUT_MS,
    // The least that is safe: a question that comes sooner may miss what is still under way.
    settleDelayMs: CALL_TIMEOUT_MS + leaseMs,
    sweepEveryMs: Math.min(EXECUTOR_LIMITS.sweepEveryMs, leaseMs),
  };
  await runService({ name: service, start: (signal) => startExecutor({ ...readExecutorConfig(), limits }, signal) });
} else {
  await import(`@holdpoint/${service}/main`);
}
