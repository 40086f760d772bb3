// The texts of Teams as nodes: the Markdown of Adaptive Cards, and the HTML of messages.
// Nothing of it becomes HTML of this page: what is not known here is shown as its text.
import { h } from './dom.js';
import { place } from './teamsnames.js';

// safe lets only web and mail addresses be followed; elsewhere gives null.
export function safe(url) {
  try {
    const u = new URL(url);
    return ['http:', 'https:', 'mailto:'].includes(u.protocol) ? u.href : null;
  } catch { return null; }
}

// link is an address that can be followed; one of a message here stays in the page.
export function link(url, ...label) {
  const href = safe(url);
  if (!href) return h('span', {}, ...label);
  const at = place(href);
  return at ? h('a', { href: `/l/message/${encodeURIComponent(at.channel)}/${at.message}`, dataset: { teams: JSON.stringify(at) } }, ...label) :
    h('a', { href, rel: 'noreferrer noopener', target: '_blank' }, ...label);
}

// follow opens an address as a link does.
export function follow(url) {
  const href = safe(url);
  const at = href && place(href);
  if (at) import('./teams.js').then((t) => t.openThread(at.channel, at.thread));
  else if (href) window.open(href, '_blank', 'noopener,noreferrer');
}

// chip is a mention.
export const chip = (name, me) => h('span', { class: me ? 't-at me' : 't-at' }, name);

const dates = { COMPACT: { dateStyle: 'short' }, SHORT: { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' }, LONG: { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' } };

// localised replaces the functions DATE and TIME by the reader's own.
// Source: learn.microsoft.com/adaptive-cards/authoring-cards/text-features, read 2026-11.
export function localised(text) {
  return text.replace(/\{\{(DATE|TIME)\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d))(?:,\s*(COMPACT|SHORT|LONG))?\)\}\}/g, (all, what, at, style) => {
    const d = new Date(at);
    return what === 'TIME' ? d.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' }) : d.toLocaleDateString('en-GB', dates[style || 'COMPACT']);
  });
}

const tokens = /\[((?:[^\]\\]|\\.)*)\]\(([^()\s]+)\)|<at>([^<]*)<\/at>|\*\*(?=\S)(.+?\S|\S)\*\*|(?<!\w)_(?=\S)(.+?\S|\S)_(?!\w)|\*(?=[^\s*])(.+?[^\s*]|[^\s*])\*|\\([\\`*_{}[\]()#+\-.!>~])/g;

// inline gives the nodes of one line of Markdown; mention gives those of <at>…</at>.
function inline(text, mention) {
  const out = [];
  let last = 0;
  for (const m of text.matchAll(tokens)) {
    if (m.index > last) out.push(text.slice(last, m.index));
    last = m.index + m[0].length;
    if (m[1] !== undefined) out.push(link(m[2], inline(m[1], mention)));
    else if (m[3] !== undefined) out.push(mention ? mention(m[0]) : m[3]);
    else if (m[4] !== undefined) out.push(h('strong', {}, inline(m[4], mention)));
    else if (m[5] !== undefined || m[6] !== undefined) out.push(h('em', {}, inline(m[5] ?? m[6], mention)));
    else out.push(m[7]);
  }
  if (last < text.length) out.push(text.slice(last));
  return out.flat();
}

// cardMarkdown gives the nodes of a TextBlock's text: bold, italic, links and lists.
export function cardMarkdown(text, mention) {
  const out = [];
  let list = null;
  for (const line of localised(text).split(/\r?\n/)) {
    const item = /^\s*(?:[-*+]|(\d+)\.)\s+(.*)$/.exec(line);
    if (item) {
      const tag = item[1] ? 'ol' : 'ul';
      if (list?.tagName.toLowerCase() !== tag) out.push(list = h(tag, { start: item[1] }));
      list.append(h('li', {}, inline(item[2], mention)));
      continue;
    }
    if (!list && out.length) out.push(h('br'));
    list = null;
    out.push(...inline(line, mention));
  }
  return out;
}

const plain = new Set(['B', 'STRONG', 'I', 'EM', 'U', 'S', 'STRIKE', 'DEL', 'BR', 'P', 'DIV', 'SPAN', 'PRE', 'CODE', 'BLOCKQUOTE', 'UL', 'OL', 'LI', 'H1', 'H2', 'H3', 'HR']);
const silent = new Set(['SCRIPT', 'STYLE', 'TEMPLATE', 'IFRAME', 'OBJECT', 'ATTACHMENT', 'TITLE']);

// messageHTML gives the nodes of a message's HTML as far as Teams shows it. mention gives
// the nodes of the mention with an index and a name.
export function messageHTML(html, mention) {
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return [node.data];
    if (node.nodeType !== Node.ELEMENT_NODE || silent.has(node.tagName)) return [];
    const inner = () => [...node.childNodes].flatMap(walk);
    if (plain.has(node.tagName)) return [h(node.tagName.toLowerCase(), { start: node.tagName === 'OL' ? node.getAttribute('start') : undefined }, inner())];
    switch (node.tagName) {
      case 'A': return [link(node.getAttribute('href') || '', inner())];
      case 'AT': return [mention(Number(node.getAttribute('id') ?? -1), node.textContent)];
      case 'IMG': return [h('span', { class: 'muted' }, `🖼 ${node.getAttribute('alt') || 'picture'}`)];
      case 'EMOJI': return [node.getAttribute('alt') || node.textContent];
      default: return inner();
    }
  };
  return [...new DOMParser().parseFromString(html, 'text/html').body.childNodes].flatMap(walk);
}
