import { JOBS, MESSAGES, type MessageDeclaration } from '@holdpoint/shared/messages/catalogue';
import { CONSUMERS, type ConsumerDeclaration } from '@holdpoint/shared/messages/consumers';
import { STREAMS } from '@holdpoint/shared/messages/streams';
import { code, generatedFrom, mermaid, page, table } from './markdown.ts';

const HOUR_NS = 3600 * 1_000_000_000;
const GIB = 1024 ** 3;

export function messagesPage(): string {
  return page(
    '# Messages',
    generatedFrom('packages/shared/src/messages/'),
    'Everything that travels between processes. NATS carries facts; Redis rings; neither is believed over the row in Postgres.',
    '## Who tells whom',
    picture(),
    '## Over NATS',
    table(
      ['message', 'subject', 'body', 'from', 'to', 'a second copy is known by'],
      Object.entries(MESSAGES).map(([name, { subject, body, from, to, dedupe }]) => [
        name,
        code(subject),
        body,
        from.join(', '),
        to.join(', '),
        dedupe,
      ]),
    ),
    '## Streams',
    table(
      ['stream', 'holds', 'subjects', 'kept', 'at most', 'when full'],
      Object.values(STREAMS).map(({ name, description, subjects, max_age, max_bytes, discard }) => [
        name,
        description,
        subjects.map(code).join(' '),
        `${max_age / HOUR_NS / 24} days`,
        `${max_bytes / GIB} GiB`,
        discard === 'new' ? 'refuses the new' : 'lets go of the oldest',
      ]),
    ),
    '## Durable consumers',
    table(
      ['durable', 'stream', 'of', 'reads'],
      Object.values<ConsumerDeclaration>(CONSUMERS).map(({ stream, owner, config }) => [
        code(config.durable_name),
        stream,
        owner,
        (config.filter_subjects ?? [config.filter_subject ?? '']).map(code).join(' '),
      ]),
    ),
    'Each operator has one of its own over EVENTS, named after its tenant and itself, and so has each `after` hook on webhooks (`ingest-after=<tenant>=<hook>`). Each on actions has one over OUTCOMES (`evaluator-after=<tenant>=<hook>`). An operator with [a login of its own](../tasks/give-an-operator-a-login.md) has durables of the same name over DECISIONS, APPROVALS and OUTCOMES, of what it proposed itself.',
    '## Over Redis (BullMQ)',
    table(
      ['job', 'queue', 'body', 'from', 'to', 'at once'],
      Object.entries(JOBS).map(([name, { queue, body, from, to, dedupe }]) => [
        name,
        code(queue),
        body,
        from.join(', '),
        to.join(', '),
        dedupe,
      ]),
    ),
  );
}

function picture(): string {
  const edges = Object.entries<MessageDeclaration>(MESSAGES).flatMap(([name, { from, to }]) =>
    from.flatMap((sender) => to.map((receiver) => `  ${sender} -- ${name} --> ${receiver}`)),
  );
  return mermaid(['flowchart LR', '  providers -- webhook --> ingest', ...new Set(edges)]);
}
