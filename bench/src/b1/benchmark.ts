import { evaluate, type Question } from '@holdpoint/policy/evaluate';
import type { Benchmark, Measured } from '../benchmark.ts';
import { quantile, spreadOf } from '../statistics.ts';
import { questionsOver } from './policies.ts';

const POLICIES = [10, 100, 1_000, 10_000] as const;

export const b1: Benchmark = {
  id: 'B1',
  title: 'Policy decisions in process',
  needsServers: false,
  setting: [
    'One thread; each line is parsed, matched and decided as in the evaluator. Two policies for each pair of tool and operator, up to 100 tools; every fourth line wants a person.',
    'p99: of single decisions, each timed by itself.',
  ],
  async run(_servers, { quick, runs, log }) {
    const decisions = quick ? 5_000 : 40_000;
    const sets = POLICIES.map((count) => ({
      count,
      questions: questionsOver(count),
      rates: [] as number[],
      p99s: [] as number[],
    }));
    for (const { questions } of sets) decideFor(questions, decisions / 4);
    for (let round = 1; round <= runs; round += 1) {
      for (const { count, questions, rates, p99s } of sets) {
        rates.push(decideFor(questions, decisions));
        p99s.push(p99Of(questions, decisions));
        log(
          `B1 ${round}/${runs} ${count} policies: ${Math.round(rates.at(-1) ?? 0)}/s, p99 ${p99s.at(-1)?.toFixed(1)} µs`,
        );
      }
    }
    const measured = sets.flatMap(({ count, rates, p99s }): Measured[] => {
      const line = { case: `${count} policies`, contender: 'Holdpoint' };
      return [
        { ...line, unit: 'decisions/s', spread: spreadOf(rates) },
        { ...line, case: `${line.case}, p99`, unit: 'µs', spread: spreadOf(p99s) },
      ];
    });
    return { measured, limits: [] };
  },
};

/** Decisions a second. */
function decideFor(questions: readonly Question[], count: number): number {
  const startedAt = performance.now();
  for (let index = 0; index < count; index += 1) decideOne(questions, index);
  return (count / (performance.now() - startedAt)) * 1000;
}

function p99Of(questions: readonly Question[], count: number): number {
  const tookUs = Array.from({ length: count }, (_, index) => {
    const startedAt = process.hrtime.bigint();
    decideOne(questions, index);
    return Number(process.hrtime.bigint() - startedAt) / 1000;
  });
  return quantile(
    tookUs.toSorted((a, b) => a - b),
    0.99,
  );
}

function decideOne(questions: readonly Question[], index: number): void {
  const question = questions[index % questions.length] as Question;
  const { verdict } = evaluate(question);
  if (verdict.decision === 'BLOCK') throw new Error(`a line was blocked: ${JSON.stringify(verdict.reasons)}`);
}
