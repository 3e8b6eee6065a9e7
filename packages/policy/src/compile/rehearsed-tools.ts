import type { Risk } from '@holdpoint/shared/domain/policy';
import type { ToolCatalog } from '@holdpoint/shared/domain/tool';

/** Tools of which nothing but their risk is told: connector → tool → risk. */
export function rehearsedTools(tools: Readonly<Record<string, Readonly<Record<string, Risk>>>>): ToolCatalog {
  return Object.fromEntries(
    Object.entries(tools).map(([connector, own]) => [
      connector,
      Object.fromEntries(Object.entries(own).map(([tool, risk]) => [tool, { risk }])),
    ]),
  );
}
