import type { Reason } from '@holdpoint/shared/domain/decision';
import type { EventEnvelope } from '@holdpoint/shared/domain/event';
import type { Json } from '@holdpoint/shared/domain/json';
import type { Tool, ToolCatalog } from '@holdpoint/shared/domain/tool';
import type { ActionHook } from '@holdpoint/shared/workspace/tenant-hooks';
import { isForTool } from '../compile/action-hook-match.ts';
import { PolicyCompileError } from '../compile/compile.ts';
import { inOrder } from '../compile/hook-order.ts';
import { deepFreeze, frozenCopy } from './frozen.ts';
import { plainJson } from './plain-json.ts';
import { plannedAction } from './planned-action.ts';
import { deriveFacts, type PreparedLine, parseLine } from './prepare.ts';
import { printable, type Scrub } from './printable.ts';
import type { ScoredAction } from './scored-action.ts';
import { type Answer, answerOf, describeAnswer, type UserCodeWatch } from './user-code.ts';

/** A tenant's `before` hooks on actions, ready to be asked. */
export interface BeforeHooks {
  /** In the order in which they are asked. */
  readonly hooks: readonly ActionHook[];
  /** Whether the tenant has hooks that run after actions, too. */
  readonly anyAfter: boolean;
  /** What the watch is told of each: `hook:<id>`. */
  readonly subjects: readonly string[];
  /** Those of them that may be passed over. */
  readonly optional: ReadonlySet<string>;
  /** Those for an action, in the order in which they are asked. */
  matching(connector: string, tool: string, operator: string): readonly ActionHook[];
}

/** One hook's part in scoring one action. */
export interface HookRun {
  readonly hook: string;
  /** `failed`: it threw or answered what is no answer; where it is critical the action is blocked, else it went on as it was. */
  readonly result: 'pass' | 'args' | 'reject' | 'failed';
  /** Of a failure: the author's text, cut and cleaned. */
  readonly reason?: string;
}

/** What the hooks made of an action, and what they have against it, if anything. */
export interface Hooked {
  readonly action: PreparedLine;
  readonly refusal?: Reason;
  /** Knows the secrets of all arguments that were seen. */
  readonly scrub: Scrub;
  readonly proposed?: ScoredAction;
  readonly hooks: readonly HookRun[];
}

/** An action before a hook: its facts are those that the tool derives, where it does. */
interface Line {
  readonly action: PreparedLine;
  readonly definition: Tool;
  readonly scrub: Scrub;
}

interface Surroundings {
  readonly env: EventEnvelope;
  readonly tools: ToolCatalog;
  readonly watch?: UserCodeWatch;
}

/** Tools and operators remembered at a time. The bound is against names made up in what-if requests. */
const REMEMBERED_MAX = 4096;
/** Of the arguments that a hook gives, as JSON: no more than a whole plan may have. */
const ARGS_MAX_CHARS = 512 * 1024;

/** @throws PolicyCompileError where a hook is for no tool at all: one that is never asked permits what it was to refuse */
export function compileHooks(hooks: readonly ActionHook[], tools: ToolCatalog): BeforeHooks {
  refuseIdle(hooks, tools);
  const ordered = inOrder(hooks.filter(({ before }) => before));
  const remembered = new Map<string, readonly ActionHook[]>();
  return {
    hooks: ordered,
    anyAfter: hooks.some(({ after }) => after),
    subjects: ordered.map(subjectOf),
    optional: new Set(ordered.filter(({ critical }) => !critical).map(subjectOf)),
    matching(connector, tool, operator) {
      if (ordered.length === 0) return ordered;
      // None of the three holds a space.
      const key = `${connector} ${tool} ${operator}`;
      const known = remembered.get(key);
      if (known) return known;
      if (remembered.size >= REMEMBERED_MAX) remembered.clear();
      const found = ordered.filter((hook) => isForTool(hook, connector, tool) && isBy(hook, operator));
      remembered.set(key, found);
      return found;
    },
  };
}

const isBy = (hook: ActionHook, operator: string) => hook.operator === undefined || hook.operator === operator;

function refuseIdle(hooks: readonly ActionHook[], tools: ToolCatalog): void {
  const names = Object.entries(tools).flatMap(([connector, own]) =>
    Object.keys(own).map((tool) => [connector, tool] as const),
  );
  const issues = hooks.flatMap((hook, index) => {
    if (hook.tools === undefined || names.some(([connector, tool]) => isForTool(hook, connector, tool))) return [];
    return [{ path: `hooks.actions.${index}.tools`, policy: subjectOf(hook), reason: 'no tool is called so' }];
  });
  if (issues.length > 0) throw new PolicyCompileError(issues);
}

/** How reasons and the watchdog call a hook. */
const subjectOf = ({ id }: ActionHook) => `hook:${id}`;

/**
 * Asks the hooks one after another; each is shown what the one before it made of the action. The first that rejects ends it, and
 * so does one that fails and is critical. No hook permits anything: what comes out is scored as if it had been proposed so.
 */
