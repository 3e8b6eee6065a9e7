import type { Action } from '@holdpoint/shared/domain/action';
import { ArgsTable } from '../pieces/args-table.tsx';
import { Said } from '../pieces/said.tsx';
import { Time } from '../pieces/time.tsx';

/** By what an action was decided, beside its arguments and its event. */
export function KnownEntity({ of }: { readonly of: NonNullable<Action['entity']> }) {
  const { name, id, data, version, seenAt } = of;
  return (
    <section className="panel stack" aria-labelledby="known-entity">
      <h2 id="known-entity">What was known of its entity</h2>
      <p className="quiet">
        <Said text={`${name} ${id}`} />
        {version !== null && (
          <>
            , version <Said text={version} />
          </>
        )}
        , last heard of <Time at={seenAt} />. Decided by this, whatever is known now.
      </p>
      <ArgsTable args={data} caption="What was known of its entity" />
    </section>
  );
}
