import type { Tool } from '@holdpoint/shared/domain/tool';

type Args = Readonly<Record<string, unknown>>;

/** Arguments as a tool's schema gives them, or why it does not take them. */
export function parseArgs({ args: schema }: Tool, args: Args): { readonly args: Args } | { readonly refused: string } {
  if (!schema) return { args };
  const result = schema['~standard'].validate(args);
  if (result instanceof Promise) {
    result.catch(() => {});
    return { refused: 'the schema is asynchronous' };
  }
  if (result.issues) return { refused: result.issues.map(({ message }) => message).join('; ') };
  const { value } = result;
  if (typeof value !== 'object' || value === null) return { refused: 'the schema gives no object' };
  return { args: value as Args };
}
