import { NotForYou } from '../../pieces/answer.tsx';
import { PageHead } from '../../pieces/page-head.tsx';
import { Link } from '../../router/link.tsx';
import { usePlace } from '../../router/location.ts';
import type { PageProps } from '../../router/page-props.ts';
import { isAdmin, useSession } from '../../session/session.tsx';
import { Changes } from './changes.tsx';
import { Findings } from './findings.tsx';
import { Limits } from './limits.tsx';
import { PolicyList } from './policy-list.tsx';
import { WhatIf } from './what-if.tsx';
import './policies.css';

const VIEWS = [
  { view: '', word: 'In force', Shown: PolicyList },
  { view: 'findings', word: 'Findings', Shown: Findings },
  { view: 'what-if', word: 'What if', Shown: WhatIf },
  { view: 'limits', word: 'Limits in use', Shown: Limits },
  { view: 'changes', word: 'Changes', Shown: Changes },
] as const;

/** What is permitted, what looks wrong with it, and what it would say. */
export function PoliciesPage(_: PageProps) {
  const { query } = usePlace();
  const { person } = useSession();
  const here = query.get('view') ?? '';
  const { view, Shown } = VIEWS.find((one) => one.view === here) ?? VIEWS[0];
  if (!isAdmin(person)) {
    return (
      <>
        <PageHead title="Policies" />
        <NotForYou what="Policies" />
      </>
    );
  }
  return (
    <>
      <PageHead title="Policies" about="What is permitted, what looks wrong with it, and what it would say." />
      <nav className="tabs" aria-label="Of the policies">
        {VIEWS.map(({ view: name, word }) => (
          <Link
            key={name}
            href={name === '' ? '/policies' : `/policies?view=${name}`}
            aria-current={name === view ? 'page' : undefined}
          >
            {word}
          </Link>
        ))}
      </nav>
      <Shown key={query.get('policy')} />
    </>
  );
}
