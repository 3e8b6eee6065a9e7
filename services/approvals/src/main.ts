import { runService } from '@holdpoint/shared/runtime/service';
import { readApprovalsConfig } from './config.ts';
import { startApprovals } from './service.ts';

await runService({ name: 'approvals', start: async (signal) => startApprovals(readApprovalsConfig(), signal) });
