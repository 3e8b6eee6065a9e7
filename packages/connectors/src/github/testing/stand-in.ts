import {
  type HttpStandIn,
  type StandInRequest,
  type StandInResponse,
  startHttpStandIn,
} from '@holdpoint/conformance/http-stand-in';
import { type Described, readDescription } from './description.ts';
import { answersOf } from './operations.ts';
import { newWorld, OWNER, REPO, type World } from './world.ts';

export const TOKEN = 'ghp_sixteenLettersAndMore0123456789abcd';

/** Compiling what it says of an operation takes a second; it changes nothing. */
const description = readDescription();

export interface GithubStandIn extends Omit<HttpStandIn, 'close'> {
  readonly world: World;
  /** Requests and answers that are not as GitHub describes them. */
  readonly faults: readonly string[];
  /** Answers the next request so, whatever it is. */
  answerNext(response: StandInResponse): void;
  /** @throws Error where anything that was said is not as GitHub describes it */
  close(): Promise<void>;
}

/** GitHub with one repository, held in every request and every answer to GitHub's own description of its API. */
export async function startGithub(): Promise<GithubStandIn> {
  const world = newWorld();
  const faults: string[] = [];
  const answers = answersOf(world, description);
  let next: StandInResponse | undefined;

  function answer(request: StandInRequest): StandInResponse {
    const described = description.match(request);
    if (!described) return heard(`${request.method} ${request.path} is not described`);
    const where = `${described.method} ${described.path}`;
    for (const fault of description.requestFaults(described, request)) heard(`${where}: ${fault}`);
    const response = isKnown(described) ? answers(described, request) : NOT_FOUND;
    for (const fault of description.responseFaults(described, response)) heard(`${where}: ${fault}`);
    return response;
  }

  function heard(fault: string): StandInResponse {
    faults.push(fault);
    return NOT_FOUND;
  }

  const http = await startHttpStandIn({
    handle(request) {
      if (request.headers['x-github-api-version'] !== '2022-11-28') heard('the version of the API is not named');
      if (request.headers.authorization !== `Bearer ${TOKEN}`) return refusal(401, 'Bad credentials');
      const answered = next ?? answer(request);
      next = undefined;
      return { ...answered, headers: { ...allowance(4_999, 3_600), ...answered.headers } };
    },
    rateLimited: (seconds) => ({
      ...refusal(403, 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.'),
      headers: { 'retry-after': String(seconds) },
    }),
    error: () => refusal(502, 'Server Error'),
    refuse: (words) => refusal(422, words),
    exhausted: (response, resetSeconds) => ({
      ...response,
      headers: { ...response.headers, ...allowance(0, resetSeconds) },
    }),
  });
  return {
    ...http,
    world,
    faults,
    answerNext(response) {
      next = response;
    },
    async close() {
      await http.close();
      if (faults.length > 0) throw new Error(`not as GitHub describes it: ${faults.join('; ')}`);
    },
  };
}

export function refusal(status: number, message: string): StandInResponse {
  return { status, body: { message, documentation_url: 'https://docs.github.com/rest', status: String(status) } };
}

const NOT_FOUND = refusal(404, 'Not Found');

function isKnown({ values: { owner = '', repo = '' } }: Described): boolean {
  return owner.toLowerCase() === OWNER && repo.toLowerCase() === REPO;
}

/** https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#checking-the-status-of-your-rate-limit */
export function allowance(remaining: number, resetSeconds: number): Record<string, string> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  return {
    date: new Date(nowSeconds * 1000).toUTCString(),
    'x-ratelimit-limit': '5000',
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-used': String(5_000 - remaining),
    'x-ratelimit-reset': String(nowSeconds + resetSeconds),
    'x-ratelimit-resource': 'core',
  };
}
