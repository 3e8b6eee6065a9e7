import { type ReactNode, useEffect, useRef } from 'react';

/**
 * A page's title, in the tab as well, with what can be done on the whole page. It takes the focus when the page is entered,
 * so that who hears the page hears where they are.
 */
export function PageHead({
  title,
  tab = title,
  about,
  children,
}: {
  readonly title: ReactNode;
  readonly tab?: ReactNode;
  readonly about?: ReactNode;
  readonly children?: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <header className="page-head">
      <title>{`${tab} · Holdpoint`}</title>
      <div>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {about && <p className="quiet">{about}</p>}
      </div>
      {children && <div className="page-head-actions">{children}</div>}
    </header>
  );
}
