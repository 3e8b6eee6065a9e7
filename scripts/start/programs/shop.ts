/** The example workspace's remote system, as a process of its own: its calls must outlive the executor that makes them. */
import { pathToFileURL } from 'node:url';
import { runProgram } from './program.ts';

const [file = '', port = '0', dataDir = '', host = '127.0.0.1'] = process.argv.slice(2);
const { startShop } = (await import(pathToFileURL(file).href)) as typeof import('@holdpoint/workspace/shop/server');

await runProgram(() => startShop({ port: Number(port), dataDir, host }));
