import { HoldpointError } from '@holdpoint/shared/domain/errors';

export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/** What one event may hold before the stream is given up. */
const EVENT_MAX_CHARS = 8 * 1024 * 1024;

/** The events of a `text/event-stream` body, however its bytes are cut; comments are passed over. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  let event = 'message';
  let data: string[] = [];
  let held = 0;
  for await (const bytes of body) {
    const text = decoder.decode(bytes, { stream: true });
    rest += text;
    // A long line is looked through once it is whole, not with every piece of it.
    const lines = text.includes('\n') ? rest.split('\n') : [rest];
    rest = lines.pop() ?? '';
    for (const line of lines.map((one) => one.replace(/\r$/, ''))) {
      const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
      if (field === 'event') event = value;
      if (field === 'data') data.push(value);
      held += line.length;
      if (line !== '') continue;
      if (data.length > 0) yield { event, data: data.join('\n') };
      event = 'message';
      data = [];
      held = 0;
    }
    if (rest.length + held > EVENT_MAX_CHARS) {
      throw new HoldpointError('INTERNAL', 'the stream holds an event without end');
    }
  }
}
