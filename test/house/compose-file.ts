import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

/** A part of `docker-compose.yml`, as far as the tests look at it; that it is one, the schema says. */
export interface ComposePart {
  readonly image?: string;
  readonly build?: string;
  readonly user?: string;
  readonly init?: boolean;
  readonly read_only?: boolean;
  readonly restart?: string;
  readonly profiles?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly env_file?: readonly { readonly path: string; readonly required: boolean }[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly stop_grace_period?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposePart>>;
  readonly volumes: Readonly<Record<string, null>>;
}

export async function readCompose(root: string): Promise<{ readonly text: string; readonly file: ComposeFile }> {
  const text = await readFile(join(root, 'docker-compose.yml'), 'utf8');
  return { text, file: parse(text, { merge: true }) as ComposeFile };
}

const VARIABLE = /\$\{([A-Z0-9_]+)(?::([-?])([^}]*))?\}/g;

export interface Variable {
  readonly name: string;
  readonly required: boolean;
}

/** What a text takes from the `.env` file. */
export function variablesOf(text: string): Variable[] {
  return [...text.matchAll(VARIABLE)].map(([, name = '', kind]) => ({ name, required: kind === '?' }));
}

/** A text with its variables replaced, as compose does it. */
export function interpolate(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(VARIABLE, (_, name: string, kind: string | undefined, word: string | undefined) => {
    const value = env[name] ?? '';
    if (value !== '' || kind === undefined) return value;
    if (kind === '?') throw new Error(`${name} is required`);
    return word ?? '';
  });
}

export interface Instruction {
  readonly word: string;
  readonly rest: string;
}

/** A Dockerfile's instructions; comments gone, continued lines joined. */
export function readDockerfile(text: string): Instruction[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [, word = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (word === '') throw new Error(`not an instruction: ${line}`);
    return { word, rest };
  });
}
