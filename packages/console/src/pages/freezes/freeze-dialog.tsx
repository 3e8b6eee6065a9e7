import { useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { behind } from '../../api/api.ts';
import { useApi } from '../../api/api-context.tsx';
import { ConfirmDialog } from '../../pieces/confirm-dialog.tsx';
import { useToast } from '../../pieces/toasts.tsx';
import { useSession } from '../../session/session.tsx';
import { scopeWords } from './scope-words.ts';

const FIELDS = [
  { name: 'operator', label: 'Operator' },
  { name: 'connector', label: 'Connector' },
  { name: 'tool', label: 'Tool' },
] as const;

/** The big red button. What is left empty is not asked about: all empty, it is everything of the tenant. */
export function FreezeDialog({ close }: { readonly close: () => void }) {
  const [api, queries, tell] = [useApi(), useQueryClient(), useToast()];
  const { person } = useSession();
  const [scope, setScope] = useState({ operator: '', connector: '', tool: '' });
  const id = useId();
  const named = Object.fromEntries(Object.entries(scope).filter(([, value]) => value.trim() !== ''));
  const everything = Object.keys(named).length === 0;

  const freeze = async (reason: string): Promise<void> => {
    await api.post(behind('executor', '/v1/freezes'), { ...named, reason });
    tell(`Stopped: ${scopeWords(named)}`);
    await queries.invalidateQueries({ queryKey: ['executor'] });
  };

  return (
    <ConfirmDialog
      title="Stop"
      reason="required"
      typed={everything ? person.tenant : 'stop'}
      does={`Stop ${scopeWords(named)}`}
      grave
      doIt={freeze}
      close={close}
    >
      <p>
        Nothing that this covers is begun from now on. What is in flight ends; what is queued waits, and is scored again
        first.
      </p>
      {FIELDS.map(({ name, label }) => (
        <div key={name} className="field">
          <label htmlFor={`${id}-${name}`}>{label} (empty: any)</label>
          <input
            id={`${id}-${name}`}
            value={scope[name]}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setScope({ ...scope, [name]: event.target.value })}
          />
        </div>
      ))}
    </ConfirmDialog>
  );
}
