import { BlockList, isIP, isIPv4 } from 'node:net';

/** The addresses and networks that may deliver to a source. */
export type AllowList = (address: string) => boolean;

/** `rules` are addresses and CIDR networks. An IPv6 address that stands for an IPv4 one counts as that, in rules and senders. */
export function allowList(rules: readonly string[]): AllowList {
  const list = new BlockList();
  for (const rule of rules) {
    const [address = '', bits] = rule.split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    const mapped = family === 'ipv6' ? mappedV4(address) : undefined;
    if (bits === undefined) list.addAddress(mapped ?? address, mapped ? 'ipv4' : family);
    else if (mapped && Number(bits) >= MAPPED_BITS) list.addSubnet(mapped, Number(bits) - MAPPED_BITS, 'ipv4');
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => {
    const plain = mappedV4(address) ?? address;
    const family = isIP(plain);
    return family !== 0 && list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  };
}

/** Whose requests are counted together: an IPv4 address, or the IPv6 network that one customer has. */
export function addressGroup(address: string): string {
  const plain = mappedV4(address) ?? address;
  return isIP(plain) === 6 ? `${groupsOf(plain).slice(0, NETWORK_GROUPS).join(':')}::/64` : plain.slice(0, 64);
}

const MAPPED_BITS = 96;
const NETWORK_GROUPS = 4;

/** The IPv4 address in `::ffff:0:0/96`. */
function mappedV4(address: string): string | undefined {
  if (isIP(address) !== 6) return undefined;
  const groups = groupsOf(address);
  if (groups.slice(0, 5).some((group) => group !== '0') || groups[5] !== 'ffff') return undefined;
  const bytes = groups.slice(6).map((group) => Number.parseInt(group, 16));
  return bytes.flatMap((word) => [word >> 8, word & 0xff]).join('.');
}

/** The eight groups of an IPv6 address in one spelling: a URL writes it so, and shortens the zeros. */
function groupsOf(address: string): string[] {
  const [bare = ''] = address.split('%');
  const [head = '', tail] = new URL(`http://[${bare}]`).hostname.slice(1, -1).split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  return tail === undefined ? front : [...front, ...Array<string>(8 - front.length - back.length).fill('0'), ...back];
}
