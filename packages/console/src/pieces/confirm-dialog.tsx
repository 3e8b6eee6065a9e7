import { useMutation } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { Dialog } from './dialog.tsx';
import { ErrorNote } from './error-note.tsx';
import { TextField } from './text-field.tsx';

/** A change that wants a second look: says what it means, asks why, and where it is grave wants a word typed. */
export function ConfirmDialog({
  title,
  children,
  reason,
  typed,
  doIt,
  does,
  grave = false,
  close,
}: {
  readonly title: ReactNode;
  readonly children: ReactNode;
  readonly reason: 'required' | 'optional' | 'none';
  /** To be typed before it can be done. */
  readonly typed?: string;
  /** The word on the button. */
  readonly does: string;
  readonly grave?: boolean;
  readonly doIt: (reason: string) => Promise<unknown>;
  readonly close: () => void;
}) {
  const [said, setSaid] = useState('');
  const [word, setWord] = useState('');
  const id = useId();
  const doing = useMutation({ mutationFn: () => doIt(said.trim()), onSuccess: close });
  const ready = (reason !== 'required' || said.trim() !== '') && (typed === undefined || word.trim() === typed);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (ready && !doing.isPending) doing.mutate();
  };
  return (
    <Dialog title={title} close={close}>
      <form className="stack" onSubmit={submit}>
        <div className="stack">{children}</div>
        {reason !== 'none' && (
          <TextField
            label={reason === 'required' ? 'Why' : 'Why (may be left out)'}
            hint="It stands in the receipt."
            value={said}
            change={setSaid}
            required={reason === 'required'}
            maxLength={1024}
          />
        )}
        {typed !== undefined && (
          <div className="field">
            <label htmlFor={id}>
              Type <code>{typed}</code> to go on
            </label>
            <input
              id={id}
              value={word}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => setWord(event.target.value)}
            />
          </div>
        )}
        {doing.error && <ErrorNote error={doing.error} />}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={close}>
            Leave it
          </button>
          <button
            type="submit"
            className={grave ? 'button deny' : 'button primary'}
            disabled={!ready || doing.isPending}
          >
            {does}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
