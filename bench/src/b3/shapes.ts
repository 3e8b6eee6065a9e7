import { type Job, overEntities } from '../load.ts';
import { HOT_ENTITY } from '../processes/tally.ts';

/** What is to be worked off, in the order in which it is handed over. */
export interface Shape {
  readonly name: string;
  readonly jobs: readonly Job[];
  /** Calls that count in no figure: compilers warm up, queues fill. */
  readonly warmUp: number;
}

export function distinct(count: number): Shape {
  return withWarmUp(`${count} distinct entities`, count, (total) => overEntities(total, total));
}

export function shared(count: number): Shape {
  return withWarmUp('100 entities', count, (total) => overEntities(total, 100));
}

/** Every other effect is of one entity; the others have one each. */
export function hot(count: number): Shape {
  return withWarmUp(`one hot entity holds half of ${count}`, count, (total) => {
    const cold = overEntities(total / 2, total / 2);
    return cold.flatMap((job, index): Job[] => [job, { entity: HOT_ENTITY, place: index }]);
  });
}

const PAGE_MAX = 1_000;

/** In order, each page naming an entity at most once. */
export function pagesWithoutRepeats(jobs: readonly Job[]): Job[][] {
  const pages: Job[][] = [];
  let page: Job[] = [];
  let named = new Set<string>();
  for (const job of jobs) {
    if (named.has(job.entity) || page.length === PAGE_MAX) {
      pages.push(page);
      page = [];
      named = new Set();
    }
    page.push(job);
    named.add(job.entity);
  }
  return [...pages, page];
}

function withWarmUp(name: string, count: number, jobs: (total: number) => Job[]): Shape {
  const warmUp = count / 5;
  return { name, jobs: jobs(count + warmUp), warmUp };
}
