import { defineConformance } from '@holdpoint/conformance/spec';
import { startHouseSystem } from './stand-in.ts';

const invalid = [{}, { path: 'orders/1' }, { path: '/orders/../1' }, { path: '/orders/1', headers: { host: 'x' } }];
const rejected = { path: '/missing/1' };

export const conformance = defineConformance({
  start: () => startHouseSystem(),
  tools: {
    get: { args: { path: '/orders/1' }, invalid, rejected },
    post: { args: { path: '/orders/1/notes', body: { text: 'call back' } }, invalid, rejected },
    put: { args: { path: '/orders/1', body: { state: 'held' } }, invalid, rejected, setsState: true },
    patch: { args: { path: '/orders/1', body: { state: 'held' } }, invalid, rejected },
    delete: { args: { path: '/orders/1' }, invalid, rejected },
  },
});
