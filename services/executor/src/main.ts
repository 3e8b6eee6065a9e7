import { runService } from '@holdpoint/shared/runtime/service';
import { readExecutorConfig } from './config.ts';
import { startExecutor } from './service.ts';

await runService({ name: 'executor', start: (signal) => startExecutor(readExecutorConfig(), signal) });
