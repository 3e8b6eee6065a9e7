const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/**
 * When an action was recorded, in ms since 1970, which no attempt of it can be before: its id is a UUIDv7, whose first 48 bits
 * are that time (RFC 9562 §5.7). Undefined for an id of another kind.
 */
export function actionTimeMs(actionId: string): number | undefined {
  return UUID_V7.test(actionId) ? Number.parseInt(actionId.replaceAll('-', '').slice(0, 12), 16) : undefined;
}
