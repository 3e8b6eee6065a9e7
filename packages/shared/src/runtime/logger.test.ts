import { describe, expect, test } from 'vitest';
import { createLogger, type Logger } from './logger.ts';

function logged(write: (logger: Logger) => void): string {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  write(createLogger({ service: 'ingest', level: 'debug', instance: 'i-1', destination }));
  return lines.join('');
}

const SECRET = 'correct-horse-battery-staple';

describe('the logger', () => {
  test('every line names its service and instance', () => {
    const line = JSON.parse(logged((logger) => logger.info({ tenant: 'acme' }, 'hello')));
    expect(line).toMatchObject({ level: 'info', service: 'ingest', instance: 'i-1', tenant: 'acme', msg: 'hello' });
  });

  test.each([
    'authorization',
    'Authorization',
    'cookie',
    'set-cookie',
    'password',
    'secret',
    'secrets',
    'token',
    'access_token',
    'clientSecret',
    'api_key',
    'apiKey',
    'masterKey',
    'credentials',
    'x-hub-signature-256',
    'x-fabric-signature',
    'x-shopify-hmac-signature',
    'stripe-signature',
  ])('what stands under %s is left out at any depth', (name) => {
    const text = logged((logger) => {
      logger.info({ [name]: SECRET });
      logger.info({ request: { headers: { [name]: SECRET } } });
      logger.info({ list: [{ deep: { deeper: { [name]: [SECRET] } } }] });
      logger
        .child({ source: 'shop' })
        .warn({ err: Object.assign(new Error('refused'), { request: { [name]: SECRET } }) });
    });
    expect(text).not.toContain(SECRET);
    expect(text.match(/\[redacted\]/g)).toHaveLength(4);
  });

  test.each([
    ['an API key', 'hp_abcdefghijklmnopqrstuvwxyz0123456789'],
    ['a JWT', 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl'],
    ['a bearer header', 'Bearer abcdefghijklmnop'],
  ])('%s is masked wherever it stands', (_, text) => {
    const bare = text.replace('Bearer ', '');
    const output = logged((logger) => {
      logger.info(`a message with ${text} in it`);
      logger.info({ note: [text] }, 'in a field');
      logger.error({ err: new Error(`cannot use ${text}`) });
      logger.error({ err: new Error('outer', { cause: new Error(text) }) });
    });
    expect(output).not.toContain(bare);
    for (const line of output.trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
  });

  test("a URL's password is masked, its host stays", () => {
    const text = logged((logger) =>
      logger.error({ err: new Error('cannot reach postgres://holdpoint:s3cr3t-pw@db:5432/x') }),
    );
    expect(text).not.toContain('s3cr3t-pw');
    expect(text).toContain('@db:5432/x');
  });

  test('an error is logged with its stack and its cause', () => {
    const line = JSON.parse(
      logged((logger) => logger.error({ err: new Error('outer', { cause: new Error('inner') }) })),
    );
    expect(line.err).toMatchObject({ type: 'Error', message: 'outer', cause: { message: 'inner' } });
    expect(line.err.stack).toContain('logger.test.ts');
  });

  test('bytes are logged by their length, and a circle does not hang', () => {
    const circle: Record<string, unknown> = { body: Buffer.from('payload') };
    circle.self = circle;
    expect(logged((logger) => logger.info(circle, 'round'))).toContain('[7 bytes]');
  });
});
