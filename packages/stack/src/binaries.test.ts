import { describe, expect, it } from 'vitest';
import { firstOfVersion, isAtLeast, onPath } from './binaries.ts';

describe('the choice of a binary', () => {
  it('compares versions by number, not by letter', () => {
    expect(isAtLeast('2.9.10', '2.10')).toBe(false);
    expect(isAtLeast('2.10.0', '2.10')).toBe(true);
    expect(isAtLeast('2.10', '2.10')).toBe(true);
    expect(isAtLeast('7.0.15', '6.2')).toBe(true);
    expect(isAtLeast('6', '6.2')).toBe(false);
  });

  it('passes over what is too old, what is missing and what does not run', async () => {
    expect(await firstOfVersion([undefined, '/nowhere/redis', '/bin/false', process.execPath], '1.0')).toBe(
      process.execPath,
    );
    expect(await firstOfVersion([process.execPath], '999.0')).toBeUndefined();
  });

  it('looks only where the PATH says', async () => {
    expect(await onPath('sh', { PATH: '/nowhere:/bin' })).toBe('/bin/sh');
    expect(await onPath('sh', { PATH: '/nowhere' })).toBeUndefined();
    expect(await onPath('sh', {})).toBeUndefined();
  });
});
