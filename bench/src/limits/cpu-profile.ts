import type { Profiler } from 'node:inspector';
import type { Limit } from '../benchmark.ts';

const ENTRIES_MAX = 15;
const PARTS_MAX = 12;
/** Samples in which the process ran nothing of its own. */
const IDLE = '(idle)';

/** The functions and the packages in which a process spent its own time, as shares of the time in which it was busy. */
export function profileLimits(what: string, profile: Profiler.Profile): Limit[] {
  const byFunction = new Map<string, number>();
  const byPart = new Map<string, number>();
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  let busyUs = 0;
  let idleUs = 0;
  profile.samples?.forEach((id, index) => {
    const tookUs = Math.max(0, profile.timeDeltas?.[index] ?? 0);
    const frame = nodes.get(id)?.callFrame;
    if (!frame) return;
    if (frame.functionName === IDLE) {
      idleUs += tookUs;
      return;
    }
    busyUs += tookUs;
    const file = shortPath(frame.url);
    add(
      byFunction,
      `${frame.functionName || '(anonymous)'} ${file && `${file}:${frame.lineNumber + 1}`}`.trim(),
      tookUs,
    );
    add(byPart, partOf(frame.functionName, file), tookUs);
  });
  const busy = `busy ${percent(busyUs, busyUs + idleUs)} of the time`;
  return [
    { what: `${what}: CPU by part (${busy})`, shares: top(byPart, busyUs, PARTS_MAX) },
    { what: `${what}: CPU by function, self time`, shares: top(byFunction, busyUs, ENTRIES_MAX) },
  ];
}

function top(times: ReadonlyMap<string, number>, totalUs: number, count: number): Limit['shares'] {
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([name, us]) => ({ name, share: round(us / totalUs) }));
}

function add(times: Map<string, number>, name: string, us: number): void {
  times.set(name, (times.get(name) ?? 0) + us);
}

/** From the repository's root, or from the package that it belongs to. */
export function shortPath(url: string): string {
  const path = decodeURIComponent(url);
  const inPackage = path.lastIndexOf('/node_modules/');
  if (inPackage >= 0) return path.slice(inPackage + '/node_modules/'.length);
  return /(packages|services|bench|workspace)\/.*$/.exec(path)?.[0] ?? path.replace(/^file:.*\//, '');
}

function partOf(name: string, file: string): string {
  if (file === '') return /^\((garbage collector|program)\)$/.test(name) ? name : 'native code';
  if (file.startsWith('node:')) return `node: ${file.slice('node:'.length).split('/').slice(0, 2).join('/')}`;
  const [first = '', second = '', third = ''] = file.split('/');
  if (first === 'packages' || first === 'services') return `${first}/${second}`;
  return first === '@holdpoint' || first.startsWith('@') ? `${first}/${second}` : first || third;
}

const round = (share: number): number => Math.round(share * 1000) / 1000;
const percent = (part: number, whole: number): string => `${Math.round((part / whole) * 100)} %`;
