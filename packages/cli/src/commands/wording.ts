import type { Answer } from '../command.ts';

/** What it is about: `shop orders.hold`, or the subject of a request that names no tool. */
export function subjectOf(of: { connector: string | null; tool: string | null; subject?: string | null }): string {
  return of.connector === null ? (of.subject ?? '') : `${of.connector} ${of.tool}`;
}

export function more(cursor: string | null | undefined): Pick<Answer, 'note'> {
  return cursor ? { note: `there is more: --cursor ${cursor}` } : {};
}

export const inOneLine = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** `2 d 3 h`, in its two greatest units. */
export function duration(seconds: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ] as const;
  let left = Math.round(seconds);
  const parts = units.map(([unit, size]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return { unit, count };
  });
  const from = parts.findIndex(({ count }) => count > 0);
  const said = parts.slice(from, from + 2).filter(({ count }) => count > 0);
  return from < 0 ? '0 s' : said.map(({ unit, count }) => `${count} ${unit}`).join(' ');
}
