/** Shopify's global id of a thing by its number: https://shopify.dev/docs/api/usage/gids */
export const gid = (type: 'Order' | 'Customer', number: string): string => `gid://shopify/${type}/${number}`;

/** The number at the end of a global id, exactly; undefined where there is none. */
export const numberOf = (id: string): string | undefined => /^gid:\/\/shopify\/\w+\/(\d+)/.exec(id)?.[1];
