/** Runs until the one who started it says so or is gone; tells it when it is ready. Signals may be repeated. */
export async function runProgram(start: () => Promise<{ stop(): Promise<void> }>): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.on(event, () => resolve());
  });
  const running = await start();
  process.send?.('ready');
  await ended;
  await running.stop();
  process.exit(0);
}
