import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The one tenant, operator and tool of the benchmarks: a connector that does nothing but count. */
export const TENANT = 'bench';
export const OPERATOR = 'load';
export const CONNECTOR = 'noop';
export const TOOL = 'do';
/** Its one webhook source. */
export const SOURCE = 'payments';
export const SOURCE_SECRET = 'whsec_of_the_benchmark';

const TALLY = new URL('./processes/tally.ts', import.meta.url).href;

/** Writes a workspace; with `tallied` its connector notes the order of its calls. */
export async function writeBenchWorkspace(dir: string, { tallied }: { readonly tallied: boolean }): Promise<string> {
  const files = {
    [`connectors/${CONNECTOR}/tools.ts`]: `export default { name: '${CONNECTOR}', tools: { '${TOOL}': { risk: 'write', idempotent: true } } };`,
    [`connectors/${CONNECTOR}/run.ts`]: `
import { startTally } from '${TALLY}';
const tally = ${tallied} ? startTally() : undefined;
export default { run: { '${TOOL}': async (args, ctx) => { tally?.called(ctx.entityKey, args.place); return { ok: true }; } } };`,
    [`tenants/${TENANT}/sources.ts`]: `export default [{ id: '${SOURCE}', provider: 'stripe', secrets: ['${SOURCE_SECRET}'] }];`,
    [`tenants/${TENANT}/policies.ts`]: `export default [{ id: 'all', connector: '${CONNECTOR}', tool: '${TOOL}', maxValue: 500, decision: 'ALLOW' }];`,
  };
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), text);
  }
  return dir;
}
