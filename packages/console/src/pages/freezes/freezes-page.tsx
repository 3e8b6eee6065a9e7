import type { Freeze } from '@holdpoint/shared/domain/freeze';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { behind, type Page } from '../../api/api.ts';
import { useApi } from '../../api/api-context.tsx';
import { useBehind } from '../../api/use-behind.ts';
import { Answer } from '../../pieces/answer.tsx';
import { ConfirmDialog } from '../../pieces/confirm-dialog.tsx';
import { EmptyState } from '../../pieces/empty-state.tsx';
import { Mark } from '../../pieces/mark.tsx';
import { PageHead } from '../../pieces/page-head.tsx';
import { Said } from '../../pieces/said.tsx';
import { Time } from '../../pieces/time.tsx';
import { useToast } from '../../pieces/toasts.tsx';
import { actorName } from '../../receipts/receipt-words.ts';
import type { PageProps } from '../../router/page-props.ts';
import { useSession } from '../../session/session.tsx';
import { FreezeDialog } from './freeze-dialog.tsx';
import { scopeWords } from './scope-words.ts';

const EVERY_MS = 5_000;

/** What is stopped, and the button that stops more. */
export function FreezesPage(_: PageProps) {
  const { services } = useSession();
  const [stopping, setStopping] = useState(false);
  const [lifting, setLifting] = useState<Freeze>();
  const freezes = useBehind<Page<Freeze>>('executor', '/v1/freezes?lifted=true', { everyMs: EVERY_MS });
  return (
    <>
      <PageHead title="Freezes" about="A freeze stops what is not begun yet, at once.">
        {services.executor && (
          <button type="button" className="button deny" onClick={() => setStopping(true)}>
            <Mark shape="square" /> Stop…
          </button>
        )}
      </PageHead>
      <Answer query={freezes} from="executor" what="Freezes">
        {({ items }) => <Freezes all={items} lift={setLifting} />}
      </Answer>
      {stopping && <FreezeDialog close={() => setStopping(false)} />}
      {lifting && <LiftDialog freeze={lifting} close={() => setLifting(undefined)} />}
    </>
  );
}

function Freezes({ all, lift }: { readonly all: readonly Freeze[]; readonly lift: (freeze: Freeze) => void }) {
  const standing = all.filter(({ lifted_at: lifted }) => lifted === null);
  const lifted = all.filter(({ lifted_at: at }) => at !== null);
  return (
    <div className="stack">
      {standing.length === 0 && <EmptyState title="Nothing is stopped">Permitted work runs.</EmptyState>}
      {standing.length > 0 && (
        <ul className="stack" aria-label="What is stopped">
          {standing.map((freeze) => (
            <li key={freeze.id} className="note tone-block">
              <p>
                <strong>
                  <Said text={`Stopped: ${scopeWords(freeze)}`} />
                </strong>
              </p>
              <p>
                <Said text={freeze.reason} />
              </p>
              <p className="small quiet">
                by <Said text={actorName(freeze.frozen_by)} />, <Time at={freeze.created_at} />
              </p>
              <button type="button" className="button" onClick={() => lift(freeze)}>
                Lift it<span className="unseen">: {scopeWords(freeze)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {lifted.length > 0 && (
        <details className="panel">
          <summary>Lifted before ({lifted.length})</summary>
          <ul className="stack">
            {lifted.map((freeze) => (
              <li key={freeze.id}>
                <Said text={`${scopeWords(freeze)}: ${freeze.reason}`} />{' '}
                <span className="quiet small">
                  stopped by <Said text={actorName(freeze.frozen_by)} /> <Time at={freeze.created_at} />, lifted by{' '}
                  <Said text={actorName(freeze.lifted_by ?? '')} /> {freeze.lifted_at && <Time at={freeze.lifted_at} />}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

function LiftDialog({ freeze, close }: { readonly freeze: Freeze; readonly close: () => void }) {
  const [api, queries, tell] = [useApi(), useQueryClient(), useToast()];
  const lift = async (): Promise<void> => {
    await api.remove(behind('executor', `/v1/freezes/${freeze.id}`));
    tell(`Lifted: ${scopeWords(freeze)}`);
    await queries.invalidateQueries({ queryKey: ['executor'] });
  };
  return (
    <ConfirmDialog title={`Lift: ${scopeWords(freeze)}`} reason="none" does="Lift it" doIt={lift} close={close}>
      <p>What waited under it is scored again by the policies of now, then runs where they permit it.</p>
      <p className="note tone-alert">
        <Said text={`It was stopped because: ${freeze.reason}`} />
      </p>
    </ConfirmDialog>
  );
}
