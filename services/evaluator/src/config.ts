import { readConfig, type ServiceConfig } from '@holdpoint/shared/runtime/config';

export type EvaluatorConfig = ServiceConfig;

/** @throws ConfigError naming the bad variable */
export const evaluatorConfig = (): EvaluatorConfig => readConfig(process.env, 'evaluator');
