import { type BuiltApp, readBuiltApp } from '@holdpoint/console/built-app';
import { HoldpointError } from '@holdpoint/shared/domain/errors';
import type { App } from '@holdpoint/shared/runtime/http';
import type { FastifyReply } from 'fastify';
import { PAGE_HEADERS } from './page-headers.ts';

/** The app's own paths: it finds its page by the address, so each is answered by the same document. */
const PAGES = [
  '/',
  '/approvals/:id',
  '/grants',
  '/grants/new',
  '/actions/:id',
  '/receipts',
  '/effects',
  '/flow',
  '/policies',
  '/sources',
  '/freezes',
] as const;

const schema = { hide: true } as const;

/** The built console: its document without being kept, its files, which are named by their content, for a year. */
export async function addConsoleApp(app: App): Promise<void> {
  const built = await readBuiltApp();
  for (const path of PAGES) app.get(path, { schema }, async (_request, reply) => sendIndex(reply, built));
  for (const { path, contentType, bytes } of built?.assets ?? []) {
    app.get(path, { schema }, async (_request, reply) =>
      reply
        .header('cache-control', 'public, max-age=31536000, immutable')
        .header('x-content-type-options', 'nosniff')
        .type(contentType)
        .send(bytes),
    );
  }
}

function sendIndex(reply: FastifyReply, built: BuiltApp | undefined): FastifyReply {
  if (!built) throw new HoldpointError('NOT_FOUND', 'the console is not built: `npm start` and `npm test` build it');
  return reply.headers(PAGE_HEADERS).type('text/html; charset=utf-8').send(built.indexHtml);
}
