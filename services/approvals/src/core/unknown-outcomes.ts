import { type Html, html, type Shown } from './html.ts';

/** An action of which nobody knows whether it happened, as people see it in a list: without its arguments. */
export interface UnknownOutcome {
  readonly id: string;
  readonly connector: string;
  readonly tool: string;
  readonly entity_key: string | null;
  readonly value: number | null;
  readonly operator: string;
  readonly error: string | null;
  readonly attempts: number;
  /** When the last attempt began. */
  readonly started_at: Date | null;
  /** Since when it is indeterminate. */
  readonly updated_at: Date;
  /** Its entity's next actions wait for it. */
  readonly blocks: boolean;
}

export interface UnknownOutcomes {
  readonly entries: readonly UnknownOutcome[];
  /** There are more than these. */
  readonly more: boolean;
}

/** Nothing where all is known. The page shows how to settle and does not: whoever settles looks in the remote system first. */
export function unknownOutcomes({ entries, more }: UnknownOutcomes): Shown {
  if (entries.length === 0) return false;
  return html`
      <section aria-labelledby="unknown">
        <h2 id="unknown">Unknown outcomes (${more ? `${entries.length} newest` : String(entries.length)})</h2>
        <p class="quiet">Their calls may have happened, and nothing could tell. Look in the remote system, then say what is so.</p>
        ${entries.map(entryOf)}
        ${more && html`<p class="quiet">All of them: <code>npm run holdpoint -- actions --state indeterminate</code></p>`}
      </section>`;
}

function entryOf(entry: UnknownOutcome): Html {
  const { id, connector, tool, blocks } = entry;
  return html`
        <article aria-labelledby="unknown-${id}">
          <h3 id="unknown-${id}">${connector}.${tool}</h3>
          ${entry.error !== null && html`<p class="why">${entry.error}</p>`}
          ${blocks && html`<p class="quiet">The next actions of its entity wait for it.</p>`}
          <dl>${factsOf(entry).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
          <p>To settle it: <code>npm run holdpoint -- settle ${id} applied --reason 'what you found'</code></p>
          <p class="quiet">Or, in place of <code>applied</code>: <code>not_applied</code> runs it again, <code>failed</code> gives it up.</p>
        </article>`;
}

function factsOf({ operator, value, entity_key, attempts, started_at, updated_at }: UnknownOutcome): [string, Shown][] {
  const facts: [string, Shown][] = [
    ['Asked by', `operator ${operator}`],
    ['Value', value],
    ['Entity', entity_key],
    ['Unknown since', timeOf(updated_at)],
    ['Attempts', attempts],
    ['Last attempt', started_at && timeOf(started_at)],
  ];
  return facts.filter(([, shown]) => shown !== null && shown !== '');
}

const timeOf = (at: Date): Html => html`<time datetime="${at.toISOString()}">${at.toISOString()}</time>`;
