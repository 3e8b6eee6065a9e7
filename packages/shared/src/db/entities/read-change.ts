import type { EntityDeclaration } from '../../domain/entity.ts';
import { fieldIssues } from '../../domain/errors.ts';
import { isPlainText } from '../../domain/plain-text.ts';
import type { EntityData } from '../../workspace/entity-db.ts';
import { EntityError } from './entity-error.ts';
import type { EntityRemoval, EntityWrite } from './entity-store.ts';
import { plainObject } from './plain-object.ts';
import { readVersion } from './read-version.ts';

const ID_MAX_CHARS = 255;

/**
 * Reads what was given to `upsert`. The schema reads `create`, and `update` laid over `create`: of that what `update` names is
 * merged, so that a schema never reads what it has written. @throws EntityError that names what is wrong
 */
export function readChange(declared: EntityDeclaration, given: unknown): EntityWrite {
  const change = isChange(given) ? given : { create: given, update: given };
  const create = readBySchema(declared, change.create);
  const whole = isChange(given)
    ? readBySchema(declared, { ...objectOf(change.create), ...objectOf(change.update) })
    : create;
  const key = keyOf(declared);
  const id = idOf(key, create[key]);
  const named = 'where' in change ? [idIn(key, change.where), idOf(key, whole[key])] : [];
  if (named.some((other) => other !== id)) throw new EntityError(`upsert: ${key} is not the same throughout`);
  const said = 'version' in change && change.version !== undefined ? readVersion(change.version) : undefined;
  const versionOf = (data: EntityData): string | null => said ?? declaredVersion(declared, data);
  const names = isChange(given) ? [...Object.keys(objectOf(change.update)), key] : Object.keys(whole);
  if (declared.version !== undefined) names.push(declared.version);
  return {
    id,
    create,
    createVersion: versionOf(create),
    patch: Object.fromEntries(Object.entries(whole).filter(([name]) => names.includes(name))),
    patchVersion: versionOf(whole),
    keepDays: keepDaysOf(declared),
  };
}

/** Reads what was given to `delete`. @throws EntityError that names what is wrong */
export function readRemoval(declared: EntityDeclaration, given: unknown): EntityRemoval {
  const { version } = objectOf(given);
  return {
    id: readIdentity(declared, given),
    version: version === undefined || version === null ? null : readVersion(version),
    keepDays: keepDaysOf(declared),
  };
}

/** The id that `where` names. @throws EntityError where it names none, or anything else */
export function readIdentity(declared: EntityDeclaration, given: unknown): string {
  return idIn(keyOf(declared), objectOf(given).where);
}

const KEEP_DAYS = 90;
export const keepDaysOf = ({ keepDays = KEEP_DAYS }: Pick<EntityDeclaration, 'keepDays'>): number => keepDays;
export const keyOf = ({ key = 'id' }: Pick<EntityDeclaration, 'key'>): string => key;

interface Change {
  readonly where: unknown;
  readonly create: unknown;
  readonly update: unknown;
  readonly version?: unknown;
}

const CHANGE_FIELDS: ReadonlySet<string> = new Set(['where', 'create', 'update', 'version']);

/** Else it is an entity itself. */
function isChange(given: unknown): given is Change {
  const names = Object.keys(objectOf(given));
  return (
    ['where', 'create', 'update'].every((name) => names.includes(name)) && names.every((one) => CHANGE_FIELDS.has(one))
  );
}

function readBySchema({ schema }: EntityDeclaration, input: unknown): EntityData {
  const read = schema['~standard'].validate(input);
  if (read instanceof Promise) {
    read.catch(() => {});
    throw new EntityError('upsert: the schema of an entity must be synchronous');
  }
  if (read.issues) throw new EntityError('upsert', fieldIssues(read.issues));
  return plainObject(read.value);
}

function declaredVersion({ version }: EntityDeclaration, data: EntityData): string | null {
  const value = version === undefined ? undefined : data[version];
  return value === undefined || value === null ? null : readVersion(value);
}

function idIn(key: string, where: unknown): string {
  const named = objectOf(where);
  const [other] = Object.keys(named).filter((name) => name !== key);
  if (other !== undefined) throw new EntityError(`where: is by ${key} alone, not by ${other}`);
  return idOf(key, named[key]);
}

function idOf(key: string, value: unknown): string {
  if (Number.isSafeInteger(value)) return String(value);
  if (typeof value === 'string' && value.length > 0 && value.length <= ID_MAX_CHARS && isPlainText(value)) return value;
  throw new EntityError(`${key}: must be a text of 1–${ID_MAX_CHARS} characters, or a whole number`);
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new EntityError('must be an object');
}
