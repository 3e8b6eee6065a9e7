import { defineConfig } from 'vitest/config';

const SERVERS = ['packages/stack/src/testing/global-setup.ts', 'packages/console/build/global-setup.ts'];

/** The least that a machine has: with more at once than cores, each takes longer and all of them as long. */
const WORKERS = 2;

/** unit: pure, no servers. service: one part against real servers. e2e: all four services, real servers. browser:
 * the console in Chromium, real servers behind it. */
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
          maxWorkers: WORKERS,
        },
      },
      {
        test: {
          name: 'service',
          include: ['{packages,services,workspace}/*/test/**/*.test.ts', 'workspace/test/**/*.test.ts'],
          globalSetup: SERVERS,
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: WORKERS,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'test/chaos/*.test.ts'],
          globalSetup: SERVERS,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: [...SERVERS, 'packages/stack/src/testing/chromium-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
        },
      },
    ],
  },
});
