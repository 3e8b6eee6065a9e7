import type { Approval } from '@holdpoint/shared/domain/approval';
import { useMemo, useRef } from 'react';
import { useApi } from '../../api/api-context.tsx';
import { useSession } from '../../session/session.tsx';
import { type Arrangement, arrange, settled, unseen } from './arrange.ts';

/**
 * The order of the list. While it is `held`, because somebody points at it or works in it, nothing moves but what they decide:
 * what is new waits to be shown, and what others decided stays where it was and says so.
 */
export function useArrangement(approvals: readonly Approval[], held: boolean) {
  const { person } = useSession();
  const api = useApi();
  const current = useMemo(() => arrange(approvals, person, api.now()), [approvals, person, api]);
  const kept = useRef<Arrangement>(current);
  const decided = useRef<readonly string[]>([]);
  const show = (): void => {
    kept.current = current;
    decided.current = [];
  };
  if (!held) show();
  const shown = settled(kept.current, decided.current, current);
  return {
    shown,
    current,
    fresh: unseen(shown, current),
    /** Shows all there is, in its order, from the next drawing on. */
    show,
    /** What these have become is shown as it comes in. */
    settle(ids: readonly string[]): void {
      decided.current = [...decided.current, ...ids];
    },
  };
}
