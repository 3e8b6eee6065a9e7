const PATH_MAX_CHARS = 1024;
const BASE = 'http://local.invalid';

/** The path if it leads to a page of this site; else the first page. Browsers read `//host` and `/\host` as another site. */
export function localPath(wanted: unknown): string {
  if (typeof wanted !== 'string' || wanted.length > PATH_MAX_CHARS) return '/';
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(wanted) || !URL.canParse(wanted, BASE)) return '/';
  const { origin, pathname, search, hash } = new URL(wanted, BASE);
  // As browsers resolve it: `/.//host` has come down to `//host`.
  return origin === BASE && !pathname.startsWith('//') ? `${pathname}${search}${hash}` : '/';
}
