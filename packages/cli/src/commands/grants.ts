import type { RequestedClass, RequestedGrant, UsedGrant } from '@holdpoint/sdk/client';
import type { GrantCondition, StandingGrant } from '@holdpoint/shared/domain/standing-grant';
import type { Answer, Command } from '../command.ts';
import { numberOf, type Values } from '../command-line.ts';
import { needPerson } from '../connection.ts';
import type { Table } from '../table.ts';
import { timeFrom } from '../times.ts';
import { UsageError } from '../usage.ts';
import { inOneLine, more } from './wording.ts';

const CLASS_OPTIONS = ['approval', 'operator', 'connector', 'tool', 'arg', 'max-value'] as const;

export const grants: Command = {
  options: ['active', 'limit', 'cursor'],
  words: [],
  async run({ client, values }) {
    const page = await client.standingGrants.list({
      active: values.active,
      limit: numberOf(values, 'limit'),
      cursor: values.cursor,
    });
    return {
      data: page,
      table: {
        head: ['ID', 'WHAT', 'OF', 'USES LEFT', 'UNTIL', 'BY', 'REASON'],
        rows: page.items.map((one) => [
          one.id,
          classOf(one),
          one.operator,
          one.revoked_at ? 'revoked' : `${one.uses_left} of ${one.uses}`,
          one.until,
          one.granted_by_name,
          one.reason,
        ]),
        none: 'nobody has granted anything in advance',
      },
      ...more(page.next_cursor),
    };
  },
};

export const grantsShow: Command = {
  options: [],
  words: ['ID'],
  async run({ client, words: [id = ''] }) {
    const grant = await client.standingGrants.get(id);
    return { ...shown(grant), table: usesOf(grant) };
  },
};

export const grantsRevoke: Command = {
  options: [],
  words: ['ID'],
  async run({ client, connection, words: [id = ''] }) {
    needPerson(connection);
    return shown(await client.standingGrants.revoke(id));
  },
};

export const grantsCreate: Command = {
  options: [...CLASS_OPTIONS, 'until', 'uses', 'reason'],
  words: [],
  async run({ client, connection, values }) {
    needPerson(connection);
    return shown(await client.standingGrants.create(requestOf(values)));
  },
};

export const grantsPreview: Command = {
  options: CLASS_OPTIONS,
  words: [],
  async run({ client, connection, values }) {
    needPerson(connection);
    const preview = await client.standingGrants.preview(requestedClass(values));
    const rows = [
      ...preview.matched.map((one) => [
        'yes',
        one.action_id,
        one.at,
        one.entity_key ?? '',
        String(one.value ?? ''),
        '',
      ]),
      ...preview.nearest.map((one) => ['no', one.action_id, one.at, '', '', one.why.join('; ')]),
    ];
    return {
      data: preview,
      fields: [
        ['looked at', `the last ${preview.looked_at} that were held`],
        ['would have let through', String(preview.matched_count)],
      ],
      table: {
        head: ['THROUGH', 'ACTION', 'AT', 'ENTITY', 'VALUE', 'WHY NOT'],
        rows,
        none: 'nothing of this class was held',
      },
    };
  },
};

/** @throws {UsageError} */
function requestOf(values: Values): RequestedGrant {
  const until = timeFrom(values.until ?? '', Date.now(), 1);
  if (Number.isNaN(until)) throw new UsageError('a standing grant has an end: --until 30d, 12h or a time');
  const uses = numberOf(values, 'uses');
  if (uses === undefined) throw new UsageError('a standing grant has so many --uses');
  const { reason } = values;
  if (!reason) throw new UsageError('a standing grant has a --reason');
  return { ...requestedClass(values), until: new Date(until).toISOString(), uses, reason };
}

/** @throws {UsageError} */
function requestedClass({ approval, operator, connector, tool, arg = [], 'max-value': value }: Values): RequestedClass {
  const max = value === undefined ? undefined : Number(value);
  // Of what is no number JSON makes null, and that would be no bound at all.
  if (max !== undefined && !(Number.isFinite(max) && max >= 0 && value?.trim()))
    throw new UsageError('--max-value must be a number');
  const named = { approval_id: approval, operator, connector, tool, max_value: max };
  return { ...named, args: conditionsOf(arg) };
}

/** `path=value`, `path=[one,another]`, `path<=number`, `path>=number`; values are JSON, or else text. Bounds of a path meet. */
function conditionsOf(given: readonly string[]): GrantCondition[] {
  const conditions = new Map<string, GrantCondition>();
  for (const text of given) {
    const [, path = '', sign, value = ''] = /^([^=<>]+)(<=|>=|=)(.*)$/s.exec(text) ?? [];
    if (sign === undefined) throw new UsageError(`--arg ${text}: must be path=value, path<=number or path>=number`);
    const before = conditions.get(path) ?? {};
    const condition = { path, ...conditionOf(sign, value, text) };
    const clash = Object.keys(before).some((name) => name !== 'path' && !isOtherBound(name, condition));
    if (clash) throw new UsageError(`--arg ${text}: ${path} has a condition already`);
    conditions.set(path, { ...before, ...condition });
  }
  return [...conditions.values()];
}

const isOtherBound = (name: string, condition: GrantCondition): boolean =>
  (name === 'min' && condition.max !== undefined) || (name === 'max' && condition.min !== undefined);

function conditionOf(sign: string, value: string, text: string): Omit<GrantCondition, 'path'> {
  const parsed = parsedOr(value);
  if (sign === '=') return Array.isArray(parsed) ? { in: parsed } : { equals: parsed as GrantCondition['equals'] };
  if (!Number.isFinite(parsed)) throw new UsageError(`--arg ${text}: a bound is a number`);
  return sign === '<=' ? { max: parsed as number } : { min: parsed as number };
}

function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function shown(one: StandingGrant): Answer {
  return {
    data: one,
    fields: [
      ['grant', one.id],
      ['of', `${classOf(one)}, proposed by ${one.operator}`],
      ['given by', `${one.granted_by_name}, ${one.created_at}: ${one.reason}`],
      ['for', one.audiences.join(', ')],
      ['uses', `${one.uses_left} of ${one.uses} left${one.last_used_at ? `, last ${one.last_used_at}` : ''}`],
      ['until', one.revoked_at ? `revoked ${one.revoked_at} by ${one.revoked_by}` : one.until],
    ],
  };
}

function usesOf({ used_by }: UsedGrant): Table {
  return {
    head: ['LET THROUGH', 'AT', 'ENTITY', 'VALUE', 'STATE'],
    rows: used_by.map((one) => [one.action_id, one.at, one.entity_key ?? '', String(one.value ?? ''), one.state]),
    none: 'it has let nothing through',
  };
}

/** `shop orders.refund, amount ≤ 100, value ≤ 100`. */
function classOf({ connector, tool, args, max_value }: StandingGrant): string {
  const conditions = args.map(({ path, equals, in: some, min, max }) => {
    if (equals !== undefined) return `${path} = ${inOneLine(equals)}`;
    if (some) return `${path} in ${inOneLine(some)}`;
    return [min !== undefined && `${path} ≥ ${min}`, max !== undefined && `${path} ≤ ${max}`]
      .filter(Boolean)
      .join(', ');
  });
  return [`${connector} ${tool}`, ...conditions, ...(max_value === null ? [] : [`value ≤ ${max_value}`])].join(', ');
}
