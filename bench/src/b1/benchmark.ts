import type { Benchmark } from '../benchmark.ts';
export const b1: Benchmark = {
  id: 'B1',
  title: 'x',
  needsServers: false,
  setting: [],
  run: async () => ({ measured: [], limits: [] }),
};
