import { z } from 'zod';

/** https://docs.github.com/en/rest/issues/comments#create-an-issue-comment, as far as it is answered. */
export const answeredComment = z.object({
  id: z.int(),
  html_url: z.string(),
  body: z
    .string()
    .nullish()
    .transform((body) => body ?? null),
  created_at: z.string(),
});

export function commentOf({ id, html_url, created_at }: z.infer<typeof answeredComment>) {
  return { comment_id: id, url: html_url, created_at };
}
