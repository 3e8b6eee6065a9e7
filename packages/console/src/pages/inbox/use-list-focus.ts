import { type RefObject, useLayoutEffect, useRef } from 'react';

/** Which entry has the focus, and how it moves: from one to the next, and on, where the one that had it is gone. */
export function useListFocus(list: RefObject<HTMLElement | null>) {
  const wanted = useRef<{ readonly id: string | undefined } | undefined>(undefined);

  const entries = (): HTMLElement[] => [...(list.current?.querySelectorAll<HTMLElement>('[data-id]') ?? [])];
  const idOf = (entry: Element | null | undefined): string | undefined =>
    entry instanceof HTMLElement ? entry.dataset.id : undefined;
  const focusOn = (id: string | undefined): void => {
    const entry = entries().find((one) => idOf(one) === id);
    const target = entry?.querySelector<HTMLElement>('a') ?? document.querySelector<HTMLElement>('h1');
    target?.focus();
    entry?.scrollIntoView({ block: 'nearest' });
  };

  // Once what was decided is gone from the page, not before.
  useLayoutEffect(() => {
    if (wanted.current === undefined) return;
    const { id } = wanted.current;
    wanted.current = undefined;
    focusOn(id);
  });

  const current = (): string | undefined => idOf(document.activeElement?.closest('[data-id]'));
  return {
    /** The id of the entry that has the focus. */
    current,
    /** The next entry, or the one before; the first where none has the focus. */
    step(by: 1 | -1): void {
      const ids = entries().map(idOf);
      const at = ids.indexOf(current());
      focusOn(at < 0 ? ids[0] : ids[Math.min(ids.length - 1, Math.max(0, at + by))]);
    },
    /** After the next drawing, on the first entry behind `id` that is not among those that leave; before it, where none is. */
    afterwards(id: string | undefined, leaving: readonly string[]): void {
      const ids = entries().map(idOf);
      const at = Math.max(0, ids.indexOf(id));
      const stays = (one: string | undefined): boolean => one !== undefined && !leaving.includes(one);
      wanted.current = { id: ids.slice(at).find(stays) ?? ids.slice(0, at).findLast(stays) };
    },
  };
}
