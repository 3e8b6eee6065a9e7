/** What was seen of every part while a soak went on. Times are milliseconds since the epoch. */
export interface Vitals {
  readonly processes: readonly ProcessSeen[];
  readonly heaps: readonly HeapSeen[];
  readonly tables: readonly TableSeen[];
  readonly sessions: readonly SessionsSeen[];
  readonly streams: readonly StreamSeen[];
  readonly consumers: readonly ConsumerSeen[];
  readonly redis: readonly RedisSeen[];
}

export interface ProcessSeen {
  readonly at: number;
  readonly name: string;
  readonly pid: number;
  readonly rssBytes: number;
  readonly descriptors: number;
  readonly threads: number;
}

/** As a process told of itself, right after its garbage was collected. */
export interface HeapSeen {
  readonly at: number;
  readonly name: string;
  readonly pid: number;
  readonly heapBytes: number;
  /** Buffers and the like. */
  readonly outsideBytes: number;
  /** The longest that its event loop was held up since it told last, collecting for this left out. */
  readonly loopDelayMs: number;
}

export interface TableSeen {
  readonly at: number;
  readonly table: string;
  readonly dead: number;
  readonly live: number;
  /** So many dead rows bring the vacuum. */
  readonly deadDue: number;
  readonly vacuums: number;
  readonly tableBytes: number;
  readonly indexBytes: number;
}

export interface SessionsSeen {
  readonly at: number;
  readonly connections: number;
  readonly oldestTransactionMs: number;
}

export interface StreamSeen {
  readonly at: number;
  readonly stream: string;
  readonly messages: number;
  readonly bytes: number;
  /** 0: no limit. */
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  /** Of its oldest message; 0: it is empty. */
  readonly oldestMs: number;
  readonly consumers: number;
}

export interface ConsumerSeen {
  readonly at: number;
  readonly stream: string;
  readonly name: string;
  readonly pending: number;
  readonly unacknowledged: number;
  readonly unacknowledgedMax: number;
}

export interface RedisSeen {
  readonly at: number;
  /** Of one life of the server. */
  readonly run: string;
  readonly usedBytes: number;
  /** By what their names have in common: `bull:effects.shop:*`. */
  readonly keys: Readonly<Record<string, number>>;
}

export const emptyVitals = () => ({
  processes: [] as ProcessSeen[],
  heaps: [] as HeapSeen[],
  tables: [] as TableSeen[],
  sessions: [] as SessionsSeen[],
  streams: [] as StreamSeen[],
  consumers: [] as ConsumerSeen[],
  redis: [] as RedisSeen[],
});

export const SIGNS = {
  V1: 'the memory of every process is flat',
  V2: 'no process gathers descriptors or threads, no server connections',
  V3: 'tables are vacuumed, and those that are emptied again stay small',
  V4: 'streams, consumers, queues and keys are bounded',
} as const;
export type SignId = keyof typeof SIGNS;

/** What one judge found. */
export interface SignVerdict {
  readonly sign: SignId;
  /** Series that were long enough to say something: none, and nothing is proved. */
  readonly checked: number;
  readonly violations: readonly string[];
}

/** What their names have in common: what differs from key to key, by number or id, is a star. */
export function keyPattern(key: string): string {
  return key
    .split(':')
    .map((part) => (/^(?=.*\d)[\w.+=|-]*$/.test(part) ? '*' : part))
    .join(':')
    .replace(/(:\*)+/g, ':*');
}
