import { Environment } from '@marcbachmann/cel-js';
import { describeError } from '../decide/printable.ts';
import { callOurTime, registerTime } from './cel-time.ts';
import { CEL_VARIABLES, findCelFault } from './cel-types.ts';

export type CelProgram = (context: { action: unknown; env: unknown }) => unknown;

export type CelCompiler = (
  source: string,
) => { readonly ok: true; readonly run: CelProgram } | { readonly ok: false; readonly reason: string };

/** Both bound what parsing recurses into; the text itself is at most 4096 characters. */
const LIMITS = { maxDepth: 64, maxAstNodes: 2_000 } as const;

/**
 * Compiles conditions in CEL over `action` and `env`: parsed, and checked by what these hold, so that a name they lack is
 * refused here and not found out by a decision. What answers anything but true or false compiles, and blocks as such a function
 * does. One compiler serves one policy set: the library remembers each combination of types that it meets, and that memory
 * should go when the set does.
 */
export function createCelCompiler(): CelCompiler {
  // Checked by one and run by the other: the library turns a value of declared fields into another object at each look.
  let checking: Environment | undefined;
  let running: Environment | undefined;
  return (source) => {
    try {
      checking ??= typedEnvironment();
      running ??= looseEnvironment();
      const typed = checking.parse(source);
      callOurTime(typed.ast);
      const fault = findCelFault(typed.ast);
      if (fault !== undefined) return { ok: false, reason: fault };
      const { valid, error } = typed.check();
      if (!valid) return { ok: false, reason: describeError(error) };
      const program = running.parse(source);
      callOurTime(program.ast);
      const loose = program.check();
      return loose.valid ? { ok: true, run: program } : { ok: false, reason: describeError(loose.error) };
    } catch (error) {
      return { ok: false, reason: describeError(error) };
    }
  };
}

function typedEnvironment(): Environment {
  const { action, env } = CEL_VARIABLES;
  // Only so that it is known: when it runs, a list is looked through by `==`, which mixes.
  const unasked = () => false;
  return mixingEnvironment()
    .registerOperator('double in list<int>: bool', unasked)
    .registerVariable({ name: 'action', schema: action })
    .registerVariable({ name: 'env', schema: env });
}

function looseEnvironment(): Environment {
  return mixingEnvironment().registerVariable('action', 'map').registerVariable('env', 'map');
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

/** A bigint may stand for either: comparing it with a number rounds neither, as converting it would. */
const sameNumber = (a: number, b: number): boolean => a >= b && a <= b;

/**
 * Every number of a JSON document is a double here and an unmarked literal is an int, so the mix is the common case and
 * CEL refuses it. It is answered by overloads (int with double gives double) and not by converting: integers of the data
 * turned into ints would make `/` cut or not by what the data happens to hold, and literals turned into doubles could no
 * longer index a list.
 */
function mixingEnvironment(): Environment {
  const environment = new Environment({ homogeneousAggregateLiterals: false, limits: LIMITS });
  for (const [left, right] of MIXES) {
    for (const [operator, handler] of Object.entries(MIXED_ARITHMETIC)) {
      environment.registerOperator(`${left} ${operator} ${right}: double`, handler);
    }
  }
  environment.registerOperator('double % double: double', MIXED_ARITHMETIC['%']);
  // `==` of the two is there for values whose type shows at run time only; this is for `1 == 1.0`.
  environment.registerOperator('int == double: bool', sameNumber);
  environment.registerOperator('uint == double: bool', sameNumber);
  return registerTime(environment);
}
