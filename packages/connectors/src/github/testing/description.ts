import { readFileSync } from 'node:fs';
import type { StandInRequest, StandInResponse } from '@holdpoint/conformance/http-stand-in';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

type Json = Readonly<Record<string, unknown>>;

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly query: Json;
  readonly body?: Json;
  readonly responses: Readonly<Record<string, Json>>;
}

export interface Described {
  readonly method: string;
  /** As GitHub writes it: `/repos/{owner}/{repo}/issues`. */
  readonly path: string;
  /** What stands in the path's braces. */
  readonly values: Readonly<Record<string, string>>;
}

export interface Description {
  /** Which operation a request is of. */
  match(request: StandInRequest): Described | undefined;
  /** In what a request is not as described: in its query or its body, or by what the description does not know. */
  requestFaults(described: Described, request: StandInRequest): string[];
  responseFaults(described: Described, response: StandInResponse): string[];
  /** The least that fits a named schema, to be filled in. */
  sample(schema: string): Record<string, unknown>;
}

/** GitHub's own description of the operations that the connector uses; written by extract-description.ts. */
export function readDescription(): Description {
  const { operations, $defs } = JSON.parse(
    readFileSync(new URL('fixtures/github-api.json', import.meta.url), 'utf8'),
  ) as { operations: readonly Operation[]; $defs: Readonly<Record<string, Json>> };
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const compiled = new Map<object, ValidateFunction>();
  const faultsOf = (schema: Json, value: unknown, where: string): string[] => {
    const check = compiled.get(schema) ?? ajv.compile({ ...schema, $defs });
    compiled.set(schema, check);
    check(value);
    return (check.errors ?? []).map(({ instancePath, message }) => `${where}${instancePath} ${message}`);
  };
  const operationOf = ({ method, path }: Described): Operation => {
    const found = operations.find((one) => one.method === method && one.path === path);
    if (!found) throw new Error(`${method} ${path} is not described`);
    return found;
  };

  return {
    match({ method, path }) {
      for (const one of operations) {
        const values = one.method === method ? valuesIn(one.path, path) : undefined;
        if (values) return { method, path: one.path, values };
      }
      return undefined;
    },
    requestFaults(described, { query, body }) {
      const operation = operationOf(described);
      const faults = [...query].flatMap(([name, value]) => {
        const schema = operation.query[name] as Json | undefined;
        return schema ? faultsOf(schema, typed(schema, value), `query.${name}`) : [`query.${name} is not described`];
      });
      if (!operation.body) return body === '' ? faults : [...faults, 'a body is not described'];
      const given = JSON.parse(body || '{}') as Json;
      const known = propertiesOf(operation.body);
      const unknown = Object.keys(given).filter((name) => !known.has(name));
      return [
        ...faults,
        ...unknown.map((name) => `body.${name} is not described`),
        ...faultsOf(operation.body, given, 'body'),
      ];
    },
    responseFaults(described, { status, body }) {
      // Any request of what is not there is answered so, also where no list says it.
      const schema = operationOf(described).responses[status] ?? (status === 404 ? $defs['basic-error'] : undefined);
      return schema ? faultsOf(schema, body, `${status} `) : [`an answer ${status} is not described`];
    },
    sample: (schema) => sampleOf({ $ref: `#/$defs/${schema}` }, $defs) as Record<string, unknown>,
  };
}

function valuesIn(template: string, path: string): Record<string, string> | undefined {
  const [parts, given] = [template.split('/'), path.split('/')];
  if (parts.length !== given.length) return undefined;
  const values: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const value = decodeURIComponent(given[index] ?? '');
    if (part.startsWith('{')) values[part.slice(1, -1)] = value;
    else if (part !== value) return undefined;
  }
  return values;
}

/** A query is text; its schema says what of. */
function typed({ type }: Json, value: string): unknown {
  return type === 'integer' ? Number(value) : type === 'boolean' ? value === 'true' : value;
}

function propertiesOf(schema: Json): Set<string> {
  const variants = [schema, ...['oneOf', 'anyOf', 'allOf'].flatMap((key) => (schema[key] ?? []) as Json[])];
  return new Set(variants.flatMap(({ properties }) => Object.keys(properties ?? {})));
}

function sampleOf(schema: Json, $defs: Readonly<Record<string, Json>>): unknown {
  if (typeof schema.$ref === 'string') return sampleOf($defs[schema.$ref.replace('#/$defs/', '')] ?? {}, $defs);
  const [variant] = (schema.oneOf ?? schema.anyOf ?? []) as Json[];
  if (variant) return sampleOf(variant, $defs);
  if (Array.isArray(schema.allOf)) return Object.assign({}, ...schema.allOf.map((part) => sampleOf(part, $defs)));
  if (Array.isArray(schema.enum)) return schema.enum[0];
  switch (schema.type) {
    case 'object': {
      const { properties = {}, required = [] } = schema as { properties?: Record<string, Json>; required?: string[] };
      return Object.fromEntries(required.map((name) => [name, sampleOf(properties[name] ?? {}, $defs)]));
    }
    case 'array':
      return [];
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return false;
    case 'string':
      return { 'date-time': '2026-01-01T00:00:00Z', uri: 'https://github.example/' }[String(schema.format)] ?? 'sample';
    default:
      return null;
  }
}
