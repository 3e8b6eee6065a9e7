import type { Action } from '@holdpoint/shared/domain/action';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { behind } from '../api/api.ts';
import { useApi } from '../api/api-context.tsx';
import { ConfirmDialog } from '../pieces/confirm-dialog.tsx';
import { useToast } from '../pieces/toasts.tsx';

type Subject = Pick<Action, 'action_id' | 'connector' | 'tool' | 'entity_key' | 'state' | 'around'>;

/** What a person may say of an action whose outcome is unknown, and what each comes to. */
const SETTLEMENTS = [
  {
    as: 'applied',
    word: 'It happened',
    title: 'Settle as applied',
    does: 'Settle as applied',
    means:
      'You have seen in the remote system that it took effect. It is recorded as applied, is not done again, and the next action of its entity goes on.',
    grave: false,
  },
  {
    as: 'not_applied',
    word: 'It did not: run again',
    title: 'Run it again',
    does: 'Run it again',
    means:
      'You have seen in the remote system that nothing happened. It is sent again, with the same idempotency key. If it did happen after all, it happens twice.',
    grave: true,
  },
  {
    as: 'failed',
    word: 'Give up',
    title: 'Give it up',
    does: 'Settle as failed',
    means:
      'It is recorded as failed with your reason and is not tried again. Its idempotency key is free for a new proposal, and the next action of its entity goes on.',
    grave: true,
  },
] as const;

const CANCEL = {
  as: 'cancel',
  word: 'Cancel it',
  title: 'Cancel it',
  does: 'Cancel it',
  means:
    'It has not been begun, and will not be. Its operator is told; its idempotency key is free for a new proposal.',
  grave: true,
} as const;

const RETRY = {
  as: 'retry',
  word: 'Try now',
  title: 'Try now',
  does: 'Try now',
  means: 'It waits before its next attempt. That attempt is made at once.',
  grave: false,
} as const;

type Choice = (typeof SETTLEMENTS)[number] | typeof CANCEL | typeof RETRY;

function choicesFor({ state, around }: Subject): readonly Choice[] {
  if (state === 'indeterminate') return SETTLEMENTS;
  if (state !== 'queued') return [];
  const backsOff = around !== undefined && around.next_attempt_at !== null;
  return [...(backsOff ? [RETRY] : []), ...(around?.unsure ? [] : [CANCEL])];
}

/** What its state allows a person to do to an action: each asks again, and says what it means. */
export function Interventions({ action }: { readonly action: Subject }) {
  const [api, queries, tell] = [useApi(), useQueryClient(), useToast()];
  const [choice, setChoice] = useState<Choice>();
  const choices = choicesFor(action);
  if (choices.length === 0) return null;
  const what = `${action.connector}.${action.tool}`;

  const intervene = async ({ as, title }: Choice, reason: string): Promise<void> => {
    const verb = as === 'cancel' || as === 'retry' ? as : 'settle';
    const settlement = verb === 'settle' ? { as } : {};
    await api.post(behind('executor', `/v1/actions/${action.action_id}/${verb}`), {
      ...settlement,
      ...(reason !== '' && { reason }),
    });
    tell(`${title}: ${what}`);
    await queries.invalidateQueries({ queryKey: ['executor'] });
  };

  return (
    <div className="row">
      {choices.map((one) => (
        <button
          key={one.as}
          type="button"
          className={one.grave ? 'button deny' : 'button'}
          onClick={() => setChoice(one)}
        >
          {one.word}
          <span className="unseen">
            : {what} {action.entity_key ?? ''}
          </span>
        </button>
      ))}
      {choice && (
        <ConfirmDialog
          title={`${choice.title}: ${what}`}
          reason={action.state === 'indeterminate' ? 'required' : 'optional'}
          does={choice.does}
          grave={choice.grave}
          doIt={(reason) => intervene(choice, reason)}
          close={() => setChoice(undefined)}
        >
          <p>{choice.means}</p>
        </ConfirmDialog>
      )}
    </div>
  );
}
