import type { Verdict } from '@holdpoint/shared/domain/decision';
import type { Explanation } from '@holdpoint/shared/domain/explanation';
import { type Evaluation, evaluate, type Question } from '../decide/evaluate.ts';
import { scrubberOf } from '../decide/line-secrets.ts';
import { parseLine } from '../decide/prepare.ts';
import { asItIs, printable, type Scrub } from '../decide/printable.ts';
import { createAsking } from './asking.ts';
import { decidingStep, decisionSentence } from './deciding-step.ts';
import { nearestChange } from './nearest-change.ts';
import { viewPolicies } from './policy-views.ts';

const SENTENCE_MAX_CHARS = 600;

export interface ExplainOptions {
  /** Where the question was evaluated already. */
  readonly evaluation?: Evaluation;
  /** Whether to leave it at what was found so far: for those who have a clock. */
  readonly enough?: () => boolean;
}

/**
 * Why a question is decided as it is, which policies nearly spoke, and the nearest single change that would have permitted it.
 * Whatever it claims was evaluated. Total, and the order of policies makes no difference. Runs the policies' code again.
 */
export function explain(question: Question, options: ExplainOptions = {}): Explanation {
  const evaluation = options.evaluation ?? evaluate(question);
  try {
    return explained(question, evaluation, options.enough);
  } catch {
    return { ...explainVerdict(evaluation.verdict), incomplete: true };
  }
}

/** What a verdict says of itself, without asking anything: for what only the record could decide. */
export function explainVerdict(verdict: Pick<Verdict, 'decision' | 'reasons' | 'escalation'>): Explanation {
  return {
    decision: verdict.decision,
    step: decidingStep(verdict.reasons),
    sentence: printable(decisionSentence(verdict), SENTENCE_MAX_CHARS),
    matched: [],
    near_misses: [],
  };
}

function explained(question: Question, evaluation: Evaluation, enough: (() => boolean) | undefined): Explanation {
  const plain = explainVerdict(evaluation.verdict);
  // A tool's own code failed, or we did: no policy has a say in it, and no change of it is known to help.
  if (evaluation.verdict.reasons.some(({ code, policy }) => code === 'policy_error' && policy === undefined))
    return plain;
  const asking = createAsking(enough);
  const scrub = scrubOf(question, evaluation);
  const { matched, near_misses } = viewPolicies(question, evaluation.action, plain.step, { asking, scrub });
  const nearest = nearestChange(question, evaluation, plain.step, { asking, scrub });
  const [closest] = near_misses;
  const but = matched.length === 0 && closest ? `; nearest is ${closest.policy}: ${closest.message}` : '';
  return {
    ...plain,
    sentence: printable(`${plain.sentence}${but}`, SENTENCE_MAX_CHARS),
    matched,
    near_misses,
    ...(nearest && { nearest }),
    ...(asking.incomplete() && { incomplete: true }),
  };
}

/** Reasons come without the line's secrets; this is for what is said beyond them. Hooks may have put others in. */
function scrubOf({ line, tools, watch }: Question, { action }: Evaluation): Scrub {
  const parsed = parseLine(line, tools, watch);
  if (!parsed.ok) return asItIs;
  const hooked = scrubberOf(parsed.definition, parsed.action.args, action.args);
  return (text) => parsed.scrub(hooked(text));
}
