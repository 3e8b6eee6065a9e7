import { REPEATS } from '@holdpoint/conformance/report';
import { repeatsOf } from '@holdpoint/conformance/subject';
import type { LocalCommand } from '../command.ts';
import { workspaceDir } from '../connection.ts';
import { type LocalConnector, loadLocalConnectors } from '../local-connectors.ts';

/** The connectors of a workspace, as their files have them. */
export const connectors: LocalCommand = {
  options: ['workspace'],
  words: ['[NAME]…'],
  async runLocally({ values, words, typedIn }) {
    const found = await loadLocalConnectors(workspaceDir(values, typedIn), words);
    const data = found.map(dataOf);
    return {
      data: { connectors: data },
      table: {
        head: ['CONNECTOR', 'TOOL', 'RISK', 'WHERE IT MAY HAVE HAPPENED', 'ENTITY'],
        rows: data.flatMap(({ name, tools }) =>
          tools.map(({ tool, risk, repeats, entity }) => [name, tool, risk, REPEATS[repeats], entity ?? '']),
        ),
        none: 'no connector',
      },
      ...entitiesNote(data),
    };
  },
};

function dataOf({ name, tools: file, runner, spec }: LocalConnector) {
  return {
    name,
    tried: spec !== undefined,
    tools: Object.entries(file.tools).map(([tool, declared]) => ({
      tool,
      risk: declared.risk,
      repeats: repeatsOf(declared, runner, tool),
      ...(declared.entity && { entity: declared.entity.name }),
    })),
    entities: Object.entries(file.entities ?? {}).map(([entity, { key = 'id', version, keepDays = 90 }]) => ({
      entity,
      key,
      ...(version !== undefined && { version }),
      keep_days: keepDays,
    })),
  };
}

function entitiesNote(data: readonly ReturnType<typeof dataOf>[]): { note: string } | undefined {
  const told = data.flatMap(({ name, entities }) =>
    entities.map(({ entity, key, keep_days }) => `${name} ${entity} (by ${key}, ${keep_days} d)`),
  );
  return told.length > 0 ? { note: `entities kept: ${told.join(', ')}` } : undefined;
}
