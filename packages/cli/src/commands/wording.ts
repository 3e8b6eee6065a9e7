import type { Answer } from '../command.ts';

/** What it is about: `shop orders.hold`, or the subject of a request that names no tool. */
export function subjectOf(of: { connector: string | null; tool: string | null; subject?: string | null }): string {
  return of.connector === null ? (of.subject ?? '') : `${of.connector} ${of.tool}`;
}

export function more(cursor: string | null | undefined): Pick<Answer, 'note'> {
  return cursor ? { note: `there is more: --cursor ${cursor}` } : {};
}

export const inOneLine = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
