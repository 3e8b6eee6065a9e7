/** In the order in which hooks are asked: by priority, lower first, then by id. */
export function inOrder<H extends { readonly id: string; readonly priority: number }>(hooks: readonly H[]): H[] {
  return [...hooks].sort((a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1));
}
