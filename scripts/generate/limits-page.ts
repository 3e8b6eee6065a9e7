import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { page, table } from './markdown.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A limit: what it bounds, the constant or field that says it, what happens beyond it, and the test that shows it, by its title. */
export interface Limit {
  readonly of: string;
  readonly file: string;
  readonly name: string;
  readonly beyond: string;
  readonly test: string;
  readonly title: string;
}

const limit = (
  of: string,
  [file, name]: readonly [string, string],
  beyond: string,
  [test, title]: readonly [string, string],
): Limit => ({
  ...{ of, file, name, beyond },
  ...{ test, title },
});

const HTTP = 'packages/shared/src/runtime/http-connections.ts';
const DOOR = 'services/ingest/test/protection.test.ts';
const LARGE = 'services/ingest/test/large-bodies.test.ts';
const APPROVALS = 'services/approvals/src/config.ts';
const FACTS = 'services/approvals/test/facts.test.ts';
const STREAMS = 'beats, is bounded, and ends when the service drains';
const HOSTILE_PLANS = 'services/evaluator/test/hostile-plans.test.ts';
const GRANTS = 'services/approvals/test/standing-grants.test.ts';
const FETCH = 'packages/calls/src/tracked-fetch.test.ts';
const ENTITIES = 'packages/shared/test/entities.test.ts';

