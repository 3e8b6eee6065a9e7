/**
 * Whether a tool's name fits a glob. `*` stays within one dotted segment: `delete_*`, `*.delete`, `messages.*`. Every other
 * character stands for itself. No regular expression, so that no pattern can be slow: the worst case is their product.
 */
export function globMatches(glob: string, name: string): boolean {
  const patterns = glob.split('.');
  const segments = name.split('.');
  return (
    patterns.length === segments.length && patterns.every((pattern, i) => wildcardMatches(pattern, segments[i] ?? ''))
  );
}

/** The same over a whole text, such as a command line: `*` is any run of characters. */
export function wildcardMatches(pattern: string, text: string): boolean {
  let p = 0;
  let s = 0;
  let star = -1;
  let resume = 0;
  while (s < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = s;
    } else if (pattern[p] === text[s]) {
      p++;
      s++;
    } else if (star >= 0) {
      p = star + 1;
      s = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
