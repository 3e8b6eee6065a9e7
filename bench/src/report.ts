import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Limit, Measured, Result } from './benchmark.ts';

const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));
const README = fileURLToPath(new URL('../README.md', import.meta.url));
const BEGIN = '<!-- results: written by npm run bench -->';
const END = '<!-- /results -->';

/** Keeps a result and writes the page's tables anew from all that are kept. A quick one shows that it works: not kept. */
export async function keep(result: Result): Promise<void> {
  if (result.quick) return;
  await mkdir(RESULTS, { recursive: true });
  await writeFile(`${RESULTS}${result.id.toLowerCase()}.json`, `${JSON.stringify(rounded(result), null, 1)}\n`);
  const names = (await readdir(RESULTS)).filter((name) => name.endsWith('.json')).sort();
  const results = await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(`${RESULTS}${name}`, 'utf8')) as Result),
  );
  const page = await readFile(README, 'utf8');
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`${README} has lost its markers`);
  const body = results.map(section).join('\n');
  await writeFile(README, `${page.slice(0, before + BEGIN.length)}\n\n${body}\n${page.slice(after)}`);
}

/** For a terminal. */
export function summary({ id, title, measured, limits }: Result): string {
  return [`${id} ${title}`, ...table(measured), '', ...limits.flatMap(limitLines)].join('\n');
}

function section(result: Result): string {
  const { id, title, machine, at, runs, setting, measured, limits } = result;
  const servers = Object.entries(machine.servers).map(([name, version]) => `${name} ${version}`);
  return [
    `## ${id} ${title}`,
    '',
    ...table(measured),
    '',
    `${runs} runs, ${at.slice(0, 10)}; ${machine.cores} × ${machine.cpu}, ${machine.memoryGib} GiB, Linux ${machine.kernel}, Node ${machine.node}${servers.length > 0 ? `, ${servers.join(', ')}` : ''}; load before the first run ${machine.loadBefore}.`,
    '',
    ...setting.map((line) => `- ${line}`),
    '',
    ...(limits.length > 0
      ? ['<details><summary>What limits it</summary>', '', ...limits.flatMap(limitLines), '</details>', '']
      : []),
  ].join('\n');
}

function table(measured: readonly Measured[]): string[] {
  return [
    '| case | contender | min | median | max | | ours is | |',
    '| --- | --- | ---: | ---: | ---: | --- | ---: | --- |',
    ...measured.map(({ case: name, contender, spread, unit, oursTimes, note }) => {
      const ratio = oursTimes === undefined ? '' : `${Number(oursTimes.toPrecision(2)).toLocaleString('en')} ×`;
      return `| ${name} | ${contender} | ${shown(spread.min)} | ${shown(spread.median)} | ${shown(spread.max)} | ${unit} | ${ratio} | ${note ?? ''} |`;
    }),
  ];
}

function limitLines({ what, shares }: Limit): string[] {
  return [
    `${what}:`,
    '',
    '| share | where | |',
    '| ---: | --- | --- |',
    ...shares.map(
      ({ name, share, note }) =>
        `| ${share === undefined ? '' : `${(share * 100).toFixed(1)} %`} | \`${name.replaceAll('|', '\\|')}\` | ${note ?? ''} |`,
    ),
    '',
  ];
}

const shown = (value: number): string =>
  Number.isFinite(value) ? (Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1)) : '–';

function rounded(result: Result): unknown {
  return JSON.parse(JSON.stringify(result), (_, value) =>
    typeof value === 'number' ? Number(value.toPrecision(4)) : value,
  );
}
