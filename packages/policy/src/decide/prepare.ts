import type { Reason, ReasonCode } from '@holdpoint/shared/domain/decision';
import type { Json } from '@holdpoint/shared/domain/json';
import { plannedActionSchema } from '@holdpoint/shared/domain/plan';
import { RISKS, type Risk } from '@holdpoint/shared/domain/policy';
import type { Tool, ToolCatalog } from '@holdpoint/shared/domain/tool';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { z } from 'zod';
import { deepFreeze } from './frozen.ts';
import { scrubberOf } from './line-secrets.ts';
import { plainJson } from './plain-json.ts';
import { asItIs, printable, type Scrub } from './printable.ts';
import type { ScoredAction } from './scored-action.ts';
import { isKey, isValue, type StatedFacts, statedFacts } from './stated-facts.ts';
import { type Answer, answerOf, describeAnswer, type UserCall, type UserCodeWatch } from './user-code.ts';

/** A line that says what it must: its tool is known, its arguments are as the tool's schema made them, and a copy of our own. */
export interface PreparedLine extends ScoredAction {
  readonly risk: Risk;
}

export type PreparedAction =
  | { readonly ok: true; readonly action: PreparedLine }
  | { readonly ok: false; readonly reasons: readonly Reason[]; readonly salvage: ScoredAction };

export type ParsedLine =
  | { readonly ok: true; readonly action: PreparedLine; readonly definition: Tool; readonly scrub: Scrub }
  | Extract<PreparedAction, { ok: false }>;

const REASONS_MAX = 20;

/** Steps 1, 2 and 5 of semantics §1: what can be known of a line without asking any policy. */
export function prepareAction(line: unknown, tools: ToolCatalog, watch?: UserCodeWatch): PreparedAction {
  const parsed = parseLine(line, tools, watch);
  if (!parsed.ok || parsed.action.risk === 'read') return parsed;
  return deriveFacts(parsed.action, parsed.definition, parsed.scrub, watch);
}

/** Steps 1 and 2. Grants and reads come between these and step 5, so that nothing is derived for who may not ask. */
export function parseLine(line: unknown, tools: ToolCatalog, watch?: UserCodeWatch): ParsedLine {
  const refuse = (code: ReasonCode, messages: readonly string[], scrub: Scrub = asItIs): ParsedLine => ({
    ok: false,
    reasons: messages
      .slice(0, REASONS_MAX)
      .map((message) => ({ code, message: printable(scrub(message)) }))
      .sort((a, b) => (a.message < b.message ? -1 : 1)),
    salvage: salvageLine(line, tools),
  });

  // Before the schema, which walks the arguments without a bound on their depth.
  const args = plainJson(ownField(line, 'args') ?? null);
  if (!args.ok) return refuse('invalid_action', [`${['args', ...args.path].join('.')}: ${args.reason}`]);
  const stated = statedFacts(line, args.value) ?? readBySchema(line);
  if ('issues' in stated) return refuse('invalid_action', stated.issues);
  const { connector, tool, value, entity_key = null, idempotency_key = null } = stated;
  const definition = findTool(tools, connector, tool);
  if (definition === undefined) return refuse('unknown_tool', [describeUnknown(tools, connector, tool)]);
  const missing = missingKeys(stated, definition);
  if (missing.length > 0) return refuse('invalid_action', missing);
  const proposed = scrubberOf(definition, args.value, null);
  const parsedArgs = parseArgs(args.value, definition, { subject: `${connector}:${tool}`, watch, scrub: proposed });
  if (!parsedArgs.ok) return refuse('invalid_action', parsedArgs.messages, proposed);
  return {
    ok: true,
    definition,
    scrub: definition.args ? scrubberOf(definition, args.value, parsedArgs.value) : proposed,
    action: {
      connector,
      tool,
      risk: definition.risk,
      args: parsedArgs.value,
      // A JSON `-0` is 0: one value, one digest.
      value: value === undefined ? null : value + 0,
      entity_key,
      idempotency_key,
    },
  };
}

function readBySchema(line: unknown): StatedFacts | { readonly issues: readonly string[] } {
  const planned = plannedActionSchema.safeParse(line);
  if (planned.success) return planned.data;
  return { issues: planned.error.issues.map((issue) => located(issue.path.map(String), messageOf(issue))) };
}

/** Step 5: what the tool derives from the arguments fills in what is absent and must equal what is there. */
export function deriveFacts(
  action: PreparedLine,
  definition: Tool,
  scrub: Scrub,
  watch?: UserCodeWatch,
): PreparedAction {
  if (!definition.value && !definition.entityKey) return { ok: true, action };
  const call: UserCall = { subject: `${action.connector}:${action.tool}`, watch, scrub };
  const value = deriveValue(action, definition, call);
  const entityKey = deriveEntityKey(action, definition, call);
  if (value.ok && entityKey.ok)
    return { ok: true, action: { ...action, value: value.fact, entity_key: entityKey.fact } };
  const reasons = [value, entityKey].flatMap((derived) => (derived.ok ? [] : [derived.reason]));
  return { ok: false, reasons, salvage: action };
}

type Derived<T> = { readonly ok: true; readonly fact: T } | { readonly ok: false; readonly reason: Reason };

