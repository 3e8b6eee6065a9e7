import { expect, test } from 'vitest';
import { profileLimits, shortPath } from './cpu-profile.ts';

const frame = (functionName: string, url: string) => ({
  functionName,
  url,
  scriptId: '1',
  lineNumber: 9,
  columnNumber: 0,
});

test('shares are of the time in which the process was busy', () => {
  const limits = profileLimits('it', {
    nodes: [
      { id: 1, callFrame: frame('(idle)', '') },
      { id: 2, callFrame: frame('flush', 'file:///somewhere/services/executor/src/store/flush.ts') },
      { id: 3, callFrame: frame('parse', 'file:///x/node_modules/.pnpm/pg@8/node_modules/pg/lib/client.js') },
    ],
    startTime: 0,
    endTime: 100,
    samples: [1, 2, 3],
    timeDeltas: [60, 30, 10],
  });
  expect(limits.map(({ what }) => what)).toEqual([
    'it: CPU by part (busy 40 % of the time)',
    'it: CPU by function, self time',
  ]);
  expect(limits[0]?.shares).toEqual([
    { name: 'services/executor', share: 0.75 },
    { name: 'pg', share: 0.25 },
  ]);
  expect(limits[1]?.shares[0]).toEqual({ name: 'flush services/executor/src/store/flush.ts:10', share: 0.75 });
});

test('a path is told from the repository or from its package', () => {
  expect(shortPath('node:internal/timers')).toBe('node:internal/timers');
  expect(shortPath('file:///x/node_modules/.pnpm/a@1/node_modules/@s/a/b.js')).toBe('@s/a/b.js');
});
