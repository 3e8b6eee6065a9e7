import { expect, test } from 'vitest';
import { whyNotPublic } from './public-address.ts';

test('addresses of the public internet are public', () => {
  for (const address of ['8.8.8.8', '172.15.0.1', '172.32.0.1', '100.63.255.255', '2606:4700::1111', '2a00:1450::1']) {
    expect(whyNotPublic(address), address).toBeUndefined();
  }
});

test('an address that is set aside, embeds another, or leads through a translator is none either', () => {
  const others = [
    ...['0.1.2.3', '192.0.2.1', '192.88.99.1', '198.51.100.1', '203.0.113.7', '255.255.255.254', '100.127.255.255'],
    ...['100::1', '2001:2::1', '2001:10::1', '2001:20::1', '2001:db8::1', '2002:a9fe:a9fe::1', '3fff::1', '5f00::1'],
    ...['fec0::1', '::127.0.0.1', '::ffff:0:7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b:1:ffff::1', '2001::7f00:1'],
    ...['::ffff:a9fe:a9fe', '0:0:0:0:0:ffff:10.0.0.1', 'ff0e::1'],
  ];
  expect(others.filter((address) => whyNotPublic(address) === undefined)).toEqual([]);
});

test('no other address is, in whatever clothes it comes', () => {
  const others = {
    loopback: ['127.0.0.1', '127.255.255.254', '::1'],
    private: ['10.0.0.1', '172.16.0.1', '192.168.1.1'],
    uniqueLocal: ['fc00::1', 'fd00:ec2::254'],
    linkLocal: ['169.254.169.254', 'fe80::1', 'fe80::1%eth0'],
    carrierGradeNat: ['100.64.0.1', '100.100.100.200'],
    multicast: ['224.0.0.1', '239.255.255.250', 'ff02::1'],
    unspecified: ['0.0.0.0', '::'],
    broadcast: ['255.255.255.255'],
    ipv4Mapped: ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:8.8.8.8'],
    rfc6052: ['64:ff9b::7f00:1', '64:ff9b:1::a00:1'],
    '6to4': ['2002:7f00:1::'],
    teredo: ['2001:0:53aa:64c::1'],
    metadata: ['168.63.129.16'],
    reserved: ['::7f00:1', '192.0.0.192', '198.18.0.1', '240.0.0.1', '4000::1'],
    'not an address': ['', 'localhost', '1.2.3', '256.1.1.1', '0x7f000001', '017700000001', '2130706433', '127.1'],
  };
  for (const [why, addresses] of Object.entries(others)) {
    for (const address of addresses) expect(whyNotPublic(address), address).toBe(why);
  }
});
