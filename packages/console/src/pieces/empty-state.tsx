import type { ReactNode } from 'react';

/** Nothing is there: why, and what would bring something. */
export function EmptyState({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="empty">
      <p>
        <strong>{title}</strong>
      </p>
      {children && <p className="quiet">{children}</p>}
    </div>
  );
}
