/** Stand-ins of the vendors that the example workspace's connectors call. */
import { pathToFileURL } from 'node:url';
import { runProgram } from './program.ts';

const [file = '', ports = '{}', host = '127.0.0.1'] = process.argv.slice(2);
const { startVendors } = (await import(
  pathToFileURL(file).href
)) as typeof import('@holdpoint/workspace/vendors/server');

await runProgram(() => startVendors({ ports: JSON.parse(ports), host }));
