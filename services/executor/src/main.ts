import { runService } from '@holdpoint/shared/runtime/service';
import { handStray, keepFromExiting } from './call/connector-scope.ts';
import { readExecutorConfig } from './config.ts';
import { startExecutor } from './service.ts';

keepFromExiting();
await runService({
  name: 'executor',
  start: (signal) => startExecutor(readExecutorConfig(), signal),
  handStray,
});
