import { runService } from '@holdpoint/shared/runtime/service';
import { readIngestConfig } from './config.ts';
import { startIngest } from './service.ts';

await runService({ name: 'ingest', start: async (signal) => startIngest(readIngestConfig(), signal) });
