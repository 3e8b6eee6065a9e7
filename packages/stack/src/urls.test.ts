import { describe, expect, it } from 'vitest';
import { actingAsService } from './given.ts';
import { natsOptions } from './nats.ts';

describe('the url of a given database', () => {
  it('makes the services act as the restricted role, and keeps what it says already', () => {
    expect(actingAsService('postgres://a:b@h/d')).toBe('postgres://a:b@h/d?options=-c%20role%3Dholdpoint_service');
    expect(actingAsService('postgres://a:b@h/d?sslmode=require')).toBe(
      'postgres://a:b@h/d?sslmode=require&options=-c%20role%3Dholdpoint_service',
    );
    expect(actingAsService('postgres://a:b@h/d?options=-c%20jit%3Doff&sslmode=require')).toBe(
      'postgres://a:b@h/d?options=-c%20jit%3Doff%20-c%20role%3Dholdpoint_service&sslmode=require',
    );
  });
});

describe('the url of a NATS server', () => {
  it('gives its user and password, or its token, to the client beside the servers', () => {
    expect(natsOptions('nats://u:p%40ss@one:4222, two:4222')).toEqual({
      servers: ['nats://one:4222', 'nats://two:4222'],
      user: 'u',
      pass: 'p@ss',
    });
    expect(natsOptions('nats://token@one:4222')).toEqual({ servers: ['nats://one:4222'], token: 'token' });
    expect(natsOptions('one:4222')).toEqual({ servers: ['nats://one:4222'] });
  });
});
