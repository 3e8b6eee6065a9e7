import { html } from './html.ts';
import type { NoticeText } from './notice-text.ts';

export interface EmailMessage {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Its only link is the card's: what follows links in mails opens a page, and decides nothing. */
export function emailMessage({ title, facts, link }: NoticeText): EmailMessage {
  const lines = facts.map(({ label, text }) => `${label}: ${text}`);
  return {
    // One line, whatever stands in it.
    subject: title.replace(/\s+/g, ' '),
    text: [title, '', ...lines, '', `Decide here: ${link}`, ''].join('\n'),
    html: html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>
<body><h1>${title}</h1>
<table>${facts.map(({ label, text }) => html`<tr><th align="left" valign="top">${label}</th><td>${text}</td></tr>\n`)}</table>
<p><a href="${link}">Open the card</a></p></body></html>
`.markup,
  };
}
