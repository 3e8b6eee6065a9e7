/** What a what-if asks about, as it stands in the form and in the address. */
export const QUESTION_FIELDS = ['connector', 'tool', 'operator', 'value', 'entity_key', 'event_id', 'args'] as const;
export type Question = Readonly<Record<(typeof QUESTION_FIELDS)[number], string>>;

export function questionIn(query: URLSearchParams): Question {
  return Object.fromEntries(
    QUESTION_FIELDS.map((name) => [name, query.get(name) ?? (name === 'args' ? '{}' : '')]),
  ) as Question;
}

/** Where that question stands in the form already. */
export function whatIfPath(question: Partial<Question>): string {
  return `/policies?${new URLSearchParams({ view: 'what-if', ...question })}`;
}

export type Asked =
  | { readonly ok: true; readonly body: object }
  | { readonly ok: false; readonly field: string; readonly why: string };

/** The rehearsal to ask for. What the rules would refuse is for them to say; only what is no JSON or no number never gets there. */
export function rehearsalOf({ connector, tool, operator, value, entity_key, event_id, args }: Question): Asked {
  let parsed: unknown;
  try {
    parsed = JSON.parse(args);
  } catch (error) {
    return { ok: false, field: 'args', why: error instanceof Error ? error.message : 'is no JSON' };
  }
  const amount = value.trim() === '' ? undefined : Number(value);
  if (amount !== undefined && !Number.isFinite(amount)) return { ok: false, field: 'value', why: 'is no number' };
  const action = {
    connector,
    tool,
    args: parsed,
    idempotency_key: 'what-if',
    ...(amount !== undefined && { value: amount }),
    ...(entity_key !== '' && { entity_key }),
  };
  const plan = { plan_id: 'what-if', actions: [action], ...(event_id !== '' && { event_id }) };
  return { ok: true, body: { plan, explain: true, ...(operator !== '' && { operator }) } };
}
