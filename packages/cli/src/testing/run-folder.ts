import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A data folder of a run whose four services answer at `url`; alice may decide. */
export async function makeRunFolder(url: string): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'cli-'));
  const services = { ingest: url, evaluator: url, executor: url, approvals: url };
  const run = { services, keys: { admin: 'hp_admin', operator: 'hp_operator' }, people: { alice: 'jwt-of-alice' } };
  await writeFile(join(folder, 'run.json'), JSON.stringify(run));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
