import { defineConfig } from 'vitest/config';

/** unit: pure, no servers. service: one part against real servers. e2e: all four services, real servers. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{packages,services,workspace}/**/src/**/*.test.ts',
            '{bench/src,scripts,test/house,test/chaos/core}/**/*.test.ts',
          ],
          // Properties are tried over thousands of cases; a busy machine takes its time over them.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'service',
          include: ['{packages,services,workspace}/*/test/**/*.test.ts', 'workspace/test/**/*.test.ts'],
          globalSetup: ['packages/stack/src/testing/global-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'test/chaos/*.test.ts'],
          globalSetup: ['packages/stack/src/testing/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
        },
      },
    ],
  },
});
