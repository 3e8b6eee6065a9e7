import type { StandInRequest, StandInResponse } from '@holdpoint/conformance/http-stand-in';
import type { Described, Description } from './description.ts';
import { OWNER, REPO, type World, type WorldComment, type WorldIssue } from './world.ts';

type Json = Readonly<Record<string, unknown>>;
type Answer = (issue: WorldIssue, body: Json, request: StandInRequest, values: Described['values']) => StandInResponse;

const ISSUES = '/repos/{owner}/{repo}/issues';
const ISSUE = `${ISSUES}/{issue_number}`;
const PULL = '/repos/{owner}/{repo}/pulls/{pull_number}';

/** What GitHub does and answers, as https://docs.github.com/en/rest/issues and https://docs.github.com/en/rest/pulls say. */
export function answersOf(world: World, { sample }: Description) {
  const user = (login: string) => ({ ...sample('simple-user'), login });
  const labelsOf = (names: readonly string[]) => names.map((name) => ({ ...sample('label'), name }));
  const urlOf = ({ number, pull }: WorldIssue) =>
    `https://github.com/${OWNER}/${REPO}/${pull ? 'pull' : 'issues'}/${number}`;

  const fieldsOf = (issue: WorldIssue) => ({
    ...{ number: issue.number, title: issue.title, body: issue.body, state: issue.state },
    ...{ created_at: issue.created_at, updated_at: issue.updated_at },
    closed_at: issue.state === 'closed' ? issue.updated_at : null,
    user: user(issue.user),
    labels: labelsOf(issue.labels),
    assignees: issue.assignees.map(user),
    html_url: urlOf(issue),
    comments: issue.comments.length,
  });
  const issueBody = (issue: WorldIssue) => ({
    ...sample('issue'),
    ...fieldsOf(issue),
    state_reason: issue.state_reason,
    ...(issue.pull && { pull_request: { url: null, html_url: null, diff_url: null, patch_url: null } }),
  });
  const pullBody = (issue: WorldIssue) => {
    const { head, base, ...rest } = sample('pull-request') as { head: Json; base: Json };
    return {
      ...{
        ...rest,
        ...fieldsOf(issue),
        merged: issue.pull?.merged != null,
        merge_commit_sha: issue.pull?.merged ?? null,
      },
      head: { ...head, sha: issue.pull?.head, ref: 'new-feature' },
      base: { ...base, ref: 'main' },
    };
  };
  const commentBody = (issue: WorldIssue, comment: WorldComment) => ({
    ...sample('issue-comment'),
    ...comment,
    updated_at: comment.created_at,
    html_url: `${urlOf(issue)}#issuecomment-${comment.id}`,
  });

  function took(effect: string): void {
    world.effects.push(effect);
  }

  function change(issue: WorldIssue, body: Json): void {
    const changes = Object.entries(body).filter(([name, value]) => issue[name as keyof WorldIssue] !== value);
    if (changes.length === 0) return;
    Object.assign(issue, body, { updated_at: now() });
    took(`update ${issue.number} ${JSON.stringify(body)}`);
  }

  function add(issue: WorldIssue, what: 'label' | 'assign', to: string[], names: readonly string[]): void {
    for (const name of names) {
      if (to.some((one) => one.toLowerCase() === name.toLowerCase())) continue;
      to.push(name);
      issue.updated_at = now();
      took(`${what} ${issue.number} ${name}`);
    }
  }

  const answers: Readonly<Record<string, Answer>> = {
    [`GET ${ISSUE}`]: (issue) => ({ status: 200, body: issueBody(issue) }),
    [`PATCH ${ISSUE}`](issue, body) {
      change(issue, body);
      return { status: 200, body: issueBody(issue) };
    },
    [`GET ${ISSUE}/comments`](issue, _body, request) {
      const since = request.query.get('since') ?? '';
      const later = issue.comments.filter(({ created_at }) => created_at >= since);
      return page(request, later, (comment) => commentBody(issue, comment));
    },
    [`POST ${ISSUE}/comments`](issue, body) {
      const comment = { id: 1_000 + issue.comments.length, body: String(body.body), created_at: now() };
      issue.comments.push(comment);
      took(`comment ${issue.number} ${withoutMarker(comment.body)}`);
      return { status: 201, body: commentBody(issue, comment) };
    },
    [`POST ${ISSUE}/labels`](issue, body) {
      add(issue, 'label', issue.labels, body.labels as string[]);
      return { status: 200, body: labelsOf(issue.labels) };
    },
    [`DELETE ${ISSUE}/labels/{name}`](issue, _body, _request, { name = '' }) {
      const index = issue.labels.findIndex((one) => one.toLowerCase() === name.toLowerCase());
      if (index < 0) return refused(404, 'Label does not exist');
      issue.labels.splice(index, 1);
      took(`unlabel ${issue.number} ${name}`);
      return { status: 200, body: labelsOf(issue.labels) };
    },
    [`POST ${ISSUE}/assignees`](issue, body) {
      const asked = (body.assignees as string[]).filter((login) => world.assignable.includes(login));
      add(issue, 'assign', issue.assignees, asked);
      return { status: 201, body: issueBody(issue) };
    },
    [`GET ${PULL}`]: (issue) => ({ status: 200, body: pullBody(issue) }),
    [`PATCH ${PULL}`](issue, body) {
      change(issue, body);
      return { status: 200, body: pullBody(issue) };
    },
    [`PUT ${PULL}/merge`](issue, { sha }) {
      const { pull } = issue;
      if (!pull || pull.merged || issue.state === 'closed') return refused(405, 'Pull Request is not mergeable');
      if (sha !== pull.head) return refused(409, 'Head branch was modified. Review and try the merge again.');
      pull.merged = 'e5bd3914e2e596debea16f433f57875b5b90bcd6';
      Object.assign(issue, { state: 'closed', updated_at: now() });
      took(`merge ${issue.number} ${sha}`);
      return { status: 200, body: { sha: pull.merged, merged: true, message: 'Pull Request successfully merged' } };
    },
  };

  function create({ title, body, labels, assignees }: Json): StandInResponse {
    const at = { created_at: now(), updated_at: now() };
    const given = { title: String(title), body: String(body), labels: labels as string[] };
    const issue: WorldIssue = {
      ...{ ...at, ...given, number: world.issues.length + 1, user: 'octocat', state: 'open', state_reason: null },
      assignees: (assignees as string[]).filter((login) => world.assignable.includes(login)),
      comments: [],
    };
    world.issues.push(issue);
    took(`create ${issue.title}`);
    return { status: 201, body: issueBody(issue) };
  }

  return (described: Described, request: StandInRequest): StandInResponse => {
    const operation = `${described.method} ${described.path}`;
    const body = request.body === '' ? {} : (JSON.parse(request.body) as Json);
    if (operation === `POST ${ISSUES}`) return create(body);
    if (operation === `GET ${ISSUES}`) {
      const since = request.query.get('since') ?? '';
      const newest = world.issues.filter(({ updated_at }) => updated_at >= since).reverse();
      return page(request, newest, issueBody);
    }
    const { issue_number, pull_number } = described.values;
    const number = Number(issue_number ?? pull_number);
    const issue = world.issues.find((one) => one.number === number && (pull_number === undefined || one.pull));
    const answer = answers[operation];
    return issue && answer ? answer(issue, body, request, described.values) : refused(404, 'Not Found');
  };
}

function page<Thing>(
  { query, path }: StandInRequest,
  things: readonly Thing[],
  bodyOf: (thing: Thing) => unknown,
): StandInResponse {
  const [size, number] = [Number(query.get('per_page') ?? 30), Number(query.get('page') ?? 1)];
  const more = things.length > size * number;
  return {
    status: 200,
    headers: more ? { link: `<https://api.github.com${path}?page=${number + 1}>; rel="next"` } : {},
    body: things.slice(size * (number - 1), size * number).map(bodyOf),
  };
}

const withoutMarker = (text: string): string => text.replace(/\s*<!--.*-->$/, '');
const now = (): string => new Date().toISOString();
const refused = (status: number, message: string): StandInResponse => ({
  status,
  body: { message, documentation_url: 'https://docs.github.com/rest' },
});
