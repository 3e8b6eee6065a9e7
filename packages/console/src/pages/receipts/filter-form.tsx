import { type FormEvent, useId } from 'react';
import { KIND_WORDS } from '../../receipts/receipt-words.ts';
import { navigate } from '../../router/location.ts';
import { FILTERS, type Filter, type Filters } from './receipt-query.ts';

const FIELDS: readonly {
  readonly name: Filter;
  readonly label: string;
  readonly type?: string;
  readonly hint?: string;
}[] = [
  { name: 'entity_key', label: 'Entity', hint: 'order:1234' },
  { name: 'operator', label: 'Operator' },
  { name: 'connector', label: 'Connector' },
  { name: 'tool', label: 'Tool' },
  { name: 'actor', label: 'Done by', hint: 'as a receipt says it' },
  { name: 'outcome', label: 'Became', hint: 'applied, failed, …' },
  { name: 'event_id', label: 'Event' },
  { name: 'since', label: 'Since', type: 'datetime-local' },
  { name: 'until', label: 'Until', type: 'datetime-local' },
];

/** What to search by. What is searched for stands in the address, so that it can be passed on. */
export function FilterForm({ filters }: { readonly filters: Filters }) {
  const id = useId();
  const search = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const query = new URLSearchParams(
      FILTERS.flatMap((name) => {
        const value = String(form.get(name) ?? '').trim();
        return value === '' ? [] : [[name, value]];
      }),
    );
    navigate(`/receipts?${query}`);
  };
  const narrowed = Object.keys(filters).some((name) => name !== 'about' && name !== 'kind');
  return (
    <form className="panel stack" onSubmit={search} aria-label="Search receipts">
      <div className="receipt-search">
        <div className="field">
          <label htmlFor={`${id}-about`}>Any id or key</label>
          <input
            id={`${id}-about`}
            name="about"
            type="search"
            defaultValue={filters.about}
            placeholder="of an action, plan, approval, entity"
            spellCheck={false}
          />
        </div>
        <div className="field">
          <label htmlFor={`${id}-kind`}>Kind</label>
          <select id={`${id}-kind`} name="kind" defaultValue={filters.kind ?? ''}>
            <option value="">any</option>
            {Object.entries(KIND_WORDS).map(([kind, word]) => (
              <option key={kind} value={kind}>
                {word}
              </option>
            ))}
          </select>
        </div>
        <button type="submit" className="button primary">
          Search
        </button>
      </div>
      <details open={narrowed}>
        <summary>Narrow it</summary>
        <div className="receipt-fields">
          {FIELDS.map(({ name, label, type = 'text', hint }) => (
            <div key={name} className="field">
              <label htmlFor={`${id}-${name}`}>{label}</label>
              <input
                id={`${id}-${name}`}
                name={name}
                type={type}
                defaultValue={filters[name]}
                placeholder={hint}
                spellCheck={false}
              />
            </div>
          ))}
        </div>
      </details>
    </form>
  );
}
