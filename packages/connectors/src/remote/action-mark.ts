import type { ConnectorContext } from '@holdpoint/sdk/define';

/**
 * Stands in what an action writes for people, so that it can be found again: the same for every attempt, another for every
 * action. To be searched for as it is.
 */
export const actionMark = ({ actionId }: Pick<ConnectorContext, 'actionId'>): string => `[holdpoint:${actionId}]`;
