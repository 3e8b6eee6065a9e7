import { type ComponentType, type LazyExoticComponent, lazy } from 'react';
import { CardPage } from '../pages/card/card-page.tsx';
import { InboxPage } from '../pages/inbox/inbox-page.tsx';
import type { PageProps } from './page-props.ts';

type Page = ComponentType<PageProps> | LazyExoticComponent<ComponentType<PageProps>>;

/** The first rooms come at once, all others when they are entered. Approvals serves the app under these very paths. */
export const ROUTES: readonly { readonly path: string; readonly page: Page }[] = [
  { path: '/', page: InboxPage },
  { path: '/approvals/:id', page: CardPage },
  { path: '/grants', page: lazy(() => import('../pages/grants/grants-page.tsx').then(named('GrantsPage'))) },
  { path: '/grants/new', page: lazy(() => import('../pages/grants/new-grant-page.tsx').then(named('NewGrantPage'))) },
  { path: '/actions/:id', page: lazy(() => import('../pages/action/action-page.tsx').then(named('ActionPage'))) },
  { path: '/receipts', page: lazy(() => import('../pages/receipts/receipts-page.tsx').then(named('ReceiptsPage'))) },
  { path: '/effects', page: lazy(() => import('../pages/effects/effects-page.tsx').then(named('EffectsPage'))) },
  { path: '/flow', page: lazy(() => import('../pages/flow/flow-page.tsx').then(named('FlowPage'))) },
  { path: '/policies', page: lazy(() => import('../pages/policies/policies-page.tsx').then(named('PoliciesPage'))) },
  { path: '/sources', page: lazy(() => import('../pages/sources/sources-page.tsx').then(named('SourcesPage'))) },
  { path: '/freezes', page: lazy(() => import('../pages/freezes/freezes-page.tsx').then(named('FreezesPage'))) },
];

function named<Name extends string>(name: Name) {
  return (module: Readonly<Record<Name, ComponentType<PageProps>>>) => ({ default: module[name] });
}

/** The page at a path; undefined: there is none. */
export function pageAt(path: string): { readonly Page: Page; readonly id: string } | undefined {
  const steps = stepsOf(path);
  for (const route of ROUTES) {
    const wanted = route.path.split('/');
    if (wanted.length !== steps.length) continue;
    if (!wanted.every((step, index) => step === steps[index] || (step === ':id' && steps[index] !== ''))) continue;
    const at = wanted.indexOf(':id');
    return { Page: route.page, id: at < 0 ? '' : (steps[at] ?? '') };
  }
  return undefined;
}

/** Empty where it is not written as an address is. */
function stepsOf(path: string): string[] {
  try {
    return path
      .replace(/(.)\/$/, '$1')
      .split('/')
      .map(decodeURIComponent);
  } catch {
    return [];
  }
}
