import { describe, expect, it } from 'vitest';
import { NOW_SECONDS, playProvider, withHeader } from '../testing/play-provider.ts';
import { refusalHelp } from './refusal-help.ts';

describe('the help for a refused delivery', () => {
  it('says how far off a timestamp is, in the unit a person would use', () => {
    const help = (ageSeconds: number) =>
      refusalHelp({ ok: false, reason: ageSeconds > 0 ? 'timestamp_stale' : 'timestamp_future', ageSeconds }, 'stripe');
    expect(help(440)).toBe(
      "the timestamp is 7 minutes old: is this machine's clock right, or is this an old delivery sent again?",
    );
    expect(help(-90)).toBe("the timestamp is 90 seconds ahead: are this machine's clock and the sender's right?");
    expect(help(1)).toContain('1 second old');
    expect(help(7_199)).toContain('119 minutes old');
    expect(help(7_200)).toContain('2 hours old');
    expect(help(-1_790_000_000)).toContain('20717 days ahead');
  });

  it('names the header that is missing or came twice', () => {
    const { delivery, provider } = playProvider('github');
    const help = (...values: string[]) => {
      const verdict = provider.verify(withHeader(delivery(), 'x-hub-signature-256', ...values));
      return verdict.ok ? 'accepted' : refusalHelp(verdict, 'github');
    };
    expect(help()).toContain('x-hub-signature-256 is missing: was this sent by github');
    expect(help('a', 'b')).toContain('x-hub-signature-256 came twice');
    expect(help('a')).toContain('a signature header is not spelled as github spells it');
    expect(help(`sha256=${'0'.repeat(64)}`)).toContain('signed with another secret');
  });

  it('comes from what verifying a stale delivery found', () => {
    const { delivery, provider } = playProvider('stripe');
    const verdict = provider.verify(delivery({ timestamp: NOW_SECONDS - 420 }));
    expect(verdict.ok ? '' : refusalHelp(verdict, 'stripe')).toContain('7 minutes old');
  });
});
