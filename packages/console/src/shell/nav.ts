/** Where one can go, in groups by what one comes for. */
export const NAV = [
  {
    title: 'Decide',
    links: [
      { href: '/', word: 'Inbox' },
      { href: '/grants', word: 'Standing grants' },
    ],
  },
  {
    title: 'Follow',
    links: [
      { href: '/flow', word: 'Flow' },
      { href: '/receipts', word: 'Receipts' },
      { href: '/effects', word: 'Unknown outcomes' },
    ],
  },
  {
    title: 'Control',
    links: [
      { href: '/freezes', word: 'Freezes' },
      { href: '/policies', word: 'Policies' },
      { href: '/sources', word: 'Sources' },
    ],
  },
] as const;

/** An approval belongs to the inbox, an action to its receipts. */
export function isWithin(path: string, href: string): boolean {
  if (href === '/') return path === '/' || path.startsWith('/approvals/');
  if (href === '/receipts') return path === href || path.startsWith('/actions/');
  return path === href;
}
