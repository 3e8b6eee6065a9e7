import { useId } from 'react';
import { Said } from '../../pieces/said.tsx';
import { type Pin, type Rule, rulesFor } from './draft.ts';

const RULE_WORDS = {
  equals: 'exactly this',
  max: 'at most',
  min: 'at least',
  any: 'anything',
} as const satisfies Record<Rule, string>;

/** What is asked of each argument. */
export function PinFields({ pins, change }: { readonly pins: readonly Pin[]; readonly change: (pins: Pin[]) => void }) {
  if (pins.length === 0) return <p className="quiet">It has no arguments that could be bound.</p>;
  return (
    <ul className="pins">
      {pins.map((pin) => (
        <PinField key={pin.path} pin={pin} change={(next) => change(pins.map((one) => (one === pin ? next : one)))} />
      ))}
    </ul>
  );
}

function PinField({ pin, change }: { readonly pin: Pin; readonly change: (pin: Pin) => void }) {
  const id = useId();
  const bounded = pin.rule === 'max' || pin.rule === 'min';
  return (
    <li>
      <label htmlFor={id} className="mono">
        <Said text={pin.path} />
      </label>
      <select id={id} value={pin.rule} onChange={({ target }) => change({ ...pin, rule: target.value as Rule })}>
        {rulesFor(pin).map((rule) => (
          <option key={rule} value={rule}>
            {RULE_WORDS[rule]}
          </option>
        ))}
      </select>
      {bounded ? (
        <input
          type="number"
          step="any"
          required
          aria-label={`${pin.path} ${RULE_WORDS[pin.rule]}`}
          value={pin.bound}
          onChange={({ target }) => change({ ...pin, bound: target.value })}
        />
      ) : (
        <span className={pin.rule === 'any' ? 'mono small quiet struck' : 'mono small'}>
          <Said text={JSON.stringify(pin.value)} />
        </span>
      )}
    </li>
  );
}
