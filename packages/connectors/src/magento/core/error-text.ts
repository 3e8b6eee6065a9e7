import { z } from 'zod';

const parameters = z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())]).nullish();
const said = z.object({ message: z.string(), parameters });
const refusal = said.extend({ errors: z.array(said).nullish() });

/**
 * The words of a refusal, with its placeholders filled: `%1` from a list, `%fieldName` by name; those of its single faults
 * behind it. https://developer.adobe.com/commerce/webapi/get-started/gs-web-api-response/
 */
export function errorText(body: unknown): string | undefined {
  const read = refusal.safeParse(body);
  if (!read.success) return undefined;
  return [read.data, ...(read.data.errors ?? [])].map(filled).join(' ');
}

function filled({ message, parameters }: z.infer<typeof said>): string {
  const given = parameters ?? {};
  return message.replaceAll(/%(\d+|[A-Za-z]\w*)/g, (placeholder, name: string) => {
    const key = Array.isArray(given) ? String(Number(name) - 1) : name;
    const value = Object.hasOwn(given, key) ? (given as Record<string, unknown>)[key] : undefined;
    return typeof value === 'string' || typeof value === 'number' ? String(value) : placeholder;
  });
}
