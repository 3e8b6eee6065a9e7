import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { PlanAnswer } from '@holdpoint/sdk/client';
import { type ExecutionPlan, executionPlanSchema } from '@holdpoint/shared/domain/plan';
import type { Command } from '../command.ts';
import { numberOf } from '../command-line.ts';
import { UsageError } from '../usage.ts';

export const plansSubmit: Command = {
  options: ['operator', 'wait'],
  words: ['FILE'],
  async run({ client, words: [file = ''], values, typedIn }) {
    if (!values.operator) throw new UsageError('a plan has an --operator');
    const plan = await readPlan(file, typedIn);
    const waitSeconds = numberOf(values, 'wait');
    const answer = await client.plans.submit(plan, { operator: values.operator, waitSeconds });
    return {
      data: answer,
      table: {
        head: ['LINE', 'ACTION', 'DECISION', 'STATE', 'WHY'],
        rows: answer.decisions.map((decision) => [
          String(decision.index),
          decision.action_id,
          decision.decision,
          stateOf(answer, decision.action_id) ?? decision.state,
          decision.reasons.map(({ message }) => message).join('; '),
        ]),
        none: 'a plan without decisions',
      },
    };
  },
};

/** The decision's state is that of when it was decided; an outcome is newer. */
function stateOf({ outcomes = [] }: PlanAnswer, actionId: string): string | undefined {
  return outcomes.find(({ action_id }) => action_id === actionId)?.outcome;
}

/** @throws UsageError */
export async function readPlan(file: string, typedIn: string): Promise<ExecutionPlan> {
  const content = await (file === '-' ? text(process.stdin) : readFile(resolve(typedIn, file), 'utf8')).catch(() => {
    throw new UsageError(`${file} cannot be read`);
  });
  const parsed = executionPlanSchema.safeParse(jsonIn(content, file));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(`${file} is no plan: ${[issue?.path.join('.'), issue?.message].filter(Boolean).join(': ')}`);
}

function jsonIn(content: string, file: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    throw new UsageError(`${file} is not JSON`);
  }
}