/** In sections, by who meets them. */
export const LIMITS: Readonly<Record<string, readonly Limit[]>> = {
  'Every HTTP door': [
    limit('a request’s line and headers', [HTTP, 'headersMaxBytes'], '431', [DOOR, 'with %s is answered 431']),
    limit('the time for these', [HTTP, 'headersMaxMs'], '408', [
      DOOR,
      'that never ends its headers is cut off with 408, however steadily it sends',
    ]),
    limit('the time for a whole request', [HTTP, 'requestMaxMs'], '408', [
      DOOR,
      'that never ends its body is cut off with 408, and gives its room back',
    ]),
    limit('connections of an instance', [HTTP, 'connectionsMax'], 'closed unheard', [
      DOOR,
      'beyond so many is closed unheard, and the others are served',
    ]),
    limit(
      'faults that a refusal tells of',
      ['packages/shared/src/domain/errors.ts', 'ISSUES_MAX'],
      'the first are told',
      [
        'packages/shared/src/domain/errors.test.ts',
        'a request that is wrong everywhere is told of its first faults, and of no endless name',
      ],
    ),
    limit('sessions of a person', ['packages/shared/src/db/sessions.ts', 'SESSIONS_MAX'], 'the oldest ends', [
      'services/approvals/test/session.test.ts',
      'keeps the 20 newest of a person',
    ]),
  ],
  Webhooks: [
    limit(
      'a body, where its source allows as much',
      ['packages/shared/src/workspace/sources.ts', 'BODY_MAX_BYTES'],
      '413',
      [LARGE, 'of one byte more than 25 MiB is refused with 413, told its length or not, and leaves nothing'],
    ),
    limit('bodies in hand, half of it for one tenant', ['services/ingest/src/config.ts', 'BODIES_MAX_BYTES'], '503', [
      DOOR,
      'cannot fill the memory: bodies beyond the room for them are 503, other tenants have their half',
    ]),
    limit('bytes on their way to the event store', ['services/ingest/src/config.ts', 'inFlightMaxBytes'], '503', [
      LARGE,
      'more of them at once than there is room in hand are told to come again before they are sent anywhere',
    ]),
    limit('items of a batch', ['services/ingest/src/providers/json-spans.ts', 'BATCH_MAX_ITEMS'], '413', [
      'services/ingest/test/batches.test.ts',
      'of more items than anyone sends is refused with 413 before one is stored',
    ]),
    limit(
      'nesting of a batch, in levels',
      ['services/ingest/src/providers/json-spans.ts', 'NESTING_MAX_LEVELS'],
      'no batch',
      ['services/ingest/src/providers/json-spans.test.ts', 'are none of what nests deeper than anyone can follow'],
    ),
    limit('fields of a form', ['services/ingest/src/providers/form.ts', 'FIELDS_MAX'], 'not read', [
      'services/ingest/src/providers/form.test.ts',
      'a form of more fields or bytes than a provider sends is none',
    ]),
    limit(
      'a body that is parsed for its type',
      ['services/ingest/src/providers/body.ts', 'PARSE_MAX_BYTES'],
      'stored unread',
      ['services/ingest/src/providers/form.test.ts', 'a form of more fields or bytes than a provider sends is none'],
    ),
    limit('events that wait for a tenant’s hooks', ['packages/hooks/src/hook-lane.ts', 'WAITING_MAX'], '503', [
      'services/ingest/test/hook-lane.test.ts',
      'holds no more than so many events, and refuses the rest at once',
    ]),
  ],
  Plans: [
    limit('a plan', ['packages/shared/src/domain/plan.ts', 'PLAN_MAX_BYTES'], '413, or dead-lettered', [
      'services/evaluator/test/decisions.test.ts',
      'a plan over 512 KiB is too large at either door',
    ]),
    limit('actions of a plan', ['packages/shared/src/domain/plan.ts', 'PLAN_MAX_ACTIONS'], '400, or dead-lettered', [
      HOSTILE_PLANS,
      'what is no plan is dead-lettered once, whole or its beginning, and the plans that come with it are decided',
    ]),
    limit(
      'nesting of arguments, in levels',
      ['packages/policy/src/decide/plain-json.ts', 'ARGS_MAX_DEPTH'],
      'BLOCK `invalid_action`',
      [HOSTILE_PLANS, 'a line with %s is blocked, never its neighbours, at either door'],
    ),
    limit(
      'an author’s code, patterns of CEL included',
      ['services/evaluator/src/scoring/scorer.ts', 'USER_CODE_MAX_MS'],
      'BLOCK `policy_error`',
      [
        'services/evaluator/test/scorer.test.ts',
        'a pattern that looks back without end is ended, and blocks its line alone',
      ],
    ),
    limit('policies of a rehearsal', ['services/evaluator/src/routes/evaluate.ts', 'REHEARSED_POLICIES_MAX'], '400', [
      HOSTILE_PLANS,
      'what a rehearsal stands in with is refused by path where it cannot be read',
    ]),
    limit('requests that wait for outcomes', ['services/evaluator/src/await-outcomes.ts', 'WAITERS_MAX'], '429', [
      'packages/shared/src/runtime/slots.test.ts',
      'one caller never has all places, and who leaves twice leaves once',
    ]),
    limit('of these to one caller', ['services/evaluator/src/await-outcomes.ts', 'WAITERS_PER_CALLER_MAX'], '429', [
      'packages/shared/src/runtime/slots.test.ts',
      'one caller never has all places, and who leaves twice leaves once',
    ]),
  ],
  Messages: [
    limit(
      'deliveries of one that fails',
      ['packages/shared/src/messages/consumers.ts', 'DELIVERIES_MAX'],
      'dead-lettered',
      [
        'services/ingest/test/receipts.test.ts',
        'events that no provider sent have receipts too; one that can have none is dead-lettered, and keeps no other waiting',
      ],
    ),
    limit(
      'what a dead letter leaves for its own headers',
      ['packages/shared/src/runtime/dead-letter.ts', 'HEADERS_MAX_BYTES'],
      'the beginning is kept',
      [
        'services/executor/test/hostile-decisions.test.ts',
        'what is no decision is dead-lettered once, and keeps nothing waiting that comes with it',
      ],
    ),
    limit(
      'one event of a stream that the SDK reads, in characters',
      ['packages/sdk/src/server-sent-events.ts', 'EVENT_MAX_CHARS'],
      'the stream is given up',
      ['packages/sdk/src/server-sent-events.test.ts', 'an event that does not end is given up, in one line or in many'],
    ),
  ],
  Approvals: [
    limit('open event streams of an instance', [APPROVALS, 'streamClientsMax'], '429', [FACTS, STREAMS]),
    limit('of these to one caller', [APPROVALS, 'streamClientsPerCallerMax'], '429', [FACTS, STREAMS]),
    limit('requests with `wait` of an instance', [APPROVALS, 'waitersMax'], 'answered at once', [FACTS, STREAMS]),
    limit('of these to one caller', [APPROVALS, 'waitersPerCallerMax'], 'answered at once', [FACTS, STREAMS]),
    limit('comments on an approval', ['packages/shared/src/domain/approval.ts', 'COMMENTS_MAX'], 'refused', [
      'services/approvals/test/reviews.test.ts',
      'has no room beyond 200, and what is told of it stays small',
    ]),
    limit(
      'standing grants of a tenant',
      ['packages/shared/src/domain/standing-grant.ts', 'GRANTS_OF_TENANT_MAX'],
      '409',
      [GRANTS, 'is one of 100 of its class and of 1,000 of its tenant, however many are given at once'],
    ),
    limit(
      'standing grants of a class',
      ['packages/shared/src/domain/standing-grant.ts', 'GRANTS_OF_CLASS_MAX'],
      '409',
      [GRANTS, 'is one of 100 of its class and of 1,000 of its tenant, however many are given at once'],
    ),
  ],
  Effects: [
    limit(
      'an answer that a connector fetches, unpacked',
      ['packages/calls/src/tracked-fetch.ts', 'RESPONSE_MAX_BYTES'],
      'breaks off',
      [FETCH, 'an answer over its limit breaks off, also where it was packed small'],
    ),
    limit('its headers', ['packages/calls/src/connector-network.ts', 'HEADERS_MAX_BYTES'], 'no answer', [
      FETCH,
      'headers over their limit are no answer',
    ]),
    limit(
      'a result that is stored',
      ['packages/calls/src/core/stored-json.ts', 'RESULT_MAX_BYTES'],
      'the beginning is kept',
      [
        'packages/calls/src/core/stored-json.test.ts',
        'of a large answer the beginning is kept, without its secrets and within the limit',
      ],
    ),
    limit(
      'entries that a connector remembers, of a tenant',
      ['services/executor/src/worker/connector-kv.ts', 'ENTRIES_MAX'],
      'a mistake of the connector',
      [
        'services/executor/test/connector-kv.test.ts',
        'a connector remembers so much in a tenant and no more, whoever adds at once',
      ],
    ),
    limit('lanes of a connector at once', ['services/executor/src/config.ts', 'lanesMax'], 'the others wait', [
      'services/executor/test/bulkheads.test.ts',
      'no more lanes of a connector run at once than it asks for',
    ]),
    limit('an entity that is kept', ['packages/shared/src/db/entities/plain-object.ts', 'DATA_MAX_BYTES'], 'refused', [
      ENTITIES,
      'a question outside its limits is refused by the name of what is wrong',
    ]),
    limit('entities of a page', ['packages/shared/src/db/entities/read-query.ts', 'TAKE_MAX'], 'refused', [
      'packages/shared/src/db/entities/hostile-input.test.ts',
      'any question is read or refused, and asks for no more than it may',
    ]),
  ],
};

