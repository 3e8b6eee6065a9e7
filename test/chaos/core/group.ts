export function grouped<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

export function counted<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, number> {
  return new Map([...grouped(items, keyOf)].map(([key, group]) => [key, group.length]));
}
