import type { Flow } from '@holdpoint/shared/domain/flow';
import type { Freeze } from '@holdpoint/shared/domain/freeze';
import type { Page } from '../../api/api.ts';
import { useBehind } from '../../api/use-behind.ts';
import { Answer } from '../../pieces/answer.tsx';
import { type Column, DataTable } from '../../pieces/data-table.tsx';
import { durationText } from '../../pieces/duration.ts';
import { Facts } from '../../pieces/facts.tsx';
import { PageHead } from '../../pieces/page-head.tsx';
import { Said } from '../../pieces/said.tsx';
import { Link } from '../../router/link.tsx';
import { changeQuery, usePlace } from '../../router/location.ts';
import type { PageProps } from '../../router/page-props.ts';
import { scopeWords } from '../freezes/scope-words.ts';
import { ConnectorsTable, whyWords } from './connectors-table.tsx';
import { EDGES, gaugeText, passing, rateText, WINDOW_WORDS } from './flow-model.ts';
import { FlowPicture } from './flow-picture.tsx';
import './flow.css';

const EVERY_MS = 1_500;
const FREEZES_EVERY_MS = 5_000;

/** How work stands and moves, now. */
export function FlowPage(_: PageProps) {
  const flow = useBehind<Flow>('executor', '/v1/flow', { everyMs: EVERY_MS });
  return (
    <>
      <PageHead title="Flow" about="What comes in, what is decided, what waits, what is done." />
      <div className="stack">
        <Stopped />
        <Answer query={flow} from="executor" what="The flow">
          {(found) => <Picture flow={found} />}
        </Answer>
        <h2>Connectors</h2>
        <ConnectorsTable />
      </div>
    </>
  );
}

/** What is frozen is seen before anything else: it is why nothing moves. */
function Stopped() {
  const { data } = useBehind<Page<Freeze>>('executor', '/v1/freezes', { everyMs: FREEZES_EVERY_MS });
  if (!data || data.items.length === 0) return null;
  return (
    <div className="note tone-block" role="status">
      {data.items.map((freeze) => (
        <p key={freeze.id}>
          <Link href="/freezes">
            <Said text={`Stopped: ${scopeWords(freeze)}`} />
          </Link>
          : <Said text={freeze.reason} />
        </p>
      ))}
    </div>
  );
}

function Picture({ flow }: { readonly flow: Flow }) {
  const { query } = usePlace();
  const asked = Number(query.get('window') ?? 60);
  const window = flow.windows.find(({ window_seconds: seconds }) => seconds === asked) ?? flow.windows[0];
  if (!window) return null;
  const passed = passing(window);
  const told = `Webhooks ${rateText(passed.events.perSecond)}, allowed ${rateText(passed.allow.perSecond)}, alerts ${rateText(passed.alert.perSecond)}, blocked ${rateText(passed.block.perSecond)}, applied ${rateText(passed.applied.perSecond)}. All of it stands in the table.`;
  return (
    <>
      <section className="panel stack" aria-label="The picture">
        <Windows flow={flow} chosen={window.window_seconds} />
        <FlowPicture flow={flow} passing={passed} label={told} />
        {window.seconds < window.window_seconds && (
          <p className="quiet small">
            Known so far: the last {durationText(window.seconds * 1000)}. Earlier is being counted.
          </p>
        )}
      </section>
      <Waiting flow={flow} />
      <details className="panel" open={globalThis.matchMedia('(max-width: 40rem)').matches}>
        <summary>In words</summary>
        <DataTable
          caption={`What passed in the last ${WINDOW_WORDS[window.window_seconds]}`}
          columns={COLUMNS}
          rows={EDGES.map(({ id, word }) => ({ word, ...passed[id] }))}
          keyOf={({ word }) => word}
        />
      </details>
    </>
  );
}

const COLUMNS: readonly Column<{ readonly word: string; readonly count: number; readonly perSecond: number }>[] = [
  { name: 'What', cell: ({ word }) => word },
  { name: 'How many', numeric: true, cell: ({ count }) => count.toLocaleString('en') },
  { name: 'Rate', numeric: true, cell: ({ perSecond }) => rateText(perSecond) },
];

function Windows({ flow, chosen }: { readonly flow: Flow; readonly chosen: number }) {
  return (
    <fieldset className="flow-windows">
      <legend>Rates over the last</legend>
      {flow.windows.map(({ window_seconds: seconds }) => (
        <label key={seconds}>
          <input
            type="radio"
            name="window"
            checked={seconds === chosen}
            onChange={() => changeQuery({ window: String(seconds) })}
          />
          {WINDOW_WORDS[seconds]}
        </label>
      ))}
    </fieldset>
  );
}

function Waiting({ flow: { waiting, oldest_head: head, oldest_approval: approval } }: { readonly flow: Flow }) {
  return (
    <section className="panel" aria-label="What waits">
      <Facts
        of={[
          ['Held for people', gaugeText(waiting.held)],
          ['Queued', gaugeText(waiting.queued)],
          ['Running', gaugeText(waiting.running)],
          ['To be scored again', gaugeText(waiting.rescore)],
          [
            'Outcome unknown',
            <Link key="unknown" href="/effects">
              {gaugeText(waiting.indeterminate)}
            </Link>,
          ],
          [
            'Oldest head of a lane',
            head && (
              <>
                <Link href={`/actions/${head.action_id}`}>{durationText(head.age_seconds * 1000)}</Link>,{' '}
                {whyWords(head.why)}
              </>
            ),
          ],
          [
            'Oldest approval',
            approval && <Link href={`/approvals/${approval.id}`}>{durationText(approval.age_seconds * 1000)}</Link>,
          ],
        ]}
      />
    </section>
  );
}
