import type { Approval } from '@holdpoint/shared/domain/approval';
import { missingRequirements } from '@holdpoint/shared/domain/quorum';
import { type Html, html, type Shown } from './html.ts';
import { shownArgs } from './shown-args.ts';
import { timeLeft } from './time-left.ts';
import { type UnknownOutcomes, unknownOutcomes } from './unknown-outcomes.ts';
import { isOwnRequest, isSaidToBenefit, refuseVoter, type Voter } from './voter.ts';

export interface ConsoleEntry {
  readonly approval: Approval;
  readonly requester: string;
}

export interface ConsolePage {
  readonly person: Voter & { readonly name: string; readonly tenant: string };
  readonly csrf: string;
  readonly entries: readonly ConsoleEntry[];
  /** The cursor of the next page. */
  readonly next?: string | undefined;
  readonly unknown: UnknownOutcomes;
  /** What came of what was just done. */
  readonly notice?: Notice | undefined;
  readonly nowMs: number;
}

export interface Notice {
  readonly tone: 'good' | 'bad';
  readonly text: string;
}

/** What waits for a person, with a form to decide each that this person may decide, and what is to be settled. Works without scripts. */
export function consolePage(page: ConsolePage): string {
  const { person, csrf, entries, next, notice } = page;
  const count = next === undefined ? String(entries.length) : `${entries.length} newest`;
  return document(
    'Approvals',
    html`
    <header>
      <h1>Approvals <span class="quiet">of ${person.tenant}</span></h1>
      <form method="post" action="/console/sign-out">
        <input type="hidden" name="csrf" value="${csrf}">
        <span>Signed in as <strong>${person.name}</strong></span>
        <button class="plain">Sign out</button>
      </form>
    </header>
    <main>
      ${noticeOf(notice)}
      <p id="news" role="status" hidden>Something has changed. <a href="/">Show what waits now</a></p>
      <h2>${entries.length === 0 ? 'Nothing waits for a decision' : `Waiting for a decision (${count})`}</h2>
      ${entries.map((entry) => entryOf(entry, page))}
      ${next !== undefined && html`<nav aria-label="Pages"><a href="/?cursor=${next}">Older ones</a></nav>`}
      ${unknownOutcomes(page.unknown)}
    </main>`,
  );
}

export function signInPage(notice?: Notice): string {
  return document(
    'Sign in',
    html`
    <main class="narrow">
      <h1>Approvals</h1>
      ${noticeOf(notice)}
      <form method="post" action="/console/sign-in">
        <label for="token">Your token (JWT)</label>
        <textarea id="token" name="token" rows="6" required autocomplete="off" spellcheck="false"></textarea>
        <button>Sign in</button>
      </form>
    </main>`,
  );
}

function noticeOf(notice: Notice | undefined): Shown {
  return (
    notice &&
    html`<p class="notice ${notice.tone}" role="${notice.tone === 'bad' ? 'alert' : 'status'}">${notice.text}</p>`
  );
}

