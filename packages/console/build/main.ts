/** Builds the console where it is not current. */
import { ensureBuilt } from './ensure-built.ts';

if ((await ensureBuilt()) === 'built') console.error('holdpoint: the console is built');
