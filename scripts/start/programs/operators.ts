/** The operators of a workspace's `operators/` in one process: upstream systems, stood in for. */
import { startOperators } from '@holdpoint/sdk/start-operators';
import { environment } from '../config.ts';
import { runProgram } from './program.ts';

const [dir = '', tenant = ''] = process.argv.slice(2);
const { NATS_URL: natsUrl = '', NATS_CREDS: natsCreds, NATS_DOMAIN: natsDomain } = environment();

await runProgram(() =>
  startOperators(dir, { natsUrl, tenant, ...(natsCreds && { natsCreds }), ...(natsDomain && { natsDomain }) }),
);
