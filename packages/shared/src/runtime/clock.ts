/** Where the time comes from. What decides over leases and expiries asks the database's clock instead. */
export type Clock = () => Date;

export const systemClock: Clock = () => new Date();
