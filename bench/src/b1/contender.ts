import type { Rule, World } from './world.ts';

export type Decision = Rule['decision'] | 'BLOCK';

/** Decides the question at an index of what is asked. Everything that can be made ready beforehand has been. */
export type Decide = (index: number) => Decision | Promise<Decision>;

export interface Contender {
  readonly name: string;
  /** Answers by promise only, so that each answer is waited for. */
  readonly promises: boolean;
  ready(world: World): Promise<Decide>;
}

/** Of what the matching rules say, as it is composed: a person is asked where any wants one. */
export function composed(said: readonly (Decision | undefined)[]): Decision {
  if (said.includes('ALERT')) return 'ALERT';
  return said.includes('ALLOW') ? 'ALLOW' : 'BLOCK';
}
