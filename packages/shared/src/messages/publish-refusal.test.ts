import { expect, it } from 'vitest';
import { isSubjectTaken } from './publish-refusal.ts';

it('takes only the refusal of a second message on a subject for a duplicate', () => {
  expect(isSubjectTaken({ code: 10077, message: 'maximum messages per subject exceeded' })).toBe(true);
});

it('never takes a full or failing store for a duplicate, though the code is the same', () => {
  for (const message of ['maximum bytes exceeded', 'maximum messages exceeded', 'no space left on device', '']) {
    expect(isSubjectTaken({ code: 10077, message }), message).toBe(false);
  }
  for (const error of [null, undefined, new Error('maximum messages per subject exceeded'), 'timeout', 503]) {
    expect(isSubjectTaken(error)).toBe(false);
  }
});
