import { useSyncExternalStore } from 'react';

const MOVED = 'holdpoint:moved';

export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

let place = read();

function read(): Place & { readonly href: string } {
  const { pathname, search } = window.location;
  return { href: pathname + search, path: pathname, query: new URLSearchParams(search) };
}

function subscribe(told: () => void): () => void {
  window.addEventListener('popstate', told);
  window.addEventListener(MOVED, told);
  return () => {
    window.removeEventListener('popstate', told);
    window.removeEventListener(MOVED, told);
  };
}

/** The same object as long as the address is the same. */
function current(): Place {
  const now = read();
  if (now.href !== place.href) place = now;
  return place;
}

/** Where the person is. */
export function usePlace(): Place {
  return useSyncExternalStore(subscribe, current);
}

/** Goes to a path of the app; with `replace`, the way back does not lead here. */
export function navigate(to: string, how: { readonly replace?: boolean } = {}): void {
  if (how.replace) window.history.replaceState(null, '', to);
  else window.history.pushState(null, '', to);
  window.dispatchEvent(new Event(MOVED));
}

/** Changes parameters of the address in place; an empty one goes. */
export function changeQuery(changes: Readonly<Record<string, string>>): void {
  const { path, query } = current();
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') next.delete(name);
    else next.set(name, value);
  }
  const search = next.toString();
  navigate(search === '' ? path : `${path}?${search}`, { replace: true });
}
