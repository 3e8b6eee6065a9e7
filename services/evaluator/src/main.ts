import { runService } from '@holdpoint/shared/runtime/service';
import { evaluatorConfig } from './config.ts';
import { startEvaluator } from './service.ts';

await runService({ name: 'evaluator', start: (signal) => startEvaluator(evaluatorConfig(), signal) });
