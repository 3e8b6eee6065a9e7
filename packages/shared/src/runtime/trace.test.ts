import { describe, expect, test } from 'vitest';
import { childOf, formatTraceparent, newTrace, parseTraceparent, traceFrom } from './trace.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';

describe('trace context', () => {
  test('what is formatted parses to itself', () => {
    const trace = newTrace();
    expect(parseTraceparent(formatTraceparent(trace))).toEqual(trace);
  });

  test('a child keeps the trace and has a span of its own', () => {
    const child = traceFrom(`00-${TRACE_ID}-${SPAN_ID}-01`);
    expect(child).toMatchObject({ traceId: TRACE_ID, sampled: true });
    expect(child.spanId).not.toBe(SPAN_ID);
    expect(childOf(child).spanId).not.toBe(child.spanId);
  });

  test('the sampled flag is one bit of several', () => {
    expect(parseTraceparent(`00-${TRACE_ID}-${SPAN_ID}-00`)?.sampled).toBe(false);
    expect(parseTraceparent(`00-${TRACE_ID}-${SPAN_ID}-03`)?.sampled).toBe(true);
  });

  test('a later version may carry more than ours', () => {
    expect(parseTraceparent(`01-${TRACE_ID}-${SPAN_ID}-01-more`)?.traceId).toBe(TRACE_ID);
  });

  test.each([
    undefined,
    '',
    'nonsense',
    `ff-${TRACE_ID}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${SPAN_ID}-01-more`,
    `00-${'0'.repeat(32)}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${'0'.repeat(16)}-01`,
    `00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${SPAN_ID}`,
  ])('%s starts a new trace', (header) => {
    expect(parseTraceparent(header)).toBeUndefined();
    expect(traceFrom(header).traceId).toMatch(/^[0-9a-f]{32}$/);
  });
});
