import { cpus, loadavg, release, totalmem } from 'node:os';

/** Where figures were taken: they mean nothing without it. */
export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly node: string;
  readonly servers: Readonly<Record<string, string>>;
  /** Of one minute, before the first run: more than a little means that others were at work. */
  readonly loadBefore: number;
}

export function machineFacts(servers: Readonly<Record<string, string>>): Machine {
  const cores = cpus();
  return {
    cores: cores.length,
    cpu: cores[0]?.model.trim() ?? 'unknown',
    memoryGib: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    node: process.version,
    servers,
    loadBefore: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}
