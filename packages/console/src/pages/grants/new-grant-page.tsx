import type { Approval } from '@holdpoint/shared/domain/approval';
import type { StandingGrant } from '@holdpoint/shared/domain/standing-grant';
import { type FormEvent, useId, useState } from 'react';
import { useApi } from '../../api/api-context.tsx';
import { whatOf, whatOn } from '../../approvals/words.ts';
import { EmptyState } from '../../pieces/empty-state.tsx';
import { ErrorNote } from '../../pieces/error-note.tsx';
import { Loading } from '../../pieces/loading.tsx';
import { PageHead } from '../../pieces/page-head.tsx';
import { TextField } from '../../pieces/text-field.tsx';
import { useToast } from '../../pieces/toasts.tsx';
import { Link } from '../../router/link.tsx';
import { navigate, usePlace } from '../../router/location.ts';
import type { PageProps } from '../../router/page-props.ts';
import { useApproval } from '../card/use-card.ts';
import { classOf, type Draft, draftFrom } from './draft.ts';
import { PinFields } from './pin-fields.tsx';
import { Preview } from './preview.tsx';
import './grants.css';

/** Consent to requests like one that is asked now: the class, its bounds, and what it would have let through before. */
export function NewGrantPage(_: PageProps) {
  const { query } = usePlace();
  const id = query.get('approval') ?? '';
  const { data: approval, error, refetch } = useApproval(id);
  if (id === '') {
    return (
      <>
        <PageHead title="Grant in advance" />
        <EmptyState title="A grant begins from a request">Open one in the inbox, and grant those like it.</EmptyState>
      </>
    );
  }
  if (!approval && error)
    return <ErrorNote error={error} what="The request cannot be shown" retry={() => void refetch()} />;
  if (!approval) return <Loading what="Fetching the request" />;
  return <Form approval={approval} />;
}

function Form({ approval }: { readonly approval: Approval }) {
  const [api, toast, ids] = [useApi(), useToast(), useId()];
  const [draft, setDraft] = useState<Draft>(() => draftFrom(approval, api.now()));
  const [state, setState] = useState<{ readonly busy: boolean; readonly error?: unknown }>({ busy: false });
  const change = (part: Partial<Draft>): void => setDraft({ ...draft, ...part });

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (state.busy) return;
    setState({ busy: true });
    try {
      const grant = await api.post<StandingGrant>('/v1/standing-grants', {
        approval_id: approval.id,
        ...classOf(draft),
        until: new Date(draft.until).toISOString(),
        uses: Number(draft.uses),
        reason: draft.reason.trim(),
      });
      toast(<>Granted. The request itself still waits for its decision.</>);
      navigate(`/grants?grant=${grant.id}`);
    } catch (error) {
      setState({ busy: false, error });
    }
  };

  return (
    <>
      <p className="card-back">
        <Link href={`/approvals/${approval.id}`}>{whatOn(approval)}</Link>
      </p>
      <PageHead
        title="Grant in advance"
        about={
          <>
            Calls of <strong className="mono">{whatOf(approval)}</strong> by <strong>{approval.operator}</strong> that
            are like this one run without asking you. What a policy blocks stays blocked.
          </>
        }
      />
      <div className="grant">
        <form className="panel stack" onSubmit={submit}>
          <h2>Which requests</h2>
          <PinFields pins={draft.pins} change={(pins) => change({ pins })} />
          <div className="grant-bounds">
            <div className="field">
              <label htmlFor={`${ids}-value`}>Value at most</label>
              <input
                id={`${ids}-value`}
                type="number"
                min="0"
                step="any"
                value={draft.maxValue}
                placeholder="any"
                onChange={({ target }) => change({ maxValue: target.value })}
              />
            </div>
            <div className="field">
              <label htmlFor={`${ids}-uses`}>How often</label>
              <input
                id={`${ids}-uses`}
                type="number"
                min="1"
                max="100000"
                required
                value={draft.uses}
                onChange={({ target }) => change({ uses: target.value })}
              />
            </div>
            <div className="field">
              <label htmlFor={`${ids}-until`}>Until</label>
              <input
                id={`${ids}-until`}
                type="datetime-local"
                required
                value={draft.until}
                onChange={({ target }) => change({ until: target.value })}
              />
            </div>
          </div>
          <TextField label="Why" value={draft.reason} change={(reason) => change({ reason })} required />
          {state.error !== undefined && <ErrorNote error={state.error} what="Not granted" />}
          <div className="dialog-actions">
            <Link href={`/approvals/${approval.id}`} className="button">
              Not now
            </Link>
            <button type="submit" className="button primary" disabled={state.busy}>
              {state.busy ? 'Granting…' : 'Grant in advance'}
            </button>
          </div>
        </form>
        <Preview approval={approval} draft={draft} />
      </div>
    </>
  );
}
