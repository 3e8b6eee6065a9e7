import { readConfig, type ServiceConfig } from '@holdpoint/shared/runtime/config';

export interface EvaluatorConfig extends ServiceConfig {
  /** How long a workspace may take to load and pass its cases; 30 s unless told. */
  readonly rulesLoadMaxMs?: number;
}

/** @throws ConfigError naming the bad variable */
export const evaluatorConfig = (): EvaluatorConfig => readConfig(process.env, 'evaluator');
