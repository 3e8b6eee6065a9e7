import { type ReactNode, useId, useLayoutEffect, useRef } from 'react';

/** A question over the page: its first field has the focus, and who had it before gets it back. Escape closes it. */
export function Dialog({
  title,
  close,
  children,
}: {
  readonly title: ReactNode;
  readonly close: () => void;
  readonly children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      className="dialog"
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}
