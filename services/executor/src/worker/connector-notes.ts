/** What operations are to know of a connector without the service being any less ready: others work on. */
export interface ConnectorNotes {
  /** Replaces what the same one noted before; undefined: nothing to note any more. The text must hold no secret. */
  note(connector: string, by: Noted, text: string | undefined): void;
  /** For `/readyz`: `connector:<name>` → `ok`, or all that is noted of it. */
  checks(): Record<string, string>;
}

export type Noted = 'health' | 'circuit';

const NOTE_MAX_LENGTH = 200;

export function createConnectorNotes(connectors: readonly string[]): ConnectorNotes {
  const noted = new Map(connectors.map((name) => [name, new Map<Noted, string>()]));
  return {
    note(connector, by, text) {
      const own = noted.get(connector);
      if (text === undefined) own?.delete(by);
      else own?.set(by, text.slice(0, NOTE_MAX_LENGTH).toWellFormed());
    },
    checks: () =>
      Object.fromEntries([...noted].map(([name, own]) => [`connector:${name}`, [...own.values()].join('; ') || 'ok'])),
  };
}
