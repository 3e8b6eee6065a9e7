import { type ReactNode, useEffect, useState } from 'react';
import { useGoKeys } from '../keys/use-go-keys.ts';
import { useLive } from '../live/live-provider.tsx';
import { Mark } from '../pieces/mark.tsx';
import { Link } from '../router/link.tsx';
import { usePlace } from '../router/location.ts';
import { useSession, useSignOut } from '../session/session.tsx';
import { KeysDialog } from './keys-dialog.tsx';
import { isWithin, NAV } from './nav.ts';
import { useTheme } from './theme.ts';
import './shell.css';

/** What stands around every page. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const { path } = usePlace();
  const [keysShown, setKeysShown] = useState(false);
  const [menuShown, setMenuShown] = useState(false);
  useGoKeys(() => setKeysShown(true));
  useEffect(() => setMenuShown(false), [path]);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        To the page
      </a>
      <header className="shell-side">
        <div className="shell-top">
          <Link href="/" className="shell-brand">
            Holdpoint
          </Link>
          <button
            type="button"
            className="button plain shell-menu"
            aria-expanded={menuShown}
            aria-controls="shell-menu"
            onClick={() => setMenuShown(!menuShown)}
          >
            Menu
          </button>
        </div>
        <div id="shell-menu" className={menuShown ? 'shell-drawer shown' : 'shell-drawer'}>
          <Nav path={path} />
          <Foot showKeys={() => setKeysShown(true)} />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      {keysShown && <KeysDialog close={() => setKeysShown(false)} />}
    </div>
  );
}

function Nav({ path }: { readonly path: string }) {
  const { queues_url: queues } = useSession();
  return (
    <nav aria-label="Rooms">
      {NAV.map(({ title, links }) => (
        <div key={title} className="nav-group">
          <p className="nav-title">{title}</p>
          <ul>
            {links.map(({ href, word }) => (
              <li key={href}>
                <Link href={href} aria-current={isWithin(path, href) ? 'page' : undefined}>
                  {word}
                </Link>
              </li>
            ))}
            {title === 'Control' && queues && (
              <li>
                <a href={queues}>Queues ↗</a>
              </li>
            )}
          </ul>
        </div>
      ))}
    </nav>
  );
}

function Foot({ showKeys }: { readonly showKeys: () => void }) {
  const { person } = useSession();
  const { theme, next, change } = useTheme();
  const { state } = useLive();
  const signOut = useSignOut();
  return (
    <div className="shell-foot">
      <p className={`badge ${state === 'live' ? 'tone-allow' : 'tone-quiet'}`} role="status">
        <Mark shape={state === 'live' ? 'disc' : 'ring'} />
        {state === 'live' ? 'live' : 'asking every few seconds'}
      </p>
      <p className="shell-person">
        <strong>{person.name}</strong>
        <span className="quiet small">{person.tenant}</span>
      </p>
      <div className="row">
        <button type="button" className="button plain" onClick={change} title={`Change to ${next}`}>
          Theme: {theme === 'system' ? 'auto' : theme}
        </button>
        <button type="button" className="button plain" onClick={showKeys}>
          Keys
        </button>
        <button type="button" className="button plain" onClick={() => void signOut()}>
          Sign out
        </button>
      </div>
    </div>
  );
}
