import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exact, exactText, isOver, plus, ZERO } from './exact-sum.ts';

const doubles = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });
const sum = (numbers: readonly number[]) => numbers.map(exact).reduce(plus, ZERO);

test('ten times 0.1 is 1, and no more', () => {
  const total = sum(Array<number>(10).fill(0.1));
  expect(exactText(total)).toBe('1');
  expect(isOver(total, exact(1))).toBe(false);
  expect(isOver(plus(total, exact(5e-324)), exact(1))).toBe(true);
});

test('every double is read as it is written', () => {
  fc.assert(
    fc.property(doubles, (number) => {
      expect(Number(exactText(exact(number)))).toBe(number);
    }),
  );
  expect(exactText(exact('-12.340e-1'))).toBe('-1.234');
  expect(exactText(exact('1e21'))).toBe('1000000000000000000000');
});

test('a sum does not depend on the order, nor on where it is broken off and written down', () => {
  const shuffled = fc.array(doubles, { maxLength: 20 }).chain((all) =>
    fc.record({
      all: fc.constant(all),
      other: fc.shuffledSubarray(all, { minLength: all.length }),
      at: fc.nat({ max: all.length }),
    }),
  );
  fc.assert(
    fc.property(shuffled, ({ all, other, at }) => {
      const written = exactText(sum(other.slice(0, at)));
      expect(exactText(plus(exact(written), sum(other.slice(at))))).toBe(exactText(sum(all)));
    }),
  );
});

test('one of two numbers is over the other as the numbers are', () => {
  fc.assert(
    fc.property(doubles, doubles, (a, b) => {
      expect(isOver(exact(a), exact(b))).toBe(a > b);
    }),
  );
});

test('what is no number is refused', () => {
  for (const text of ['', 'NaN', 'Infinity', '1,5', '0x10', ' 1', '1e999999999']) {
    expect(() => exact(text)).toThrow(RangeError);
  }
});
