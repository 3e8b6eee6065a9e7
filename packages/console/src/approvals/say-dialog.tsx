import { type FormEvent, useState } from 'react';
import { Dialog } from '../pieces/dialog.tsx';
import { ErrorNote } from '../pieces/error-note.tsx';
import { TextField } from '../pieces/text-field.tsx';

/** Asks for a few words, and does something with them. */
export function SayDialog({
  title,
  label,
  word,
  required = true,
  send,
  close,
}: {
  readonly title: string;
  readonly label: string;
  /** On the button. */
  readonly word: string;
  readonly required?: boolean;
  readonly send: (said: string) => Promise<unknown>;
  readonly close: () => void;
}) {
  const [said, setSaid] = useState('');
  const [state, setState] = useState<{ readonly busy: boolean; readonly error?: unknown }>({ busy: false });
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (state.busy) return;
    setState({ busy: true });
    try {
      await send(said.trim());
      close();
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  return (
    <Dialog title={title} close={close}>
      <form className="stack" onSubmit={submit}>
        <TextField label={label} value={said} change={setSaid} required={required} rows={3} />
        {state.error !== undefined && <ErrorNote error={state.error} />}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={close}>
            Not now
          </button>
          <button type="submit" className="button primary" disabled={state.busy}>
            {word} <kbd>↵</kbd>
          </button>
        </div>
      </form>
    </Dialog>
  );
}
