import { expect, test } from 'vitest';
import { localPath } from './local-path.ts';

test.each(['/', '/approvals/1', '/receipts?a=b&c=%2F%2Fd', '/a#b', '/a//b'])('%s is a page of this site', (path) => {
  expect(localPath(path)).toBe(path);
});

test.each([
  '//evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  'https://evil.example/',
  'javascript:alert(1)',
  'evil',
  '',
  '/.//evil.example',
  '/..//evil.example',
  '/%2e//evil.example',
  '/\t/evil.example',
  '/a\nb',
  '/a\\..\\..\\\\evil.example',
  `/${'a'.repeat(2_000)}`,
  undefined,
  ['/a'],
])('%j leads to the first page', (wanted) => {
  expect(localPath(wanted)).toBe('/');
});
