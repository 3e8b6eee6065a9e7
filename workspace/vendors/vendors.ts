/** The vendors whose stand-ins run beside the example: each where `<NAME>_URL` says. */
export const VENDORS = ['stripe', 'github', 'slack', 'shopify', 'magento', 'hubspot', 'email'] as const;
export type Vendor = (typeof VENDORS)[number];

/** Below a vendor's address: Magento's API is one of several things there. */
const PATHS: Readonly<Record<string, string>> = { magento: 'rest/default/' };

/** What the tenants' connectors refer to, by vendors' ports. */
export function vendorUrls(ports: Readonly<Record<string, number>>, host = '127.0.0.1'): Record<string, string> {
  const urls = VENDORS.flatMap((name) => {
    const port = String(ports[name]);
    return name === 'email'
      ? [
          ['EMAIL_PORT', port],
          ['EMAIL_HOST', host],
        ]
      : [[`${name.toUpperCase()}_URL`, `http://${host}:${port}/${PATHS[name] ?? ''}`]];
  });
  return Object.fromEntries(urls);
}
