import {
  type HttpStandIn,
  type StandInRequest,
  type StandInResponse,
  startHttpStandIn,
} from '@holdpoint/conformance/http-stand-in';

/** What the stand-in's world holds when it begins. */
export const WORLD = { contact: '101', email: 'ada@customer.example', deal: '501' } as const;

export interface CrmStandIn extends HttpStandIn {
  /** What was done, each effect once: `contacts.update 101`. What changes nothing is no effect. */
  readonly effects: readonly string[];
  readonly requests: readonly StandInRequest[];
  /** Answers the next requests in this way, in its order. */
  next(...answers: readonly StandInResponse[]): void;
}

interface Row {
  readonly id: string;
  properties: Record<string, string>;
  readonly createdAt: string;
  updatedAt: string;
  archived: boolean;
  readonly notes: string[];
}

const START = '2026-01-02T03:04:05.000Z';

/**
 * A HubSpot account on this machine. Shapes: CRM/Contacts and CRM/Notes, v3, of
 * https://github.com/HubSpot/HubSpot-public-api-spec-collection; errors:
 * https://developers.hubspot.com/docs/api-reference/error-handling; the words of 409 and 429 as its users report them.
 */
export async function startCrmStandIn(token: string): Promise<CrmStandIn> {
  const world = createWorld();
  const requests: StandInRequest[] = [];
  const answers: StandInResponse[] = [];
  const standIn = await startHttpStandIn({
    handle(request) {
      requests.push(request);
      if (request.headers.authorization !== `Bearer ${token}`)
        return failure(401, 'INVALID_AUTHENTICATION', 'who are you?');
      return answers.shift() ?? world.answer(request);
    },
    isEffect: ({ method, path }) => method !== 'GET' && !/\/(search|batch\/read)$/.test(path),
    rateLimited: (seconds) => ({
      ...limited('TEN_SECONDLY_ROLLING'),
      headers: {
        'x-hubspot-ratelimit-remaining': '0',
        'x-hubspot-ratelimit-interval-milliseconds': `${seconds * 1000}`,
      },
    }),
    error: () => failure(500, 'INTERNAL_ERROR', 'internal error'),
    refuse: (words) => failure(400, 'VALIDATION_ERROR', words),
    exhausted: (response, seconds) => ({
      ...response,
      headers: {
        'x-hubspot-ratelimit-remaining': '0',
        'x-hubspot-ratelimit-interval-milliseconds': `${seconds * 1000}`,
      },
    }),
  });
  return { ...standIn, effects: world.effects, requests, next: (...more) => void answers.push(...more) };
}

export const limited = (policyName: string): StandInResponse => ({
  status: 429,
  body: {
    status: 'error',
    message: `You have reached your ${policyName.toLowerCase()} limit.`,
    errorType: 'RATE_LIMIT',
    correlationId: 'c033cdaa-2c40-4a64-ae48-b4cec88dad24',
    policyName,
  },
});

export const failure = (status: number, category: string, message: string): StandInResponse => ({
  status,
  body: { status: 'error', message, correlationId: 'aeb5f871-7f07-4993-9211-075dc63e7cbf', category },
});

const missing = failure(404, 'OBJECT_NOT_FOUND', 'resource not found');

