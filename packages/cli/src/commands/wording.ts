import type { Approval } from '@holdpoint/shared/domain/approval';
import type { EntitySnapshot } from '@holdpoint/shared/domain/entity';
import type { Answer } from '../command.ts';

/** What it is about: `shop orders.hold`, or the subject of a request that names no tool. */
export function subjectOf(of: { connector: string | null; tool: string | null; subject?: string | null }): string {
  return of.connector === null ? (of.subject ?? '') : `${of.connector} ${of.tool}`;
}

/** Who is asked: `2 of reviewer (or lead) + compliance-team`. */
export function waitsFor({ requirements }: Pick<Approval, 'requirements'>): string {
  return requirements
    .map(({ audience, quorum, also = [] }) => {
      const who = also.length > 0 ? `${audience} (or ${also.join(', ')})` : audience;
      return quorum > 1 ? `${quorum} of ${who}` : who;
    })
    .join(' + ');
}

/** As people know each other; the principal where nobody said a name. */
export const nameOf = ({ name, principal }: { readonly name: string | null; readonly principal: string }): string =>
  name ?? principal;

export function more(cursor: string | null | undefined): Pick<Answer, 'note'> {
  return cursor ? { note: `there is more: --cursor ${cursor}` } : {};
}

export const inOneLine = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const KNOWN_MAX_CHARS = 1_000;

/** What was known of an entity; all of it is in the data. */
export function knownOf({ name, id, seenAt, data }: EntitySnapshot): string {
  const text = inOneLine(data);
  const cut = text.length > KNOWN_MAX_CHARS ? `${text.slice(0, KNOWN_MAX_CHARS)}… (--json shows all)` : text;
  return `${name} ${id}, last heard of at ${seenAt}: ${cut}`;
}

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