function document(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${title} · Holdpoint</title>
    <link rel="stylesheet" href="/console/console.css">
    <script src="/console/console.js" defer></script>
  </head>
  <body>${body}</body>
</html>
`.markup;
}

function entryOf(entry: ConsoleEntry, page: ConsolePage): Html {
  const { approval } = entry;
  const { id } = approval;
  const what = approval.tool === null ? (approval.subject ?? 'A request') : `${approval.connector}.${approval.tool}`;
  return html`
      <article aria-labelledby="what-${id}" class="urgency-${approval.urgency}">
        <h3 id="what-${id}">${what}</h3>
        <p class="why">${approval.reason}</p>
        ${approval.mode === 'alongside' && html`<p class="quiet">It runs at once: this review is recorded and stops nothing.</p>`}
        <dl>${factsOf(approval, page.nowMs).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
        ${argsOf(approval)}
        ${votesOf(approval)}
        ${decisionOf(entry, page)}
      </article>`;
}

function factsOf(approval: Approval, nowMs: number): [string, Shown][] {
  const { agent, on_behalf_of, value, risk, urgency, entity_key, subject, tool, expires_at, plan_id } = approval;
  const facts: [string, Shown][] = [
    ['Asked by', `operator ${approval.operator}`],
    ['Agent', agent],
    ['On behalf of', on_behalf_of && html`${on_behalf_of} <span class="quiet">(as the operator says)</span>`],
    ['About', tool === null ? null : subject],
    ['Value', value],
    ['Entity', entity_key],
    ['Plan', plan_id],
    ['Risk', risk && html`<span class="risk-${risk}">${risk}</span>`],
    ['Urgency', urgency],
    [
      'Time left',
      html`<time datetime="${expires_at}" data-expires="${expires_at}">${timeLeft(Date.parse(expires_at), nowMs)}</time>`,
    ],
  ];
  return facts.filter(([, shown]) => shown !== null && shown !== '');
}

function argsOf({ args, tool }: Approval): Shown {
  const { rows, leftOut } = shownArgs(args);
  if (rows.length === 0) return tool !== null && html`<p class="quiet">Without arguments.</p>`;
  return html`
        <table>
          <caption>Arguments</caption>
          <thead><tr><th scope="col">Name</th><th scope="col">Value</th></tr></thead>
          <tbody>${rows.map(({ path, value }) => html`<tr><th scope="row">${path}</th><td><bdi>${value}</bdi></td></tr>`)}</tbody>
        </table>
        ${leftOut > 0 && html`<p class="notice bad">${leftOut} more arguments are not shown here: read them in the API before you decide.</p>`}`;
}

function votesOf({ requirements, votes }: Approval): Html {
  const consents = votes
    .filter(({ vote }) => vote === 'approve')
    .map(({ principal, audience }) => ({ principal, audiences: [audience] }));
  const missing = new Map(
    missingRequirements(requirements, consents).map(({ audience, quorum }) => [audience, quorum]),
  );
  const places = requirements.map(
    ({ audience, quorum }) => html`<li>${audience}: ${quorum - (missing.get(audience) ?? 0)} of ${quorum}</li>`,
  );
  const cast = votes.map(
    ({ principal, vote, audience, comment }) =>
      html`<li>${principal} (${audience}): ${vote}${comment !== null && html` — <q>${comment}</q>`}</li>`,
  );
  return html`
        <h4>Needed</h4>
        <ul>${places}</ul>
        ${cast.length > 0 && html`<h4>Votes so far</h4><ul>${cast}</ul>`}`;
}

function decisionOf({ approval, requester }: ConsoleEntry, { person, csrf }: ConsolePage): Html {
  const { id, votes } = approval;
  const question = { ...approval, requester };
  const own = votes.find(({ principal }) => principal === person.principal);
  if (own) return html`<p class="quiet">You have voted: ${own.vote}.</p>`;
  const noApproval = refuseVoter(question, person, 'approve', 'a reason');
  const noDenial = refuseVoter(question, person, 'deny', 'a reason');
  if (noDenial) return html`<p class="quiet">You cannot decide this: ${noDenial.message}.</p>`;
  const ownRequest = isOwnRequest(question, person) || isSaidToBenefit(question, person);
  return html`
        <div class="decide">
          ${
            noApproval
              ? html`<p class="quiet">You cannot approve this: ${noApproval.message}.</p>`
              : html`<form method="post" action="/console/approvals/${id}/approve">
            <input type="hidden" name="csrf" value="${csrf}">
            <label for="comment-${id}">${ownRequest ? 'Why you approve your own request' : 'Comment (optional)'}</label>
            <input id="comment-${id}" name="comment" maxlength="2048" autocomplete="off" ${ownRequest && html`required`}>
            <button aria-describedby="what-${id}">Approve</button>
          </form>`
          }
          <form method="post" action="/console/approvals/${id}/deny">
            <input type="hidden" name="csrf" value="${csrf}">
            <label for="reason-${id}">Reason to deny</label>
            <input id="reason-${id}" name="reason" maxlength="2048" autocomplete="off" required>
            <button class="deny" aria-describedby="what-${id}">Deny</button>
          </form>
        </div>`;
}
