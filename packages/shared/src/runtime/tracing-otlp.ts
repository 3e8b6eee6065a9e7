import { type HrTime, type SpanContext, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from './logger.ts';
import type { FinishedSpan, Tracing, TracingOptions } from './tracing.ts';

/** Of what waits and what is being sent; beyond it spans are dropped. */
const WAITING_MAX_SPANS = 2_048;
const BATCH_MAX_SPANS = 512;
const BATCH_DELAY_MS = 1_000;
const SEND_MAX_MS = 5_000;
const STOP_MAX_MS = 1_000;

const KINDS = {
  server: SpanKind.SERVER,
  consumer: SpanKind.CONSUMER,
  client: SpanKind.CLIENT,
  internal: SpanKind.INTERNAL,
} as const satisfies Record<FinishedSpan['kind'], SpanKind>;

/** Sends spans in batches, OTLP over HTTP as JSON. A collector that is away or slow costs spans, and nothing else. */
export function exportTraces(options: TracingOptions): Tracing {
  const { service, instance, endpoint, logger } = options;
  const trouble = tellOnce(logger);
  let waiting = 0;
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: SEND_MAX_MS,
  });
  const processor = new BatchSpanProcessor({
    exporter: reporting(exporter, (spans, error) => {
      waiting -= spans;
      if (error) trouble.lost(spans, error);
      else trouble.over();
    }),
    maxQueueSize: WAITING_MAX_SPANS,
    maxExportBatchSize: BATCH_MAX_SPANS,
    scheduledDelayMillis: BATCH_DELAY_MS,
    // The exporter's own limit comes first, and tells why.
    exportTimeoutMillis: SEND_MAX_MS * 2,
  });
  const about = {
    resource: resourceFromAttributes({
      'service.namespace': 'holdpoint',
      'service.name': `holdpoint-${service}`,
      'service.instance.id': instance,
    }),
    instrumentationScope: { name: 'holdpoint' },
  };
  return {
    on: true,
    record(describe) {
      if (waiting >= WAITING_MAX_SPANS) return trouble.lost(1, new Error(`${WAITING_MAX_SPANS} spans wait already`));
      try {
        processor.onEnd(toReadable(describe(), about));
        waiting += 1;
      } catch (error) {
        trouble.lost(1, error);
      }
    },
    async stop() {
      await within(STOP_MAX_MS, processor.shutdown()).catch((err: unknown) =>
        logger.debug({ err }, 'the last traces did not reach the collector'),
      );
    },
  };
}

/** The exporter, telling how each batch ended; to the processor all went well, for it would only complain to a global. */
function reporting(exporter: SpanExporter, ended: (spans: number, error: Error | undefined) => void): SpanExporter {
  return {
    export(spans, done) {
      exporter.export(spans, ({ code, error }) => {
        ended(spans.length, code === EXPORTED ? undefined : (error ?? new Error('the collector refused them')));
        done({ code: EXPORTED });
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}

/** `ExportResultCode.SUCCESS`, of a package that is not needed for more. */
const EXPORTED = 0;

/** One warning when spans begin to be lost, and a word when they no longer are; in between it is for who looks closer. */
function tellOnce(logger: Logger) {
  let lost = 0;
  return {
    lost(spans: number, err: unknown) {
      lost += spans;
      if (lost === spans) logger.warn({ err }, 'traces do not reach the collector; everything else goes on');
      else logger.debug({ err, lost }, 'traces do not reach the collector');
    },
    over() {
      if (lost > 0) logger.info({ lost }, 'traces reach the collector again');
      lost = 0;
    },
  };
}

function toReadable(span: FinishedSpan, about: Pick<ReadableSpan, 'resource' | 'instrumentationScope'>): ReadableSpan {
  const { name, kind, trace, startedAtMs, failed = false, attributes } = span;
  const { traceId, spanId, parentSpanId } = trace;
  const durationMs = performance.now() - startedAtMs;
  const endedAt = Date.now();
  // Every trace is recorded: a sender's "not sampled" is about its own spans, and what to keep is the collector's to say.
  const context: SpanContext = { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
  return {
    ...about,
    name,
    kind: KINDS[kind],
    spanContext: () => context,
    ...(parentSpanId && { parentSpanContext: { ...context, spanId: parentSpanId, isRemote: true } }),
    startTime: hrTime(endedAt - durationMs),
    endTime: hrTime(endedAt),
    duration: hrTime(durationMs),
    ended: true,
    status: { code: failed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes: { ...attributes },
    links: [],
    events: [],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function hrTime(ms: number): HrTime {
  const seconds = Math.trunc(ms / 1_000);
  return [seconds, Math.trunc((ms - seconds * 1_000) * 1e6)];
}

async function within(maxMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${maxMs} ms`)), maxMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
