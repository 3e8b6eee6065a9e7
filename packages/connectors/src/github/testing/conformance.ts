import { defineConformance, type StandIn } from '@holdpoint/conformance/spec';
import { startGithub, TOKEN } from './stand-in.ts';
import { HEAD_SHA, OWNER, REPO } from './world.ts';

const repository = { owner: OWNER, repo: REPO };
const issue = { ...repository, number: 1 };
const pull = { ...repository, number: 2 };
const absent = { ...repository, number: 404 };

export const conformance = defineConformance({
  start,
  tools: {
    'issues.read': {
      args: issue,
      invalid: [
        { ...issue, number: 0 },
        { ...issue, owner: 'a/b' },
      ],
      rejected: absent,
    },
    'pulls.read': { args: pull, invalid: [{ ...pull, repo: '..' }], rejected: issue },
    'issues.create': {
      args: { ...repository, title: 'It does not start', body: 'Since Monday.', labels: ['bug'], assignees: [] },
      invalid: [{ ...repository, title: '' }],
      rejected: { owner: 'nobody', repo: 'nothing', title: 'x', body: '', labels: [], assignees: [] },
    },
    'issues.update': {
      setsState: true,
      args: { ...issue, title: 'Found two bugs', state: 'closed' },
      invalid: [issue, { ...issue, state: 'gone' }],
      rejected: { ...absent, title: 'x' },
    },
    'issues.label': {
      setsState: true,
      args: { ...issue, labels: ['help'] },
      invalid: [{ ...issue, labels: [] }],
      rejected: { ...absent, labels: ['x'] },
    },
    'issues.unlabel': {
      setsState: true,
      args: { ...issue, label: 'bug' },
      invalid: [issue],
      rejected: { ...absent, label: 'bug' },
    },
    'issues.comment': {
      args: { ...issue, body: 'Me too.' },
      invalid: [{ ...issue, body: '' }],
      rejected: { ...absent, body: 'x' },
    },
    'issues.assign': {
      setsState: true,
      args: { ...issue, assignees: ['hubot'] },
      invalid: [{ ...issue, assignees: [] }],
      rejected: { ...issue, assignees: ['stranger'] },
    },
    'pulls.merge': {
      args: { ...pull, sha: HEAD_SHA, method: 'squash' },
      invalid: [pull, { ...pull, sha: HEAD_SHA.slice(0, 7) }],
      rejected: { ...pull, sha: HEAD_SHA.replace('6', '7'), method: 'squash' },
    },
    'pulls.close': { setsState: true, args: pull, invalid: [{ ...pull, number: -1 }], rejected: absent },
  },
});

async function start(): Promise<StandIn> {
  const github = await startGithub();
  return {
    config: { baseUrl: github.url },
    credentials: { token: TOKEN },
    fault: github.fault,
    heard: github.heard,
    close: github.close,
    applied(tool, args) {
      const effect = effectOf(tool, args);
      return github.world.effects.filter((one) => one === effect).length;
    },
  };
}

function effectOf(tool: string, args: Readonly<Record<string, unknown>>): string | undefined {
  const first = (name: string) => String((args[name] as unknown[])[0]);
  switch (tool) {
    case 'issues.create':
      return `create ${args.title}`;
    case 'issues.update':
      return `update ${args.number} ${JSON.stringify({ title: args.title, state: args.state })}`;
    case 'issues.label':
      return `label ${args.number} ${first('labels')}`;
    case 'issues.unlabel':
      return `unlabel ${args.number} ${args.label}`;
    case 'issues.comment':
      return `comment ${args.number} ${args.body}`;
    case 'issues.assign':
      return `assign ${args.number} ${first('assignees')}`;
    case 'pulls.merge':
      return `merge ${args.number} ${args.sha}`;
    case 'pulls.close':
      return `update ${args.number} {"state":"closed"}`;
    default:
      return undefined;
  }
}
