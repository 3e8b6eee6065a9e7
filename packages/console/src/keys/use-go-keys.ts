import { useRef } from 'react';
import { navigate } from '../router/location.ts';
import { GO } from './key-table.ts';
import { useKeys } from './use-keys.ts';

const SECOND_KEY_MAX_MS = 1_500;

/** `g`, then where to. While the second key is awaited, it belongs to this alone. */
export function useGoKeys(showKeys: () => void): void {
  const pressedAt = useRef(Number.NEGATIVE_INFINITY);
  const awaited = (): boolean => performance.now() - pressedAt.current < SECOND_KEY_MAX_MS;
  const second = Object.entries(GO).map(([key, path]) => [
    key,
    () => {
      if (!awaited()) return false;
      pressedAt.current = Number.NEGATIVE_INFINITY;
      return navigate(path);
    },
  ]);
  const begin = (): void => {
    pressedAt.current = performance.now();
  };
  useKeys({ ...Object.fromEntries(second), g: begin, '?': showKeys }, { first: true });
}
