import { handStray, keepFromExiting } from '@holdpoint/calls/connector-scope';
import { runService } from '@holdpoint/shared/runtime/service';
import { readExecutorConfig } from './config.ts';
import { startExecutor } from './service.ts';

keepFromExiting();
await runService({
  name: 'executor',
  start: (signal) => startExecutor(readExecutorConfig(), signal),
  handStray,
});
