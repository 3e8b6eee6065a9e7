import type { Flow } from '@holdpoint/shared/domain/flow';
import { durationText } from '../../pieces/duration.ts';
import { type EdgeId, edgeWidth, gaugeText, type Passing, rateText } from './flow-model.ts';

type Tone = 'quiet' | 'allow' | 'alert' | 'block' | 'accent';

interface Way {
  readonly edge: EdgeId;
  readonly path: string;
  /** Where its rate stands. */
  readonly at: readonly [x: number, y: number];
  readonly tone: Tone;
}

const WIDTH = 1040;
const HEIGHT = 380;
const BOX = { width: 112, height: 64 };

const WAYS: readonly Way[] = [
  { edge: 'events', path: 'M122 172H178', at: [150, 160], tone: 'quiet' },
  { edge: 'plans', path: 'M290 172H346', at: [318, 160], tone: 'quiet' },
  { edge: 'allow', path: 'M402 140C402 60 450 52 600 52', at: [480, 40], tone: 'allow' },
  { edge: 'alert', path: 'M458 172H526', at: [492, 160], tone: 'alert' },
  { edge: 'block', path: 'M402 204C402 300 450 312 526 312', at: [376, 256], tone: 'block' },
  { edge: 'granted', path: 'M619 140V84', at: [652, 117], tone: 'allow' },
  { edge: 'refused', path: 'M582 204V280', at: [552, 247], tone: 'block' },
  { edge: 'begun', path: 'M712 52H776', at: [744, 40], tone: 'accent' },
  { edge: 'applied', path: 'M888 52H946', at: [917, 40], tone: 'allow' },
  { edge: 'failed', path: 'M846 84C846 160 870 172 930 172', at: [894, 152], tone: 'block' },
  { edge: 'unknown', path: 'M816 84C816 300 850 312 930 312', at: [790, 230], tone: 'alert' },
];

interface Box {
  readonly x: number;
  readonly y: number;
  readonly title: string;
  readonly tone: Tone;
  readonly lines: (flow: Flow) => readonly (string | null)[];
  readonly width?: number;
}

const age = (seconds: number): string => durationText(seconds * 1000, 1);

const BOXES: readonly Box[] = [
  { x: 10, y: 140, title: 'Webhooks', tone: 'quiet', lines: () => ['accepted'] },
  { x: 178, y: 140, title: 'Plans', tone: 'quiet', lines: () => ['of operators'] },
  {
    x: 346,
    y: 140,
    title: 'Decisions',
    tone: 'accent',
    lines: ({ waiting }) => [waiting.rescore.count > 0 ? `${gaugeText(waiting.rescore)} to score again` : 'by policy'],
  },
  {
    x: 526,
    y: 140,
    title: 'Approvals',
    tone: 'alert',
    lines: ({ waiting, oldest_approval: oldest }) => [
      `${gaugeText(waiting.approvals)} wait`,
      oldest && `oldest ${age(oldest.age_seconds)}`,
    ],
  },
  {
    x: 600,
    y: 20,
    title: 'Lanes',
    tone: 'accent',
    lines: ({ waiting, oldest_head: head }) => [
      `${gaugeText(waiting.queued)} queued`,
      head && `oldest ${age(head.age_seconds)}`,
    ],
  },
  {
    x: 776,
    y: 20,
    title: 'Effects',
    tone: 'accent',
    lines: ({ waiting }) => [`${gaugeText(waiting.running)} running`],
  },
  { x: 946, y: 20, title: 'Applied', tone: 'allow', lines: () => ['once'], width: 88 },
  { x: 930, y: 140, title: 'Failed', tone: 'block', lines: () => [null], width: 104 },
  {
    x: 930,
    y: 280,
    title: 'Unknown',
    tone: 'alert',
    lines: ({ waiting }) => [`${gaugeText(waiting.indeterminate)} to settle`],
    width: 104,
  },
  { x: 526, y: 280, title: 'Not done', tone: 'block', lines: () => ['blocked, denied'] },
];

/** The way of all work, and what passes over it now. The same stands beside it in words. */
export function FlowPicture({
  flow,
  passing,
  label,
}: {
  readonly flow: Flow;
  readonly passing: Readonly<Record<EdgeId, Passing>>;
  readonly label: string;
}) {
  return (
    <svg className="flow-picture" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {WAYS.map(({ edge, path, tone }) => {
        const { perSecond } = passing[edge];
        return (
          <path
            key={edge}
            d={path}
            className={`flow-way tone-${tone} ${perSecond > 0 ? 'flows' : ''}`}
            strokeWidth={edgeWidth(perSecond)}
          />
        );
      })}
      {WAYS.map(({ edge, at: [x, y], tone }) => (
        <text key={edge} x={x} y={y} className={`flow-rate tone-${passing[edge].perSecond > 0 ? tone : 'quiet'}`}>
          {rateText(passing[edge].perSecond)}
        </text>
      ))}
      {BOXES.map((box) => (
        <FlowBox key={box.title} box={box} flow={flow} />
      ))}
    </svg>
  );
}

function FlowBox({
  box: { x, y, title, tone, lines, width = BOX.width },
  flow,
}: {
  readonly box: Box;
  readonly flow: Flow;
}) {
  const shown = lines(flow).filter((line) => line !== null);
  const middle = x + width / 2;
  const top = y + (shown.length === 0 ? 38 : shown.length === 1 ? 28 : 22);
  return (
    <g>
      <rect x={x} y={y} width={width} height={BOX.height} rx="6" className={`flow-box tone-${tone}`} />
      <text x={middle} y={top} className="flow-title">
        {title}
      </text>
      {shown.map((line, index) => (
        <text key={line} x={middle} y={top + 18 + index * 15} className="flow-line">
          {line}
        </text>
      ))}
    </g>
  );
}
