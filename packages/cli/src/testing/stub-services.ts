import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly bearer: string;
  readonly body: unknown;
}

/** Stands for all services at one address: notes what it is asked, and answers what it is told to. */
export interface StubServices {
  readonly url: string;
  asked: Asked[];
  answer: { status: number; body: unknown; type?: string };
  /** Given first, one a call. */
  pages: unknown[];
  /** As if nobody had asked anything. */
  forget(): void;
  stop(): Promise<void>;
}

export async function startStubServices(): Promise<StubServices> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    stub.asked.push({
      method: request.method ?? '',
      path: request.url ?? '',
      bearer: request.headers.authorization ?? '',
      body: body ? JSON.parse(body) : undefined,
    });
    const given = stub.pages.shift() ?? stub.answer.body;
    const bytes = given instanceof Buffer ? given : JSON.stringify(given);
    response.writeHead(stub.answer.status, { 'content-type': stub.answer.type ?? 'application/json' }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fresh = () => ({ asked: [] as Asked[], pages: [] as unknown[], answer: { status: 200, body: { items: [] } } });
  const stub: StubServices = {
    ...fresh(),
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forget: () => void Object.assign(stub, fresh()),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return stub;
}
