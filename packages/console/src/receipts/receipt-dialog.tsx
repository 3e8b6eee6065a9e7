import type { Receipt } from '@holdpoint/shared/domain/receipt';
import type { ReactNode } from 'react';
import { CopyButton } from '../pieces/copy-button.tsx';
import { CopyableId } from '../pieces/copyable-id.tsx';
import { Dialog } from '../pieces/dialog.tsx';
import { Facts } from '../pieces/facts.tsx';
import { Said } from '../pieces/said.tsx';
import { Time } from '../pieces/time.tsx';
import { Link } from '../router/link.tsx';
import { KIND_WORDS } from './receipt-words.ts';

const said = (text: string | null): ReactNode => text && <Said text={text} />;
const idOf = (id: string | null, name: string): ReactNode => id && <CopyableId id={id} name={name} whole />;

/** All that a receipt says. */
export function ReceiptDialog({ receipt, close }: { readonly receipt: Receipt; readonly close: () => void }) {
  const { action, reasons, matched } = receipt;
  return (
    <Dialog title={`Receipt: ${KIND_WORDS[receipt.kind]}`} close={close}>
      <div className="stack">
        <Facts
          of={[
            ['Receipt', idOf(receipt.id, 'receipt')],
            ['At', <Time key="at" at={receipt.at} exact />],
            ['By', said(receipt.actor)],
            [
              'Action',
              action && (
                <Link href={`/actions/${action}`} onClick={close}>
                  its story
                </Link>
              ),
            ],
            ['Action id', idOf(action, 'action')],
            ['Plan', idOf(receipt.plan, 'plan')],
            ['Event', idOf(receipt.event, 'event')],
            ['Operator', said(receipt.operator)],
            ['Agent', said(receipt.agent)],
            ['On behalf of', said(receipt.on_behalf_of)],
            ['Tool', receipt.connector && `${receipt.connector}.${receipt.tool ?? '*'}`],
            ['Entity', said(receipt.entity_key)],
            ['Idempotency key', said(receipt.idempotency_key)],
            ['Decision', receipt.decision],
            ['Became', receipt.outcome],
            ['Attempt', receipt.attempt],
            ['Said', said(receipt.error)],
            ['Policies', matched && matched.length > 0 && <Said text={matched.join(', ')} />],
            ['Policy version', idOf(receipt.policy_version, 'policy version')],
            ['Digest', idOf(receipt.digest, 'digest')],
            ['Trace', idOf(receipt.trace_id, 'trace')],
          ]}
        />
        {reasons && reasons.length > 0 && (
          <ul className="stack">
            {reasons.map(({ code, policy, message }) => (
              <li key={`${code} ${policy ?? ''} ${message}`}>
                <code>{code}</code> {policy && <code>{policy}</code>} <Said text={message} />
              </li>
            ))}
          </ul>
        )}
        <div className="dialog-actions">
          <CopyButton text={() => JSON.stringify(receipt, null, 2)}>Copy as JSON</CopyButton>
          <button type="button" className="button primary" onClick={close}>
            Close
          </button>
        </div>
      </div>
    </Dialog>
  );
}
