import type { Decision } from '@holdpoint/shared/domain/action';
import type { Explanation } from '@holdpoint/shared/domain/explanation';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { behind } from '../../api/api.ts';
import { useApi } from '../../api/api-context.tsx';
import { useBehind } from '../../api/use-behind.ts';
import { DecisionBadge } from '../../pieces/badges.tsx';
import { ErrorNote } from '../../pieces/error-note.tsx';
import { Said } from '../../pieces/said.tsx';
import { Link } from '../../router/link.tsx';
import { changeQuery, usePlace } from '../../router/location.ts';
import { type Question, questionIn, rehearsalOf } from './what-if-query.ts';

type Rehearsed = Decision & { readonly explanation?: Explanation };

const FIELDS = [
  { name: 'connector', label: 'Connector', required: true },
  { name: 'tool', label: 'Tool', required: true },
  { name: 'operator', label: 'Operator (may be empty)' },
  { name: 'value', label: 'Value' },
  { name: 'entity_key', label: 'Entity' },
  { name: 'event_id', label: 'Event behind it' },
] as const satisfies readonly { readonly name: keyof Question; readonly label: string; readonly required?: true }[];

/** Asks the rules of now about an action that nobody proposed. Nothing is recorded, nothing is done. */
export function WhatIf() {
  const api = useApi();
  const { query } = usePlace();
  const [question, setQuestion] = useState(() => questionIn(query));
  const [wrong, setWrong] = useState<{ readonly field: string; readonly why: string }>();
  const id = useId();
  const asking = useMutation({
    mutationFn: (body: object) =>
      api.post<{ readonly decisions: readonly Rehearsed[] }>(behind('evaluator', '/v1/evaluate'), body),
  });
  const connectors = useBehind<{ readonly items: readonly { readonly connector: string }[] }>(
    'executor',
    '/v1/connectors',
  );
  const change = (name: keyof Question, value: string) => setQuestion({ ...question, [name]: value });
  const ask = (event: FormEvent): void => {
    event.preventDefault();
    const asked = rehearsalOf(question);
    setWrong(asked.ok ? undefined : asked);
    if (!asked.ok) return;
    // So that the question can be passed on; arguments stay here, for they may hold what must not stand in an address.
    const { args, ...rest } = question;
    changeQuery(rest);
    asking.mutate(asked.body);
  };
  const answer = asking.data?.decisions[0];
  return (
    <div className="stack">
      <form className="panel stack" onSubmit={ask} aria-label="What if">
        <div className="what-if-fields">
          {FIELDS.map((field) => (
            <div key={field.name} className="field">
              <label htmlFor={`${id}-${field.name}`}>{field.label}</label>
              <input
                id={`${id}-${field.name}`}
                value={question[field.name]}
                required={'required' in field}
                inputMode={field.name === 'value' ? 'decimal' : 'text'}
                list={field.name === 'connector' ? `${id}-connectors` : undefined}
                autoComplete="off"
                spellCheck={false}
                aria-invalid={wrong?.field === field.name}
                onChange={(event) => change(field.name, event.target.value)}
              />
            </div>
          ))}
        </div>
        <datalist id={`${id}-connectors`}>
          {connectors.data?.items.map(({ connector }) => (
            <option key={connector} value={connector} />
          ))}
        </datalist>
        <div className="field">
          <label htmlFor={`${id}-args`}>Arguments, as JSON</label>
          <textarea
            id={`${id}-args`}
            className="mono"
            rows={4}
            value={question.args}
            spellCheck={false}
            aria-invalid={wrong?.field === 'args'}
            onChange={(event) => change('args', event.target.value)}
          />
        </div>
        {wrong && (
          <p className="note tone-block" role="alert">
            {wrong.field}: {wrong.why}
          </p>
        )}
        <div className="row">
          <button type="submit" className="button primary" disabled={asking.isPending}>
            What if?
          </button>
          <p className="quiet small">Nothing is recorded, nothing is done.</p>
        </div>
      </form>
      <div aria-live="polite" className="stack">
        {asking.error && <ErrorNote error={asking.error} what="It was not decided" />}
        {answer && <Answered answer={answer} />}
      </div>
    </div>
  );
}

function Answered({ answer: { decision, reasons, explanation, escalation } }: { readonly answer: Rehearsed }) {
  return (
    <section className="panel stack" aria-label="The decision">
      <p className="row">
        <DecisionBadge decision={decision} />
        {explanation && <Said text={explanation.sentence.replace(/^[A-Z]+: /, '')} />}
      </p>
      <List title="Reasons">
        {reasons.map(({ code, policy, message }) => (
          <li key={`${code} ${policy ?? ''} ${message}`}>
            <code>{code}</code> {policy && <PolicyLink id={policy} />} <Said text={message} />
          </li>
        ))}
      </List>
      {escalation && (
        <p>
          It would ask{' '}
          {escalation.requirements
            .map(({ audience, quorum }) => (quorum > 1 ? `${quorum} of ${audience}` : audience))
            .join(' and ')}
          {escalation.mode === 'alongside' ? ', and run meanwhile.' : ', and wait for them.'}
        </p>
      )}
      {explanation?.nearest && (
        <p className="note tone-allow">
          <span>
            The nearest change: <Said text={explanation.nearest.sentence} />
          </span>
        </p>
      )}
      {explanation && explanation.matched.length > 0 && (
        <List title="Policies that speak for it">
          {explanation.matched.map(({ policy, decision: says, constraints }) => (
            <li key={policy}>
              <PolicyLink id={policy} /> says {says}
              {constraints.map(({ message }) => (
                <span key={message} className="quiet">
                  ; <Said text={message} />
                </span>
              ))}
            </li>
          ))}
        </List>
      )}
      {explanation && explanation.near_misses.length > 0 && (
        <List title="Policies that nearly do">
          {explanation.near_misses.map(({ policy, message }) => (
            <li key={`${policy} ${message}`}>
              <PolicyLink id={policy} />: <Said text={message} />
            </li>
          ))}
        </List>
      )}
    </section>
  );
}

function List({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div>
      <h3>{title}</h3>
      <ul>{children}</ul>
    </div>
  );
}

function PolicyLink({ id }: { readonly id: string }) {
  return (
    <Link href={`/policies?policy=${encodeURIComponent(id)}`}>
      <Said text={id} />
    </Link>
  );
}
