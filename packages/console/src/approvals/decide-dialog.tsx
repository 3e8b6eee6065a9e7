import type { Approval } from '@holdpoint/shared/domain/approval';
import { type FormEvent, useState } from 'react';
import { useApi } from '../api/api-context.tsx';
import { isRefusal } from '../api/problem.ts';
import { Dialog } from '../pieces/dialog.tsx';
import { ErrorNote } from '../pieces/error-note.tsx';
import { Said } from '../pieces/said.tsx';
import { TextField } from '../pieces/text-field.tsx';
import { TimeLeft } from '../pieces/time.tsx';
import { useToast } from '../pieces/toasts.tsx';
import { Value } from '../pieces/value.tsx';
import { useSession } from '../session/session.tsx';
import { type BatchItem, type Cast, useDeeds } from './deeds.ts';
import { standingOf, stillNeeded } from './standing.ts';
import { endingOf, whatOn } from './words.ts';

const WORDS = {
  approve: {
    title: 'Approve',
    busy: 'Approving…',
    field: 'Comment (optional)',
    must: 'Why you approve your own request',
  },
  deny: { title: 'Deny', busy: 'Denying…', field: 'Reason to deny', must: 'Reason to deny' },
} as const satisfies Record<Cast, unknown>;

/** Asks once more, with what is said beside the vote, for one request or for several. */
export function DecideDialog({
  cast,
  approvals,
  close,
}: {
  readonly cast: Cast;
  readonly approvals: readonly Approval[];
  /** With those that were decided, whatever became of them. */
  readonly close: (decided: readonly string[]) => void;
}) {
  // What was shown when it was asked: what comes in meanwhile must not slip under the answer.
  const [asked] = useState(approvals);
  const [results, setResults] = useState<readonly BatchItem[]>();
  const [only] = asked;
  const words = WORDS[cast];
  if (results) return <Results asked={asked} results={results} close={() => close(results.map(({ id }) => id))} />;
  const title =
    asked.length === 1 && only ? `${words.title} ${whatOn(only)}` : `${words.title} ${asked.length} requests`;
  return (
    <Dialog title={title} close={() => close([])}>
      <Form cast={cast} asked={asked} close={close} tellResults={setResults} />
    </Dialog>
  );
}

function Form({
  cast,
  asked,
  close,
  tellResults,
}: {
  readonly cast: Cast;
  readonly asked: readonly Approval[];
  readonly close: (decided: readonly string[]) => void;
  readonly tellResults: (results: readonly BatchItem[]) => void;
}) {
  const [deeds, toast, api] = [useDeeds(), useToast(), useApi()];
  const { person } = useSession();
  const [said, setSaid] = useState('');
  const [state, setState] = useState<{ readonly busy: boolean; readonly error?: unknown }>({ busy: false });
  const words = WORDS[cast];
  const must = cast === 'deny' || asked.some((one) => standingOf(one, person, api.now()).mustComment);
  const [only] = asked;

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (state.busy) return;
    setState({ busy: true });
    try {
      if (asked.length === 1 && only) {
        toast(<Outcome approval={await deeds.vote(only.id, cast, said.trim())} cast={cast} />);
        return close([only.id]);
      }
      tellResults(
        await deeds.voteOnAll(
          asked.map(({ id }) => id),
          cast,
          said.trim(),
        ),
      );
    } catch (error) {
      if (only && isRefusal(error, 'APPROVAL_ALREADY_DECIDED', 'APPROVAL_EXPIRED')) {
        const now = await deeds.look(only.id).catch(() => undefined);
        toast(<NothingDone asked={only} now={now} />);
        return close([only.id]);
      }
      setState({ busy: false, error });
    }
  };

  return (
    <form className="stack" onSubmit={submit}>
      <ul className="decide-list">
        {asked.map((approval) => (
          <li key={approval.id}>
            {asked.length > 1 && <strong className="mono">{whatOn(approval)}</strong>}
            <span>
              <Said text={approval.reason} />
            </span>
            <span className="row small">
              {approval.value !== null && (
                <span>
                  Value <Value of={approval.value} />
                </span>
              )}
              <TimeLeft until={approval.expires_at} />
            </span>
          </li>
        ))}
      </ul>
      <TextField label={must ? words.must : words.field} value={said} change={setSaid} required={must} />
      {state.error !== undefined && <ErrorNote error={state.error} />}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={() => close([])}>
          Not now
        </button>
        <button type="submit" className={cast === 'deny' ? 'button deny' : 'button primary'} disabled={state.busy}>
          {state.busy ? words.busy : words.title} <kbd>↵</kbd>
        </button>
      </div>
    </form>
  );
}

function Outcome({ approval, cast }: { readonly approval: Approval; readonly cast: Cast }) {
  if (approval.status === 'pending') {
    const needed = cast === 'approve' ? stillNeeded(approval) : `${approval.denials} denials deny it`;
    return (
      <>
        Your vote on <strong>{whatOn(approval)}</strong> is recorded. Still needed: {needed}.
      </>
    );
  }
  return (
    <>
      <strong>{whatOn(approval)}</strong> is {approval.status}.
    </>
  );
}

function NothingDone({ asked, now }: { readonly asked: Approval; readonly now: Approval | undefined }) {
  return (
    <>
      Nothing was done: <strong>{whatOn(asked)}</strong>{' '}
      {now === undefined ? 'was decided before' : `was ${endingOf(now)}, before your answer came`}.
    </>
  );
}

function Results({
  asked,
  results,
  close,
}: {
  readonly asked: readonly Approval[];
  readonly results: readonly BatchItem[];
  readonly close: () => void;
}) {
  const done = results.filter(({ error }) => error === undefined).length;
  const whats = new Map(asked.map((approval) => [approval.id, whatOn(approval)]));
  return (
    <Dialog title={`${done} of ${results.length} done`} close={close}>
      <div className="stack">
        <ul className="decide-list">
          {results.map(({ id, status, error }) => (
            <li key={id}>
              <strong className="mono">{whats.get(id)}</strong>
              {error ? (
                <span className="tone-block">Not done: {error.detail}</span>
              ) : (
                <span>{status === 'pending' ? 'Your vote is recorded; more are needed.' : `It is ${status}.`}</span>
              )}
            </li>
          ))}
        </ul>
        <div className="dialog-actions">
          <button type="button" className="button primary" onClick={close}>
            Close
          </button>
        </div>
      </div>
    </Dialog>
  );
}
