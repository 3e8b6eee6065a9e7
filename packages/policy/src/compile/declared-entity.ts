import type { EntityReference } from '@holdpoint/shared/domain/entity';
import type { ToolCatalog } from '@holdpoint/shared/domain/tool';

/** Which entity the tool of a line that nobody parsed yet declares. By own properties only. */
export function declaredEntity(line: unknown, tools: ToolCatalog): EntityReference | undefined {
  if (typeof line !== 'object' || line === null) return undefined;
  const { connector, tool } = line as { readonly connector?: unknown; readonly tool?: unknown };
  if (typeof connector !== 'string' || typeof tool !== 'string' || !Object.hasOwn(tools, connector)) return undefined;
  const own = tools[connector];
  return own && Object.hasOwn(own, tool) ? own[tool]?.entity : undefined;
}