function createWorld() {
  const contacts = new Map<string, Row>();
  const deals = new Map<string, Row>();
  const notes = new Map<string, Row>();
  const effects: string[] = [];
  let ids = 1000;
  let changes = 0;

  function add(rows: Map<string, Row>, properties: Record<string, string>, id = String(++ids)): Row {
    const row: Row = { id, properties, createdAt: START, updatedAt: START, archived: false, notes: [] };
    rows.set(id, row);
    return row;
  }
  add(contacts, { email: WORLD.email, firstname: 'Ada', lastname: 'Lovelace' }, WORLD.contact);
  add(deals, { dealname: 'Engine', amount: '100' }, WORLD.deal);

  const byEmail = (email: string | undefined) =>
    [...contacts.values()].find((row) => row.properties.email?.toLowerCase() === email?.toLowerCase() && !row.archived);

  function change(row: Row, properties: Record<string, string>, effect: string): void {
    if (Object.entries(properties).every(([name, value]) => row.properties[name] === value)) return;
    row.properties = { ...row.properties, ...properties };
    changes += 1;
    row.updatedAt = new Date(Date.parse(START) + changes * 1000).toISOString();
    effects.push(effect);
  }

  function create(properties: Record<string, string>): StandInResponse {
    const known = byEmail(properties.email);
    if (known) return failure(409, 'CONFLICT', `Contact already exists. Existing ID: ${known.id}`);
    effects.push(`contacts.create ${properties.email}`);
    return { status: 201, body: shown(add(contacts, properties), Object.keys(properties)) };
  }

  function upsert({ id, properties }: Input): StandInResponse {
    const known = byEmail(id);
    if (!known) effects.push(`contacts.upsert ${id}`);
    const row = known ?? add(contacts, properties);
    change(row, properties, `contacts.upsert ${id}`);
    const times = { startedAt: START, completedAt: START };
    return {
      status: 200,
      body: { status: 'COMPLETE', results: [{ ...shown(row, Object.keys(properties)), new: !known }], ...times },
    };
  }

  function note({ properties, associations = [] }: Input): StandInResponse {
    const [about] = associations;
    const target = about && (about.types[0]?.associationTypeId === 202 ? contacts : deals).get(about.to.id);
    if (!target || target.archived)
      return failure(400, 'VALIDATION_ERROR', 'the object to associate with is not there');
    const row = add(notes, properties);
    target.notes.push(row.id);
    effects.push(`notes.create ${target.id}`);
    return { status: 201, body: shown(row, Object.keys(properties)) };
  }

  function search({ filterGroups = [], query, properties: names }: Search): StandInResponse {
    const results = [...contacts.values()].filter(
      ({ archived, properties }) =>
        !archived &&
        (query === undefined || Object.values(properties).some((value) => value.includes(query))) &&
        (filterGroups.length === 0 ||
          filterGroups.some(({ filters }) => filters.every((one) => properties[one.propertyName] === one.value))),
    );
    return { status: 200, body: { total: results.length, results: results.map((row) => shown(row, names)) } };
  }

  function onRecord(request: StandInRequest, type: string, name: string): StandInResponse {
    const rows = type === 'contacts' ? contacts : deals;
    const row = request.query.get('idProperty') === 'email' ? byEmail(name) : rows.get(name);
    if (!row || row.archived !== (request.query.get('archived') === 'true')) return missing;
    switch (request.method) {
      case 'GET': {
        const names = request.query.get('properties')?.split(',') ?? [];
        const results = row.notes.map((id) => ({ id, type: `${type.slice(0, -1)}_to_note` }));
        const asked = request.query.get('associations') === 'notes' && results.length > 0;
        return { status: 200, body: { ...shown(row, names), ...(asked && { associations: { notes: { results } } }) } };
      }
      case 'PATCH':
        change(row, inputOf(request).properties, `${type}.update ${row.id}`);
        return { status: 200, body: shown(row, Object.keys(inputOf(request).properties)) };
      case 'DELETE':
        row.archived = true;
        effects.push(`${type}.archive ${row.id}`);
        return { status: 204 };
      default:
        return failure(405, 'VALIDATION_ERROR', 'Method not allowed');
    }
  }

  return {
    effects,
    answer(request: StandInRequest): StandInResponse {
      const [type = '', name, action] = request.path.replace('/crm/v3/objects/', '').split('/').map(decodeURIComponent);
      const route = `${request.method} ${type}${name === 'batch' ? `/batch/${action}` : name === 'search' ? '/search' : ''}`;
      switch (route) {
        case 'POST contacts/search':
          return search(JSON.parse(request.body) as Search);
        case 'POST contacts/batch/upsert':
          return upsert((inputOf(request).inputs ?? [])[0] as Input);
        case 'POST notes/batch/read': {
          const found = (inputOf(request).inputs ?? []).flatMap(({ id }) => notes.get(id) ?? []);
          return {
            status: 200,
            body: {
              status: 'COMPLETE',
              results: found.map((row) => shown(row, ['hs_note_body'])),
              startedAt: START,
              completedAt: START,
            },
          };
        }
        case 'POST contacts':
          return create(inputOf(request).properties);
        case 'POST notes':
          return note(inputOf(request));
        default:
          return name === undefined ? missing : onRecord(request, type, name);
      }
    },
  };
}

/** What the stand-in reads of all bodies. */
interface Input {
  readonly id: string;
  readonly properties: Record<string, string>;
  readonly inputs?: readonly Input[];
  readonly associations?: readonly { to: { id: string }; types: readonly { associationTypeId: number }[] }[];
}

interface Search {
  readonly filterGroups?: readonly { filters: readonly { propertyName: string; value?: string }[] }[];
  readonly query?: string;
  readonly properties: readonly string[];
}

const inputOf = ({ body }: StandInRequest): Input => JSON.parse(body) as Input;

const ALWAYS = ['hs_object_id', 'createdate', 'lastmodifieddate'];

/** With what is always told, and of its properties those that were asked for, or written: HubSpot never tells them all. */
function shown({ notes: _, ...row }: Row, names: readonly string[]) {
  const all: Record<string, string> = { ...row.properties, hs_object_id: row.id, createdate: row.createdAt };
  all.lastmodifieddate = row.updatedAt;
  return { ...row, properties: Object.fromEntries([...names, ...ALWAYS].map((name) => [name, all[name] ?? null])) };
}
