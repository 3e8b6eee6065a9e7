import { pino } from 'pino';

export type Logger = pino.Logger;

export interface LoggerOptions {
  readonly service: string;
  readonly level: string;
  readonly instance: string;
  /** Where lines go; standard output unless a test listens. */
  readonly destination?: pino.DestinationStream;
}

/**
 * JSON lines with `service` and `instance`. What is under a secret's name is left out at any depth, and what looks like an
 * API key, a token or a URL's password is masked wherever it stands, messages and stacks included.
 */
export function createLogger({ service, level, instance, destination }: LoggerOptions): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: { service, instance },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label) => ({ level: label }),
      log: (fields) => redact(fields, 0) as Record<string, unknown>,
    },
    serializers: { err: serializeError, error: serializeError },
    hooks: { streamWrite: maskSecrets },
  };
  return destination ? pino(options, destination) : pino(options);
}

export const REDACTED = '[redacted]';

const DEPTH_MAX = 8;

const SECRET_NAME =
  /^(authorization|proxy-authorization|cookies?|set-cookie|pass(word|wd|phrase)?|nats_pass|secrets?|tokens?|jwt|bearer|creds|credentials|(api|private|master|signing|access|encryption)[-_]?key|.*[-_]?(secret|token|password|signature)|.*signature.*|.*(Secret|Token|Password))$/i;

function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** A copy without what stands under a secret's name. Errors keep their place: their serializer redacts them. */
function redact(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Error || value instanceof Date) return value;
  if (depth >= DEPTH_MAX) return '[deep]';
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  if (depth > 0 && 'toJSON' in value && typeof value.toJSON === 'function') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, isSecretName(name) ? REDACTED : redact(inner, depth + 1)]),
  );
}

function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return redact(error, 1);
  return redact({ ...pino.stdSerializers.errWithCause(error) }, 1);
}

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\bhp_[A-Za-z0-9_-]{16,}/g, `hp_${REDACTED}`],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, REDACTED],
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@"]*):[^\s@/"]+@/gi, `$1:${REDACTED}@`],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${REDACTED}`],
];

function maskSecrets(line: string): string {
  return PATTERNS.reduce((text, [pattern, mask]) => text.replace(pattern, mask), line);
}
