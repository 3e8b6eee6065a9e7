import { readArguments } from './arguments.ts';
import { b1 } from './b1/benchmark.ts';
import { b2 } from './b2/benchmark.ts';
import { b3 } from './b3/benchmark.ts';
import { b4 } from './b4/benchmark.ts';
import { b5 } from './b5/benchmark.ts';
import { b6 } from './b6/benchmark.ts';
import type { Benchmark, Options, Result } from './benchmark.ts';
import { machineFacts } from './machine.ts';
import { keep, summary } from './report.ts';
import { type Servers, startServers } from './servers.ts';

const BENCHMARKS: readonly Benchmark[] = [b1, b2, b3, b4, b5, b6];

const { ids, quick, runs, size, actions } = readArguments(process.argv.slice(2));
const unknown = ids.filter((id) => !BENCHMARKS.some((benchmark) => benchmark.id === id));
if (unknown.length > 0)
  throw new Error(`there is no ${unknown.join(', ')}: ${BENCHMARKS.map(({ id }) => id).join(', ')}`);
const options: Options = { quick, runs, size, actions, log: (line) => console.error(line) };

for (const benchmark of BENCHMARKS) {
  if (ids.length > 0 && !ids.includes(benchmark.id)) continue;
  const result = await runOne(benchmark);
  console.log(summary(result));
  if (size === undefined) await keep(result);
}

/** On servers of its own, so that benchmarks do not inherit from each other. */
async function runOne(benchmark: Benchmark): Promise<Result> {
  const servers = benchmark.needsServers ? await startServers(options.log) : undefined;
  const broken = (): void => void servers?.stop().then(() => process.exit(1));
  process.once('SIGINT', broken);
  process.once('SIGTERM', broken);
  try {
    const machine = machineFacts(servers?.versions ?? {});
    const findings = await benchmark.run(servers as Servers, options);
    const { id, title, setting } = benchmark;
    return { id, title, setting, at: new Date().toISOString(), quick, runs, machine, ...findings };
  } finally {
    process.off('SIGINT', broken);
    process.off('SIGTERM', broken);
    await servers?.stop();
  }
}
