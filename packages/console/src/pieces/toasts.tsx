import { createContext, type ReactNode, useCallback, useContext, useState } from 'react';

interface Toast {
  readonly key: number;
  readonly content: ReactNode;
}

const ToastContext = createContext<((content: ReactNode) => void) | undefined>(undefined);

const SHOWN_MS = 8_000;
const SHOWN_MAX = 3;
let made = 0;

/** Tells what came of what was just done, in passing: nothing stands here alone that must not be missed. */
export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const tell = useCallback((content: ReactNode) => {
    made += 1;
    const toast = { key: made, content };
    setToasts((before) => [...before, toast].slice(-SHOWN_MAX));
    setTimeout(() => setToasts((before) => before.filter(({ key }) => key !== toast.key)), SHOWN_MS);
  }, []);
  return (
    <ToastContext value={tell}>
      {children}
      <ol className="toasts" aria-live="polite">
        {toasts.map(({ key, content }) => (
          <li key={key}>{content}</li>
        ))}
      </ol>
    </ToastContext>
  );
}

export function useToast(): (content: ReactNode) => void {
  const tell = useContext(ToastContext);
  if (!tell) throw new Error('no toasts around');
  return tell;
}
