/** Where the time comes from. What decides over leases and expiries asks the database's clock instead. */
export type Clock = () => Date;

export const systemClock: Clock = () => new Date();

/**
 * Milliseconds that only go forward, from whenever. How long something holds is measured by it: a machine's clock may be set
 * back, and what was to be forgotten after seconds would be remembered for hours.
 */
export type SteadyClock = () => number;

export const steadyClock: SteadyClock = () => performance.now();
