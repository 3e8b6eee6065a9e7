interface Scope {
  readonly operator?: string | null | undefined;
  readonly connector?: string | null | undefined;
  readonly tool?: string | null | undefined;
}

/** What a freeze covers, in words. */
export function scopeWords({ operator, connector, tool }: Scope): string {
  const parts = [
    ...(connector ? [`connector ${connector}`] : []),
    ...(tool ? [`tool ${tool}`] : []),
    ...(operator ? [`operator ${operator}`] : []),
  ];
  return parts.length === 0 ? 'everything' : parts.join(', ');
}
