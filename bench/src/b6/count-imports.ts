// Loaded before a service's own code (`node --import`): counts what is imported, by package.
import { registerHooks } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { tell } from '../processes/tally.ts';
import type { Wanted } from '../processes/wanted.ts';

if (isMainThread) {
  const imports: Record<string, number> = {};
  registerHooks({
    load(url, context, next) {
      const name = packageOf(url);
      imports[name] = (imports[name] ?? 0) + 1;
      return next(url, context);
    },
  });
  process.on('message', ({ want }: Wanted) => {
    if (want === 'imports') tell({ told: 'imports', imports });
  });
  process.channel?.unref();
}

function packageOf(url: string): string {
  const [, inPackage] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (inPackage) return inPackage;
  return /(?:packages|services|bench)\/[^/]+/.exec(url)?.[0] ?? (url.startsWith('node:') ? 'node' : 'others');
}
