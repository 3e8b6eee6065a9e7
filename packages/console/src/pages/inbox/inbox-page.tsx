import type { Approval } from '@holdpoint/shared/domain/approval';
import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useApi } from '../../api/api-context.tsx';
import { DecideDialog } from '../../approvals/decide-dialog.tsx';
import { type Cast, useDeeds } from '../../approvals/deeds.ts';
import { approvalKey } from '../../approvals/keys.ts';
import { SayDialog } from '../../approvals/say-dialog.tsx';
import { isForMe } from '../../approvals/standing.ts';
import { whatOn } from '../../approvals/words.ts';
import { useKeys } from '../../keys/use-keys.ts';
import { EmptyState } from '../../pieces/empty-state.tsx';
import { ErrorNote } from '../../pieces/error-note.tsx';
import { Loading } from '../../pieces/loading.tsx';
import { PageHead } from '../../pieces/page-head.tsx';
import { useToast } from '../../pieces/toasts.tsx';
import { changeQuery } from '../../router/location.ts';
import { useSession } from '../../session/session.tsx';
import { passes, SECTIONS, type Section } from './arrange.ts';
import { Entry } from './entry.tsx';
import { Filters, useFilter } from './filters.tsx';
import { useArrangement } from './use-arrangement.ts';
import { useListFocus } from './use-list-focus.ts';
import { usePending } from './use-pending.ts';
import './inbox.css';
import '../../approvals/approvals.css';

const TITLES = { mine: 'Waiting for you', others: 'Waiting for others' } as const satisfies Record<Section, string>;

type Open =
  | { readonly kind: Cast; readonly approvals: readonly Approval[] }
  | { readonly kind: 'comment'; readonly approval: Approval };

