import type { Reason, ReasonCode } from '@holdpoint/shared/domain/decision';
import type { Json } from '@holdpoint/shared/domain/json';
import { keySchema } from '@holdpoint/shared/domain/names';
import { type PlannedAction, plannedActionSchema } from '@holdpoint/shared/domain/plan';
import { RISKS, type Risk } from '@holdpoint/shared/domain/policy';
import type { Tool, ToolCatalog } from '@holdpoint/shared/domain/tool';
import { deepFreeze } from './frozen.ts';
import { plainJson } from './plain-json.ts';
import { printable } from './printable.ts';
import type { ScoredAction } from './scored-action.ts';
import { answerOf, describeAnswer, type Mark } from './user-code.ts';

/** A line that says what it must: its tool is known, its arguments are as the tool's schema made them, and a copy of our own. */
export interface PreparedLine extends ScoredAction {
  readonly risk: Risk;
}

export type PreparedAction =
  | { readonly ok: true; readonly action: PreparedLine }
  | { readonly ok: false; readonly reasons: readonly Reason[]; readonly salvage: ScoredAction };

export type ParsedLine =
  | { readonly ok: true; readonly action: PreparedLine; readonly definition: Tool }
  | Extract<PreparedAction, { ok: false }>;

const REASONS_MAX = 20;

/** Steps 1, 2 and 5 of semantics §1: what can be known of a line without asking any policy. */
export function prepareAction(line: unknown, tools: ToolCatalog, mark?: Mark): PreparedAction {
  const parsed = parseLine(line, tools, mark);
  if (!parsed.ok || parsed.action.risk === 'read') return parsed;
  return deriveFacts(parsed.action, parsed.definition, mark);
}

/** Steps 1 and 2. Grants and reads come between these and step 5, so that nothing is derived for who may not ask. */
export function parseLine(line: unknown, tools: ToolCatalog, mark?: Mark): ParsedLine {
  const refuse = (code: ReasonCode, messages: readonly string[]): ParsedLine => ({
    ok: false,
    reasons: messages
      .slice(0, REASONS_MAX)
      .map((message) => ({ code, message: printable(message) }))
      .sort((a, b) => (a.message < b.message ? -1 : 1)),
    salvage: salvageLine(line, tools),
  });

  // Before the schema, which walks the arguments without a bound on their depth.
  const args = plainJson(ownField(line, 'args') ?? null);
  if (!args.ok) return refuse('invalid_action', [`${['args', ...args.path].join('.')}: ${args.reason}`]);
  const planned = plannedActionSchema.safeParse(line);
  if (!planned.success) {
    return refuse(
      'invalid_action',
      planned.error.issues.map(({ path, message }) => located(path.map(String), message)),
    );
  }
  const { connector, tool } = planned.data;
  const definition = findTool(tools, connector, tool);
  if (definition === undefined) return refuse('unknown_tool', [describeUnknown(tools, connector, tool)]);
  const missing = missingKeys(planned.data, definition);
  if (missing.length > 0) return refuse('invalid_action', missing);
  const parsedArgs = parseArgs(args.value, definition, () => mark?.(`${connector}:${tool}`));
  if (!parsedArgs.ok) return refuse('invalid_action', parsedArgs.messages);
  const { value, entity_key = null, idempotency_key = null } = planned.data;
  return {
    ok: true,
    definition,
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

/** Step 5: what the tool derives from the arguments fills in what is absent and must equal what is there. */
export function deriveFacts(action: PreparedLine, definition: Tool, mark?: Mark): PreparedAction {
  const name = `${action.connector} ${action.tool}`;
  const refuse = (code: ReasonCode, message: string): PreparedAction => ({
    ok: false,
    reasons: [{ code, message: printable(message) }],
    salvage: action,
  });
  let { value, entity_key } = action;
  if (definition.value) {
    mark?.(`${action.connector}:${action.tool}`);
    const derived = answerOf(() => definition.value?.(deepFreeze(action.args) as never));
    if (!derived.ok) return refuse('policy_error', `value of ${name} ${derived.reason}`);
    if (!isValue(derived.value)) {
      return refuse('policy_error', `value of ${name} answered ${describeAnswer(derived.value)}, not an amount`);
    }
    if (value !== null && value !== derived.value) {
      return refuse('value_mismatch', `value is ${value}, but the arguments make it ${derived.value}`);
    }
    value = derived.value + 0;
  }
  if (definition.entityKey) {
    mark?.(`${action.connector}:${action.tool}`);
    const derived = answerOf(() => definition.entityKey?.(deepFreeze(action.args) as never));
    if (!derived.ok) return refuse('policy_error', `entityKey of ${name} ${derived.reason}`);
    if (!isKey(derived.value)) {
      return refuse('policy_error', `entityKey of ${name} answered ${describeAnswer(derived.value)}, not a key`);
    }
    if (entity_key !== null && entity_key !== derived.value) {
      return refuse('entity_mismatch', `entity_key is ${entity_key}, but the arguments make it ${derived.value}`);
    }
    entity_key = derived.value;
  }
  return { ok: true, action: { ...action, value, entity_key } };
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
function missingKeys(line: PlannedAction, definition: Tool): string[] {
  if (definition.risk === 'read') return [];
  const missing: string[] = [];
  if (line.entity_key === undefined && !definition.entityKey) {
    missing.push('entity_key: is missing, and the tool does not derive it');
  }
  if (line.idempotency_key === undefined) missing.push('idempotency_key: is missing');
  return missing;
}

function parseArgs(
  args: Json,
  definition: Tool,
  mark: () => void,
): { ok: true; value: Json } | { ok: false; messages: readonly string[] } {
  const schema = definition.args;
  if (schema === undefined) return { ok: true, value: args };
  mark();
  const answer = answerOf(() => schema['~standard'].validate(args));
  if (!answer.ok) return { ok: false, messages: [`args: their schema ${answer.reason}`] };
  const result = answer.value as Awaited<ReturnType<(typeof schema)['~standard']['validate']>> | null | undefined;
  if (typeof result !== 'object' || result === null) {
    return { ok: false, messages: [`args: their schema answered ${describeAnswer(result)}`] };
  }
  if (result.issues) {
    const messages = result.issues.map(({ path = [], message }) =>
      located(['args', ...path.map((part) => String(typeof part === 'object' ? part.key : part))], message),
    );
    return { ok: false, messages: messages.length > 0 ? messages : ['args: refused by their schema'] };
  }
  const made = plainJson(result.value);
  if (made.ok) return made;
  return { ok: false, messages: [located(['args', ...made.path], `as their schema makes it: ${made.reason}`)] };
}

function located(path: readonly string[], message: string): string {
  return path.length === 0 ? message : `${printable(path.join('.'), 100)}: ${message}`;
}

function ownField(line: unknown, field: string): unknown {
  return typeof line === 'object' && line !== null && Object.hasOwn(line, field)
    ? (line as Record<string, unknown>)[field]
    : undefined;
}

function isValue(value: unknown): value is number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return false;
  return !Number.isInteger(value) || Number.isSafeInteger(value);
}

function isKey(value: unknown): value is string {
  return keySchema.safeParse(value).success;
}
