import type { Approval } from '@holdpoint/shared/domain/approval';
import { useId } from 'react';
import { audiencesOf } from '../../approvals/standing.ts';
import { changeQuery, usePlace } from '../../router/location.ts';
import type { Filter } from './arrange.ts';

/** What is filtered by stands in the address, so that it can be kept and sent on. */
export function useFilter(): Filter {
  const { query } = usePlace();
  return {
    audience: query.get('audience') ?? '',
    urgency: query.get('urgency') ?? '',
    operator: query.get('operator') ?? '',
  };
}

export function Filters({ filter, approvals }: { readonly filter: Filter; readonly approvals: readonly Approval[] }) {
  const audiences = approvals.flatMap(audiencesOf);
  const operators = approvals.map(({ operator }) => operator);
  return (
    <search className="filters">
      <Choice name="audience" label="Audience" all="Every audience" chosen={filter.audience} of={audiences} />
      <Choice
        name="urgency"
        label="Urgency"
        all="Every urgency"
        chosen={filter.urgency}
        of={['high', 'medium', 'low']}
        sorted={false}
      />
      <Choice name="operator" label="Operator" all="Every operator" chosen={filter.operator} of={operators} />
    </search>
  );
}

function Choice({
  name,
  label,
  all,
  chosen,
  of,
  sorted = true,
}: {
  readonly name: keyof Filter;
  readonly label: string;
  readonly all: string;
  readonly chosen: string;
  readonly of: readonly string[];
  readonly sorted?: boolean;
}) {
  const id = useId();
  // What is chosen stays to be seen, also where nothing of it is left.
  const options = [...new Set(chosen === '' ? of : [...of, chosen])];
  if (sorted) options.sort();
  return (
    <span>
      <label htmlFor={id} className="unseen">
        {label}
      </label>
      <select id={id} value={chosen} onChange={({ target }) => changeQuery({ [name]: target.value })}>
        <option value="">{all}</option>
        {options.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
    </span>
  );
}
