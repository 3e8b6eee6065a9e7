import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Answers for a cloud's machines, at an address that is public by its number. */
const METADATA = new Set(['168.63.129.16']);
/** All that is handed out to the public of IPv6; the rest is reserved, or another address in disguise. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Why an address is none of the public internet (`loopback`, `private`, `ipv4Mapped`, …), or undefined where it is. IPv4 in
 * the clothes of IPv6 (mapped, translated, tunnelled) is never public here: what it leads to is decided elsewhere.
 */
export function whyNotPublic(address: string): string | undefined {
  // Node takes zones that the library does not: neither is public.
  if (!isIP(address) || !ipaddr.isValid(address)) return 'not an address';
  const parsed = ipaddr.parse(address);
  const range = parsed.range();
  if (range !== 'unicast') return range;
  if (METADATA.has(parsed.toString())) return 'metadata';
  if (parsed.kind() === 'ipv6' && !(parsed as ipaddr.IPv6).match(GLOBAL_UNICAST)) return 'reserved';
  return undefined;
}
