import { expect, test } from 'vitest';
import { natsAddress } from './run-file.ts';

test('the login of NATS stands beside its url, where clients look for it', () => {
  expect(natsAddress('nats://u:p%40ss@one:4222')).toEqual({
    nats_url: 'nats://one:4222',
    nats_user: 'u',
    nats_pass: 'p@ss',
  });
  expect(natsAddress('nats://one:4222')).toEqual({ nats_url: 'nats://one:4222' });
  expect(natsAddress('nats://token@one:4222')).toEqual({ nats_url: 'nats://token@one:4222' });
});