function deriveValue(action: PreparedLine, definition: Tool, call: UserCall): Derived<number | null> {
  const { value } = action;
  if (!definition.value) return { ok: true, fact: value };
  const name = `${action.connector} ${action.tool}`;
  const derived = answerOf(() => definition.value?.(deepFreeze(action.args) as never), call);
  if (!derived.ok) return fault('policy_error', `value of ${name} ${derived.reason}`, call);
  if (!isValue(derived.value)) {
    const answer = describeAnswer(derived.value, call.scrub);
    return fault('policy_error', `value of ${name} answered ${answer}, not an amount`, call);
  }
  if (value !== null && value !== derived.value) {
    return fault('value_mismatch', `value is ${value}, but the arguments make it ${derived.value}`, call);
  }
  return { ok: true, fact: derived.value + 0 };
}

function deriveEntityKey(action: PreparedLine, definition: Tool, call: UserCall): Derived<string | null> {
  const { entity_key } = action;
  if (!definition.entityKey) return { ok: true, fact: entity_key };
  const name = `${action.connector} ${action.tool}`;
  const derived = answerOf(() => definition.entityKey?.(deepFreeze(action.args) as never), call);
  if (!derived.ok) return fault('policy_error', `entityKey of ${name} ${derived.reason}`, call);
  if (!isKey(derived.value)) {
    const answer = describeAnswer(derived.value, call.scrub);
    return fault('policy_error', `entityKey of ${name} answered ${answer}, not a key`, call);
  }
  if (entity_key !== null && entity_key !== derived.value) {
    return fault('entity_mismatch', `entity_key is ${entity_key}, but the arguments make it ${derived.value}`, call);
  }
  return { ok: true, fact: derived.value };
}

function fault(code: ReasonCode, message: string, { scrub }: UserCall): Derived<never> {
  return { ok: false, reason: { code, message: printable(scrub(message)) } };
}

/** What a record can say of a line that was refused before it was understood. Reads anything. */
export function salvageLine(line: unknown, tools: ToolCatalog): ScoredAction {
  const connector = ownField(line, 'connector');
  const tool = ownField(line, 'tool');
  const value = ownField(line, 'value');
  const entity_key = ownField(line, 'entity_key');
  const idempotency_key = ownField(line, 'idempotency_key');
  const args = plainJson(ownField(line, 'args') ?? null);
  const known =
    typeof connector === 'string' && typeof tool === 'string' ? findTool(tools, connector, tool) : undefined;
  return {
    connector: typeof connector === 'string' ? printable(connector, 64) : '',
    tool: typeof tool === 'string' ? printable(tool, 64) : '',
    risk: known?.risk ?? null,
    args: args.ok ? args.value : null,
    value: isValue(value) ? value + 0 : null,
    entity_key: isKey(entity_key) ? entity_key : null,
    idempotency_key: isKey(idempotency_key) ? idempotency_key : null,
  };
}

/** By own properties only: `constructor` is no connector. A tool of no known risk is no tool. */
function findTool(tools: ToolCatalog, connector: string, tool: string): Tool | undefined {
  const own = Object.hasOwn(tools, connector) ? tools[connector] : undefined;
  const definition = own && Object.hasOwn(own, tool) ? own[tool] : undefined;
  return definition && RISKS.includes(definition.risk) ? definition : undefined;
}

function describeUnknown(tools: ToolCatalog, connector: string, tool: string): string {
  return Object.hasOwn(tools, connector) ? `${connector} has no tool ${tool}` : `no connector is called ${connector}`;
}

/** Only the tool tells which keys a line needs: a read none, the others both, unless it derives the entity. */
function missingKeys(line: StatedFacts, definition: Tool): string[] {
  if (definition.risk === 'read') return [];
  const missing: string[] = [];
  if (line.entity_key === undefined && !definition.entityKey) {
    missing.push('entity_key: is missing, and the tool does not derive it');
  }
  if (line.idempotency_key === undefined) missing.push('idempotency_key: is missing');
  return missing;
}

type ParsedArgs =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly messages: readonly string[] };

function parseArgs(args: Json, definition: Tool, call: UserCall): ParsedArgs {
  const schema = definition.args;
  if (schema === undefined) return { ok: true, value: args };
  // What it answers is read within its own time: a getter or a proxy is its code as well.
  const answer = answerOf(() => {
    const result = schema['~standard'].validate(args);
    return result instanceof Promise ? result : readParsed(result, call.scrub);
  }, call) as Answer<ParsedArgs>;
  return answer.ok ? answer.value : { ok: false, messages: [`args: their schema ${answer.reason}`] };
}

function readParsed(result: StandardSchemaV1.Result<unknown> | null | undefined, scrub: Scrub): ParsedArgs {
  if (typeof result !== 'object' || result === null) {
    return { ok: false, messages: [`args: their schema answered ${describeAnswer(result, scrub)}`] };
  }
  if (result.issues) {
    const messages = result.issues.map(({ path = [], message }) =>
      located(['args', ...path.map((part) => String(typeof part === 'object' ? part.key : part))], String(message)),
    );
    return { ok: false, messages: messages.length > 0 ? messages : ['args: refused by their schema'] };
  }
  const made = plainJson(result.value);
  if (made.ok) return made;
  return { ok: false, messages: [located(['args', ...made.path], `as their schema makes it: ${made.reason}`)] };
}

/** In no order of the line's own, which is not kept. */
function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'unrecognized_keys') return issue.message;
  return `Unrecognized key${issue.keys.length === 1 ? '' : 's'}: ${[...issue.keys]
    .sort()
    .map((key) => `"${key}"`)
    .join(', ')}`;
}

function located(path: readonly string[], message: string): string {
  return path.length === 0 ? message : `${printable(path.join('.'), 100)}: ${message}`;
}

function ownField(line: unknown, field: string): unknown {
  return typeof line === 'object' && line !== null && Object.hasOwn(line, field)
    ? (line as Record<string, unknown>)[field]
    : undefined;
}
