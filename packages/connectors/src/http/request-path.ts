/** Of what RFC 3986 §3.3 lets stand in a path's segment: as it is, or as two hexadecimal digits in capitals. */
const SEGMENT = /^([A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-F]{2})+$/;

/** What reads the same as itself (RFC 3986 §2.3, the dot among it), slashes of both kinds, and the sign that begins digits. */
const PLAIN = /[A-Za-z0-9\-._~/\\%]/;

/** `..;x` is a step upwards to servers that cut a segment's parameters off before they look at it. */
const STEP = /^\.{1,2}(;|$)/;

/**
 * Why a text is no path below the system's address, or undefined. It is written in one way only, so that two texts never mean
 * one thing, and no server along the way can make another of it: `/orders/1042`, without a query or a trailing slash.
 */
export function pathFault(path: string): string | undefined {
  if (!path.startsWith('/')) return 'must begin with a slash';
  for (const segment of path.slice(1).split('/')) {
    if (segment === '') return 'must not have an empty segment, such as // or a slash at its end';
    if (!SEGMENT.test(segment)) return `has characters that must be written as %XX: ${JSON.stringify(segment)}`;
    if (STEP.test(segment)) return 'must not step upwards with . or ..';
    const hidden = segment.match(/%[0-9A-F]{2}/g)?.find(hides);
    if (hidden) return `must not hide a character behind ${hidden}`;
  }
  return undefined;
}

/** Those, and control characters, may not stand behind digits. */
function hides(digits: string): boolean {
  const octet = Number.parseInt(digits.slice(1), 16);
  return octet < 0x20 || octet === 0x7f || PLAIN.test(String.fromCharCode(octet));
}

/** The address of a path below the base; undefined where the URL's own rules would make anything else of it. */
export function addressOf(baseUrl: URL, path: string): URL | undefined {
  if (pathFault(path) !== undefined) return undefined;
  const below = `${baseUrl.pathname.replace(/\/$/, '')}${path}`;
  const url = new URL(below, baseUrl.origin);
  return url.origin === baseUrl.origin && url.pathname === below && url.search === '' && url.hash === ''
    ? url
    : undefined;
}

/** Whether one of the globs takes the path: `*` stands for what is within one segment, `**` for any number of them. */
export function isAllowed(path: string, globs: readonly string[]): boolean {
  const segments = path.slice(1).split('/');
  return globs.some((glob) => fits(segments, glob.slice(1).split('/'), '**', fitsSegment));
}

const fitsSegment = (segment: string, glob: string): boolean =>
  fits([...segment], [...glob], '*', (one, other) => one === other);

/** No regular expression and no recursion, so that no path of a proposer's can be slow: the worst case is their product. */
function fits(
  parts: readonly string[],
  pattern: readonly string[],
  any: string,
  fitsOne: (part: string, pattern: string) => boolean,
): boolean {
  let [at, of, star, resume] = [0, 0, -1, 0];
  while (at < parts.length) {
    const [part = '', wanted] = [parts[at], pattern[of]];
    if (wanted === any) {
      star = of++;
      resume = at;
    } else if (wanted !== undefined && fitsOne(part, wanted)) {
      of += 1;
      at += 1;
    } else if (star >= 0) {
      of = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  return pattern.slice(of).every((rest) => rest === any);
}
