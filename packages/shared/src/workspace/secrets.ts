import { z } from 'zod';
import { WorkspaceError, type WorkspaceIssue } from './workspace-error.ts';

/** Where secrets come from: the environment, handed in by the one who may read it. */
export type SecretEnvironment = Readonly<Record<string, string | undefined>>;

/** A secret by name. A plain object, so that a workspace that imports nothing can write it down too. */
export interface SecretReference {
  readonly secret: string;
}

/** Refers to a secret by name; resolved from `HOLDPOINT_SECRET_<NAME>`, else `<NAME>`, of the environment at load. */
export function secret(name: string): SecretReference {
  return { secret: name };
}

export const secretReferenceSchema = z.strictObject({
  secret: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be the name of an environment variable'),
});

/** A secret as a workspace writes it. A plain string is for development: whoever reads the repository reads it. */
export const secretValueSchema = z.union([z.string().min(1), secretReferenceSchema], {
  error: "must be a string that is not empty, or secret('NAME')",
});

function isReference(value: unknown): value is SecretReference {
  return secretReferenceSchema.safeParse(value).success;
}

/** A copy of a value with every secret reference in it replaced by its secret. Names all that are missing. */
export function resolveSecrets<T>(file: string, value: unknown, env: SecretEnvironment): T {
  const missing: WorkspaceIssue[] = [];
  const resolved = resolve(value, []);
  if (missing.length > 0) throw new WorkspaceError(missing);
  return resolved as T;

  function resolve(inner: unknown, path: readonly string[]): unknown {
    if (isReference(inner)) return lookUp(inner.secret, path);
    if (Array.isArray(inner)) return inner.map((item, index) => resolve(item, [...path, String(index)]));
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, item]) => [key, resolve(item, [...path, key])]));
  }

  function lookUp(name: string, path: readonly string[]): string {
    const found = textOf(env[`HOLDPOINT_SECRET_${name}`]) ?? textOf(env[name]);
    if (found) return found;
    const what = found === undefined ? 'is not set' : 'is empty';
    const reason = `secret ${name} ${what} (environment: HOLDPOINT_SECRET_${name} or ${name})`;
    missing.push({ file, path: path.join('.'), reason });
    return '';
  }
}

/** Not what every object inherits under a name. */
const textOf = (found: unknown): string | undefined => (typeof found === 'string' ? found : undefined);
