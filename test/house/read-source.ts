/** A source as the rules see it: what is code, what is text, and what it imports. No compiler: TypeScript 7 has no stable API. */
export interface Source {
  /** From the repository's root, with `/`. */
  readonly path: string;
  readonly text: string;
  /** The text with comments, and what stands inside strings and regular expressions, blanked out; offsets are kept. */
  readonly code: string;
  readonly strings: readonly Literal[];
  readonly imports: readonly Import[];
}

export interface Literal {
  readonly at: number;
  readonly text: string;
  /** A template's chunk that an expression follows. */
  readonly open: boolean;
}

export interface Import {
  readonly at: number;
  readonly from: string;
  /** Gone when the types are stripped. */
  readonly typeOnly: boolean;
  /** What stands between the braces. */
  readonly names: readonly string[];
}

export function readSource(path: string, text: string): Source {
  const { code, strings } = separate(text);
  return { path, text, code, strings, imports: importsOf(code, strings) };
}

export function lineOf(source: Source, at: number): number {
  return source.text.slice(0, at).split('\n').length;
}

const IMPORT =
  /(?:^|[;{}\n])\s*(?:(?<word>import|export)\s+(?<type>type\s)?(?<names>[^;'"=()]*?)\bfrom\s*|import\s*)(?=['"])|\bimport\s*\(\s*(?=['"])/g;

function importsOf(code: string, strings: readonly Literal[]): Import[] {
  const byOffset = new Map(strings.map((literal) => [literal.at, literal.text]));
  return [...code.matchAll(IMPORT)].flatMap((match) => {
    const from = byOffset.get(match.index + match[0].length);
    if (from === undefined) return [];
    const names = (/\{([^}]*)\}/.exec(match.groups?.names ?? '')?.[1] ?? '').split(',').map((name) => name.trim());
    const listed = names.filter((name) => name !== '');
    const allTypes = listed.length > 0 && listed.every((name) => name.startsWith('type '));
    return [{ at: match.index, from, names: listed, typeOnly: match.groups?.type !== undefined || allTypes }];
  });
}

/** One pass over the text. Nested templates are followed by a stack of open braces. */
function separate(text: string): { code: string; strings: Literal[] } {
  const code =
    [...text].length === text.length ? text.split('') : Array.from({ length: text.length }, (_, i) => text[i] ?? '');
  const strings: Literal[] = [];
  const templates: number[] = [];
  let braces = 0;
  let at = 0;

  const blank = (from: number, to: number): void => {
    for (let index = from; index < to; index += 1) if (code[index] !== '\n') code[index] = ' ';
  };

  function endOf(close: RegExp, from: number): number {
    close.lastIndex = from;
    const match = close.exec(text);
    return match ? match.index + match[0].length : text.length;
  }

  function takeString(quote: string): void {
    const end = endOf(quote === "'" ? /(?<!\\)(?:\\\\)*'/g : /(?<!\\)(?:\\\\)*"/g, at + 1);
    strings.push({ at, text: text.slice(at + 1, end - 1), open: false });
    blank(at + 1, end - 1);
    at = end;
  }

  /** From behind the back quote, or behind the brace that closed an expression, to the next of either. */
  function takeChunk(): void {
    const start = at;
    while (at < text.length && text[at] !== '`' && !(text[at] === '$' && text[at + 1] === '{')) {
      at += text[at] === '\\' ? 2 : 1;
    }
    const open = text[at] === '$';
    strings.push({ at: start - 1, text: text.slice(start, at), open });
    blank(start, at);
    if (open) {
      templates.push(braces);
      at += 2;
      braces += 1;
    } else at += 1;
  }

  while (at < text.length) {
    const char = text[at];
    const two = text.slice(at, at + 2);
    if (two === '//' || two === '/*') {
      const end = two === '//' ? endOf(/(?=\n)|$/g, at) : endOf(/\*\//g, at + 2);
      blank(at, end);
      at = Math.max(end, at + 2);
    } else if (char === "'" || char === '"') takeString(char);
    else if (char === '`') {
      at += 1;
      takeChunk();
    } else if (char === '/' && startsRegExp(code, at)) {
      const end = endOf(/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\//y, at + 1);
      blank(at + 1, end - 1);
      at = end;
    } else {
      if (char === '{') braces += 1;
      if (char === '}') braces -= 1;
      at += 1;
      if (char === '}' && templates.at(-1) === braces) {
        templates.pop();
        takeChunk();
      }
    }
  }
  return { code: code.join(''), strings };
}

/** A slash divides behind a value and begins a regular expression behind anything else. */
function startsRegExp(code: readonly string[], at: number): boolean {
  let before = at - 1;
  while (before >= 0 && /\s/.test(code[before] ?? '')) before -= 1;
  if (before < 0) return true;
  // `</div>` closes an element.
  if (code[before] === '<' && before === at - 1) return false;
  if (!/[\w$)\]}"'`]/.test(code[before] ?? '')) return true;
  const word = /(\w+)$/.exec(code.slice(Math.max(0, before - 10), before + 1).join(''))?.[1] ?? '';
  return ['return', 'typeof', 'case', 'of', 'in', 'void', 'await', 'yield'].includes(word);
}
