/** The executor's own process, but for a lease and a settle delay that a test can see run out. */

import { handStray, keepFromExiting } from '@holdpoint/calls/connector-scope';
import { runService } from '@holdpoint/shared/runtime/service';
import { EXECUTOR_LIMITS, readExecutorConfig } from '../../src/config.ts';
import { startExecutor } from '../../src/service.ts';

const limits = {
  ...EXECUTOR_LIMITS,
  leaseMs: 1_500,
  settleDelayMs: 100,
  sweepEveryMs: 500,
  connectorHealthEveryMs: 200,
};

keepFromExiting();
await runService({
  name: 'executor',
  start: (signal) => startExecutor({ ...readExecutorConfig(), limits }, signal),
  handStray,
});
