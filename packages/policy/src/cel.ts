import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import { describeError } from './printable.ts';

export type CelProgram = (context: { action: unknown; env: unknown }) => unknown;

export type CelCompiler = (
  source: string,
) => { readonly ok: true; readonly run: CelProgram } | { readonly ok: false; readonly reason: string };

/**
 * Compiles CEL over `action` and `env`, parsed and type-checked. One compiler serves one policy set: the library remembers
 * each combination of types that it meets, and that memory should go when the set does.
 */
export function createCelCompiler(): CelCompiler {
  const environment = createEnvironment();
  return (source) => {
    try {
      const program: ParseResult = environment.parse(source);
      const checked = program.check();
      if (!checked.valid) return { ok: false, reason: describeError(checked.error) };
      return { ok: true, run: program };
    } catch (error) {
      return { ok: false, reason: describeError(error) };
    }
  };
}

const MIXED_ARITHMETIC = {
  '+': (a: unknown, b: unknown) => Number(a) + Number(b),
  '-': (a: unknown, b: unknown) => Number(a) - Number(b),
  '*': (a: unknown, b: unknown) => Number(a) * Number(b),
  '/': (a: unknown, b: unknown) => Number(a) / Number(b),
  '%': (a: unknown, b: unknown) => Number(a) % Number(b),
};

const MIXES = [
  ['int', 'double'],
  ['double', 'int'],
  ['uint', 'double'],
  ['double', 'uint'],
] as const;

/**
 * Every number of a JSON document is a double here and an unmarked literal is an int, so the mix is the common case and
 * CEL refuses it. It is answered by overloads (int with double gives double) and not by converting: integers of the data
 * turned into ints would make `/` cut or not by what the data happens to hold, and literals turned into doubles could no
 * longer index a list.
 */
function createEnvironment(): Environment {
  const environment = new Environment({ homogeneousAggregateLiterals: false })
    .registerVariable('action', 'map')
    .registerVariable('env', 'map');
  for (const [operator, handler] of Object.entries(MIXED_ARITHMETIC)) {
    for (const [left, right] of MIXES) environment.registerOperator(`${left} ${operator} ${right}: double`, handler);
  }
  environment.registerOperator('double % double: double', MIXED_ARITHMETIC['%']);
  // `==` of the two is there for values whose type shows at run time only; this is for `1 == 1.0`.
  environment.registerOperator('int == double: bool', (a: bigint, b: number) => a >= b && a <= b);
  environment.registerOperator('uint == double: bool', (a: unknown, b: number) => Number(a) === b);
  return environment;
}