export function InboxPage() {
  const { data: approvals, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = usePending();
  if (error && !approvals)
    return <ErrorNote error={error} what="The inbox cannot be shown" retry={() => void refetch()} />;
  if (!approvals) return <Loading what="Looking what waits" />;
  return (
    <Inbox
      approvals={approvals}
      older={hasNextPage && !isFetchingNextPage ? () => void fetchNextPage() : undefined}
      stale={error ?? undefined}
    />
  );
}

function Inbox({
  approvals,
  older,
  stale,
}: {
  readonly approvals: readonly Approval[];
  readonly older: (() => void) | undefined;
  readonly stale: Error | undefined;
}) {
  const filter = useFilter();
  const { person } = useSession();
  const [api, queries, deeds, toast] = [useApi(), useQueryClient(), useDeeds(), useToast()];
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [open, setOpen] = useState<Open>();
  const [busyWith, setBusyWith] = useState<{ readonly pointer: boolean; readonly focus: boolean }>(FREE);
  const list = useRef<HTMLDivElement>(null);
  const focus = useListFocus(list);
  const passing = approvals.filter((approval) => passes(approval, filter));
  const held = busyWith.pointer || busyWith.focus || open !== undefined;
  const { shown, current, fresh, show, settle } = useArrangement(passing, held);
  const waiting = new Map(approvals.map((approval) => [approval.id, approval]));
  /** Also of what waits no more. */
  const find = (id: string | undefined): Approval | undefined =>
    id === undefined ? undefined : (waiting.get(id) ?? queries.getQueryData<Approval>(approvalKey(id)));
  const forMe = (approval: Approval | undefined): approval is Approval =>
    approval !== undefined && isForMe(approval, person, api.now());

  const chosen = (): Approval[] => {
    const ids = selected.size > 0 ? [...selected] : [focus.current()];
    return ids.map(find).filter(forMe);
  };
  const decide = (kind: Cast): false | undefined => {
    const of = chosen();
    if (of.length === 0) return false;
    setOpen({ kind, approvals: of });
    return undefined;
  };
  const select = (id: string): void =>
    setSelected((before) => new Set(before.has(id) ? [...before].filter((one) => one !== id) : [...before, id]));
  const showFresh = (): void => {
    show();
    setBusyWith(FREE);
  };
  const [from, setFrom] = useState<string>();
  const closed = (decided: readonly string[]): void => {
    setOpen(undefined);
    if (decided.length === 0) return;
    setSelected(new Set([...selected].filter((id) => !decided.includes(id))));
    focus.afterwards(from, decided);
    settle(decided);
  };
  const ask = (next: () => unknown): unknown => {
    setFrom(focus.current());
    return next();
  };

  useKeys({
    j: () => focus.step(1),
    k: () => focus.step(-1),
    x: () => {
      const at = find(focus.current());
      return forMe(at) ? select(at.id) : false;
    },
    a: () => ask(() => decide('approve')),
    d: () => ask(() => decide('deny')),
    c: () => {
      const at = find(focus.current());
      return at ? setOpen({ kind: 'comment', approval: at }) : false;
    },
    u: () => {
      const at = find(focus.current());
      if (!at?.votes.some(({ principal }) => principal === person.principal)) return false;
      deeds.withdraw(at.id).then(
        () => toast(<>Your vote on {whatOn(at)} is taken back.</>),
        (error: Error) => toast(<>Not taken back: {error.message}</>),
      );
      return undefined;
    },
    n: showFresh,
    Escape: () => (selected.size > 0 ? setSelected(new Set()) : false),
  });

  const filtered = filter.audience !== '' || filter.urgency !== '' || filter.operator !== '';
  return (
    <>
      <PageHead title="Inbox" tab={current.mine.length > 0 ? `(${current.mine.length}) Inbox` : 'Inbox'}>
        <Filters filter={filter} approvals={approvals} />
      </PageHead>
      {stale && <ErrorNote error={stale} what="What follows may be out of date" />}
      <p className="unseen" role="status">
        {current.mine.length === 1 ? 'One request waits for you' : `${current.mine.length} requests wait for you`}
      </p>
      <p className="fresh" role="status">
        {fresh > 0 && (
          <button type="button" className="button" onClick={showFresh}>
            {fresh === 1 ? '1 new request' : `${fresh} new requests`} <kbd>n</kbd>
          </button>
        )}
      </p>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: nothing is done here but to notice that somebody is. */}
      <div
        ref={list}
        onPointerEnter={() => setBusyWith({ ...busyWith, pointer: true })}
        onPointerLeave={() => setBusyWith({ ...busyWith, pointer: false })}
        onFocus={() => setBusyWith((before) => (before.focus ? before : { ...before, focus: true }))}
        onBlur={({ currentTarget, relatedTarget }) => {
          if (!currentTarget.contains(relatedTarget)) setBusyWith((before) => ({ ...before, focus: false }));
        }}
      >
        {SECTIONS.map((section) => (
          <section key={section} className="inbox-section" aria-labelledby={`inbox-${section}`}>
            {(section === 'mine' || shown.others.length > 0) && (
              <h2 id={`inbox-${section}`}>
                {TITLES[section]} <span className="quiet">{shown[section].length}</span>
              </h2>
            )}
            {section === 'mine' && shown.mine.length === 0 && <NothingWaits filtered={filtered} />}
            <ul className="entries">
              {shown[section].map((id) => {
                const approval = find(id);
                return (
                  approval && (
                    <Entry
                      key={id}
                      approval={approval}
                      waits={waiting.has(id)}
                      selectable={section === 'mine'}
                      selected={selected.has(id)}
                      select={() => select(id)}
                    />
                  )
                );
              })}
            </ul>
          </section>
        ))}
      </div>
      {older && (
        <button type="button" className="button" onClick={older}>
          Show older ones
        </button>
      )}
      {selected.size > 0 && (
        <fieldset className="batch">
          <legend className="unseen">What is selected</legend>
          <strong>{selected.size} selected</strong>
          <button type="button" className="button primary" onClick={() => decide('approve')}>
            Approve <kbd>a</kbd>
          </button>
          <button type="button" className="button deny" onClick={() => decide('deny')}>
            Deny <kbd>d</kbd>
          </button>
          <button type="button" className="button plain" onClick={() => setSelected(new Set())}>
            Select none
          </button>
        </fieldset>
      )}
      {open && open.kind !== 'comment' && <DecideDialog cast={open.kind} approvals={open.approvals} close={closed} />}
      {open?.kind === 'comment' && (
        <SayDialog
          title={`Comment on ${whatOn(open.approval)}`}
          label="Comment"
          word="Comment"
          send={async (said) => {
            await deeds.comment(open.approval.id, said);
            toast(<>Your comment on {whatOn(open.approval)} is there.</>);
          }}
          close={() => setOpen(undefined)}
        />
      )}
    </>
  );
}

const FREE = { pointer: false, focus: false } as const;

function NothingWaits({ filtered }: { readonly filtered: boolean }) {
  if (!filtered) return <EmptyState title="Nothing waits for you">New requests appear here by themselves.</EmptyState>;
  return (
    <div className="stack">
      <EmptyState title="Nothing waits for you that passes these filters" />
      <button type="button" className="button" onClick={() => changeQuery({ audience: '', urgency: '', operator: '' })}>
        Show everything
      </button>
    </div>
  );
}
