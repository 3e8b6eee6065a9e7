import { useState } from 'react';
import { KEYS } from '../keys/key-table.ts';
import { keysAreOn, turnKeys } from '../keys/use-keys.ts';
import { Dialog } from '../pieces/dialog.tsx';

const TITLES = { anywhere: 'Anywhere', inbox: 'In the inbox', card: 'On a request' } as const satisfies Record<
  keyof typeof KEYS,
  string
>;

export function KeysDialog({ close }: { readonly close: () => void }) {
  const [on, setOn] = useState(keysAreOn);
  return (
    <Dialog title="Keys" close={close}>
      <div className="keys">
        {(Object.keys(KEYS) as (keyof typeof KEYS)[]).map((room) => (
          <section key={room}>
            <h3>{TITLES[room]}</h3>
            <dl>
              {Object.entries(KEYS[room]).map(([keys, does]) => (
                <div key={keys}>
                  <dt>
                    {keys.split(' ').map((key) => (
                      <kbd key={key}>{key === 'Escape' ? 'Esc' : key}</kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <label className="row keys-on">
        <input
          type="checkbox"
          checked={on}
          onChange={({ target }) => {
            turnKeys(target.checked);
            setOn(target.checked);
          }}
        />
        Listen to these keys in this browser
      </label>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={close}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