export function limitsPage(): string {
  const sections = Object.entries(LIMITS).flatMap(([title, limits]) => [
    `## ${title}`,
    table(
      ['limit of', 'is', 'beyond it', 'shown by'],
      limits.map((one) => [one.of, figureOf(one), one.beyond, `[${one.title}](../../${one.test})`]),
    ),
  ]);
  return page(
    '# Limits',
    '<!-- Generated by `npm run generate` from `scripts/generate/limits-page.ts` and the files it names: edit those. -->',
    'What is bounded whoever asks, and what happens beyond it. Rates and quotas of sources and tenants are in [protect the webhook door](../tasks/protect-the-webhook-door.md), the sizes of streams in [messages](messages.md). Globs are matched without regular expressions, and headers of messages read once, so that no text of a proposer’s takes longer than its length allows. NATS takes 1 MiB a message and 64 KiB of headers unless it is told otherwise.',
    ...sections,
  );
}

/** As its file says it: numbers, multiplied. */
function figureOf({ file, name }: Limit): string {
  const text = readFileSync(join(root, file), 'utf8');
  const [, written] = new RegExp(`\\b${name}(?: =|:) ([0-9_ *]+)[,;]`).exec(text) ?? [];
  if (written === undefined) throw new Error(`${file} says no ${name}`);
  const value = written.split('*').reduce((product, one) => product * Number(one.replaceAll('_', '')), 1);
  return `${inUnits(name, value)}`;
}

function inUnits(name: string, value: number): string {
  if (/bytes/i.test(name)) {
    const [unit, size] = value >= 1024 ** 2 ? ['MiB', 1024 ** 2] : ['KiB', 1024];
    return `${value / size} ${unit}`;
  }
  if (/(_MS|Ms)$/.test(name)) return value >= 1_000 ? `${value / 1_000} s` : `${value} ms`;
  return value.toLocaleString('en');
}
