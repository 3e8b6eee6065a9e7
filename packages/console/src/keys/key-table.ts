/** Every key that the console understands: what the help shows, and what pages listen to. */
export const KEYS = {
  anywhere: {
    'g i': 'Inbox',
    'g s': 'Standing grants',
    'g f': 'Flow',
    'g r': 'Receipts',
    'g u': 'Unknown outcomes',
    'g p': 'Policies',
    'g o': 'Sources',
    'g z': 'Freezes',
    '?': 'Show these keys',
    Escape: 'Close what is open; back to the list',
  },
  inbox: {
    j: 'Next request',
    k: 'Previous request',
    Enter: 'Open it',
    x: 'Select it',
    a: 'Approve it, or all that are selected',
    d: 'Deny it, or all that are selected',
    c: 'Comment on it',
    u: 'Take back your vote',
    n: 'Show new requests',
  },
  card: {
    a: 'Approve',
    d: 'Deny',
    c: 'Comment',
    u: 'Take back your vote',
    s: 'Grant in advance',
  },
} as const satisfies Record<string, Readonly<Record<string, string>>>;

/** Where `g` and the letter lead. */
export const GO = {
  i: '/',
  s: '/grants',
  f: '/flow',
  r: '/receipts',
  u: '/effects',
  p: '/policies',
  o: '/sources',
  z: '/freezes',
} as const satisfies Readonly<Record<string, string>>;
