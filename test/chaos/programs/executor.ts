/** The executor as it is, but for a lease that a campaign of minutes can see run out. */
import { EXECUTOR_LIMITS, readExecutorConfig } from '@holdpoint/executor/config';
import { startExecutor } from '@holdpoint/executor/service';
import { runService } from '@holdpoint/shared/runtime/service';

const leaseMs = Number(process.argv[2] ?? EXECUTOR_LIMITS.leaseMs);
const limits = { ...EXECUTOR_LIMITS, leaseMs, sweepEveryMs: Math.min(EXECUTOR_LIMITS.sweepEveryMs, leaseMs) };

await runService({ name: 'executor', start: (signal) => startExecutor({ ...readExecutorConfig(), limits }, signal) });
