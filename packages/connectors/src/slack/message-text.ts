/**
 * What notifies many at once: everybody of a channel or of the workspace, or a group of users; `<!group>` is the old name of
 * `<!channel>`. https://docs.slack.dev/messaging/formatting-message-text#special-mentions
 */
const BROADCAST = /<!(channel|here|everyone|group|subteam\^)/i;

export function isBroadcast(text: string): boolean {
  return BROADCAST.test(text);
}
