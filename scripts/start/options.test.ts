import { describe, expect, test } from 'vitest';
import { readOptions, UsageError } from './options.ts';

const folders = { root: '/repo', typedIn: '/elsewhere' };
const read = (...args: string[]) => readOptions(args, folders);

describe('options', () => {
  test('unless told, everything is the repository’s own', () => {
    expect(read()).toEqual({
      demo: true,
      workspaceDir: '/repo/workspace',
      dataDir: '/repo/.holdpoint',
      reset: false,
      instances: 1,
    });
  });

  test('paths are looked for where they were typed', () => {
    expect(read('--workspace', '../mine', '--data', 'state', '--reset', '--no-demo', '--instances', '3')).toEqual({
      demo: false,
      workspaceDir: '/mine',
      dataDir: '/elsewhere/state',
      reset: true,
      instances: 3,
    });
  });

  test.each([
    [['--foo'], /--foo/],
    [['word'], /word/],
    [['--instances', '0'], /1 to 8/],
    [['--instances', '9'], /1 to 8/],
    [['--instances', '1.5'], /1 to 8/],
    [['--data'], /--data/],
    [['--reset=yes'], /--reset/],
  ])('%j is refused in one line', (args, message) => {
    expect(() => read(...args)).toThrow(UsageError);
    expect(() => read(...args)).toThrow(message);
    expect(() => read(...args)).not.toThrow(/\n/);
  });

  test('help is asked for', () => {
    expect(read('-h')).toBe('help');
  });
});
