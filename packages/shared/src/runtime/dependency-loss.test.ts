import { describe, expect, test } from 'vitest';
import { isConnectionLoss, isDependencyLoss } from './dependency-loss.ts';

const withCode = (code: string) => Object.assign(new Error('x'), { code });
const withName = (name: string) => Object.assign(new Error('x'), { name });

describe('isDependencyLoss', () => {
  test.each([
    withCode('08006'),
    withCode('57P01'),
    withCode('57P03'),
    withCode('53300'),
    withCode('53100'),
    withCode('58030'),
    withCode('57P05'),
    withCode('25006'),
    withCode('57014'),
    withCode('25P03'),
    withCode('55P03'),
    withCode('ECONNREFUSED'),
    withCode('ECONNRESET'),
    new Error('Connection terminated unexpectedly'),
    new Error('timeout exceeded when trying to connect'),
  ])('Postgres is away: $code $message', (error) => {
    expect(isConnectionLoss(error)).toBe(true);
    expect(isDependencyLoss(error)).toBe(true);
  });

  test.each([
    withName('TimeoutError'),
    withName('NoResponders'),
    withName('MaxRetriesPerRequestError'),
    Object.assign(withName('JetStreamApiError'), { status: 503 }),
    new Error('Connection is closed.'),
    new Error('Command timed out'),
  ])('NATS or Redis is away: $name $message', (error) => {
    expect(isDependencyLoss(error)).toBe(true);
    expect(isConnectionLoss(error)).toBe(false);
  });

  test('what caused an error counts', () => {
    expect(isDependencyLoss(new Error('could not store', { cause: withCode('ECONNREFUSED') }))).toBe(true);
  });

  test.each([
    Object.assign(new Error('slack answered 503'), { status: 503 }),
    withCode('23505'),
    withCode('40P01'),
    withCode('22P02'),
    new TypeError('x'),
    'text',
    undefined,
    null,
  ])('a wrong request is not an absent server: %s', (error) => {
    expect(isDependencyLoss(error)).toBe(false);
  });
});
