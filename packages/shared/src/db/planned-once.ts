import { sql } from 'kysely';

/**
 * Begins a statement that each connection parses and plans only once: for a small batch that costs more than to run it. Only for
 * one whose text never changes, and whose plan leaves nothing to choose: an insert of what is given, a call of a function. A
 * plan that joins may be made while the tables are empty, and kept.
 */
export const plannedOnce = sql`/* planned once */`;