export function askBeforeHooks(asked: readonly ActionHook[], line: Line, { env, tools, watch }: Surroundings): Hooked {
  let current: Readied = { action: line.action, scrub: line.scrub };
  let proposed: ScoredAction | undefined;
  const hooks: HookRun[] = [];
  const shownEnv = frozenCopy(env);
  for (const hook of asked) {
    const said = ask(hook, { ...line, ...current }, shownEnv, { tools, watch });
    hooks.push({ hook: hook.id, result: said.result, ...(said.result === 'failed' && { reason: said.reason }) });
    if (said.result === 'args') {
      proposed = line.action;
      current = said.readied;
    } else if (said.result === 'reject' || (said.result === 'failed' && hook.critical)) {
      const code = said.result === 'reject' ? 'hook_rejected' : 'policy_error';
      const refusal: Reason = { code, policy: subjectOf(hook), message: said.reason };
      return { ...current, ...(proposed && { proposed }), hooks, refusal };
    }
  }
  return { ...current, ...(proposed && { proposed }), hooks };
}

interface Readied {
  readonly action: PreparedLine;
  readonly scrub: Scrub;
}

type Said =
  | { readonly result: 'pass' }
  | { readonly result: 'args'; readonly readied: Readied }
  | { readonly result: 'reject' | 'failed'; readonly reason: string };

function ask(
  hook: ActionHook,
  line: Line,
  env: EventEnvelope,
  { tools, watch }: { readonly tools: ToolCatalog; readonly watch: UserCodeWatch | undefined },
): Said {
  const { scrub } = line;
  const failed = (reason: string): Said => ({ result: 'failed', reason: printable(scrub(`before ${reason}`)) });
  // What it answers is read within its own time: a getter or a proxy is its code as well.
  const run = () => {
    const answer = hook.before?.(deepFreeze(plannedAction(line.action)) as never, env) as unknown;
    return answer instanceof Promise ? answer : readAnswer(answer, scrub);
  };
  const answered = answerOf(run, { subject: subjectOf(hook), watch, scrub }) as Answer<Read>;
  if (!answered.ok) return failed(answered.reason);
  const read = answered.value;
  if (read.kind === 'invalid') return failed(read.reason);
  if (read.kind === 'pass') return { result: 'pass' };
  if (read.kind === 'reject') return { result: 'reject', reason: printable(scrub(read.reason)) };
  const readied = withArgs(line, read.args, tools, watch);
  return 'reason' in readied ? failed(readied.reason) : { result: 'args', readied };
}

type Read =
  | { readonly kind: 'pass' }
  | { readonly kind: 'args'; readonly args: Json }
  | { readonly kind: 'reject'; readonly reason: string }
  | { readonly kind: 'invalid'; readonly reason: string };

function readAnswer(answer: unknown, scrub: Scrub): Read {
  if (answer === undefined || answer === 'pass') return { kind: 'pass' };
  const invalid = (reason: string): Read => ({ kind: 'invalid', reason: `answered ${reason}` });
  if (typeof answer !== 'object' || answer === null) return invalid(describeAnswer(answer, scrub));
  const [word, ...others] = Object.keys(answer);
  if (others.length > 0 || (word !== 'args' && word !== 'reject')) return invalid('neither args nor reject alone');
  const value = (answer as Record<string, unknown>)[word];
  if (word === 'reject') {
    return typeof value === 'string' && value.trim() !== '' ? { kind: 'reject', reason: value } : invalid('no reason');
  }
  const args = plainJson(value ?? null);
  if (!args.ok) return invalid(`${['args', ...args.path].join('.')}: ${args.reason}`);
  if (JSON.stringify(args.value).length > ARGS_MAX_CHARS)
    return invalid(`args of more than ${ARGS_MAX_CHARS} characters`);
  return { kind: 'args', args: args.value };
}

/**
 * The action with a hook's arguments, read by the tool as proposed ones are. What the tool derives is derived from them: what was
 * stated was held against the arguments it was stated of.
 */
function withArgs(
  { action, definition, scrub }: Line,
  args: Json,
  tools: ToolCatalog,
  watch: UserCodeWatch | undefined,
): Readied | { readonly reason: string } {
  const stated: PreparedLine = {
    ...action,
    args,
    value: definition.value ? null : action.value,
    entity_key: definition.entityKey ? null : action.entity_key,
  };
  const parsed = parseLine(plannedAction(stated), tools, watch);
  const derived =
    parsed.ok && parsed.action.risk !== 'read' ? deriveFacts(parsed.action, definition, parsed.scrub, watch) : parsed;
  if (!parsed.ok || !derived.ok) {
    const { reasons } = (parsed.ok ? derived : parsed) as Extract<typeof derived, { ok: false }>;
    return { reason: `gave arguments that are refused: ${reasons.map(({ message }) => message).join('; ')}` };
  }
  return { action: derived.action, scrub: (text) => parsed.scrub(scrub(text)) };
}
