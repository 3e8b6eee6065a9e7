import { expect, it } from 'vitest';
import { createOutbound, post, whyNotSent } from './outbound.ts';

const body = { headers: {}, body: '', signal: AbortSignal.timeout(5_000), answerMaxBytes: 1 };

it('notifications reach no private address, by number, by name, or as a mail server', async () => {
  const outbound = createOutbound('public');
  const written = ['2130706433', '0x7f.1', '0177.1', '[::]', '[::ffff:7f00:1]', '[64:ff9b::a9fe:a9fe]', 'a@127.0.0.1'];
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '169.254.169.254', ...written]) {
    const error = await post(outbound, { url: `http://${host}:9/secret-path`, ...body }).catch(
      (reason: unknown) => reason,
    );
    expect(whyNotSent(error)).toContain('no public address');
    expect(whyNotSent(error)).not.toContain('secret-path');
  }
  await expect(outbound.addressOf('localhost')).rejects.toMatchObject({ name: 'PrivateAddress' });
  await expect(outbound.addressOf('10.0.0.1')).rejects.toMatchObject({ name: 'PrivateAddress' });
  await outbound.close();
});
