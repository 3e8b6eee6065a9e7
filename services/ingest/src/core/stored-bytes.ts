/** What JetStream's file store puts around each message, and around its headers. */
const MESSAGE_BYTES = 30;
const HEADERS_BYTES = 4;
const HEADERS_BEGIN = 'NATS/1.0\r\n\r\n';

/** What a message takes of its stream's `max_bytes`. Names and values of headers are ASCII. */
export function storedBytes(subject: string, headers: Readonly<Record<string, string>>, bodyBytes: number): number {
  let bytes = MESSAGE_BYTES + HEADERS_BYTES + HEADERS_BEGIN.length + subject.length + bodyBytes;
  for (const [name, value] of Object.entries(headers)) bytes += name.length + value.length + ': \r\n'.length;
  return bytes;
}
