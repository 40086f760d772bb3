// Slack's message text as nodes.
import { h } from './dom.js';
import { emoji, isEmoji } from './emoji.js';

// names gives people and channels by id; app.js fills it.
export const names = { user: (id) => id, channel: (id) => id, me: '' };

// unescape undoes Slack's three entities.
export const unescape = (s) => s.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');

// safeLink lets only web and mail addresses be followed.
export function safeLink(url) {
  try {
    const u = new URL(url, location.href);
    return ['http:', 'https:', 'mailto:'].includes(u.protocol) ? u.href : null;
  } catch { return null; }
}

// link is an address that can be followed; ours stay in the page.
export function link(url, ...label) {
  const href = safeLink(url);
  if (!href) return h('span', {}, ...label);
  const local = href.startsWith(`${location.origin}/archives/`);
  return h('a', { href, rel: 'noreferrer noopener', target: local ? undefined : '_blank', dataset: local ? { archive: href } : {} }, ...label);
}

// mention is a chip with a person's name.
export function mention(id) {
  return h('span', { class: id === names.me ? 'chip me' : 'chip' }, `@${names.user(id)}`);
}

// when writes a Slack date format with a time. Source: docs.slack.dev/messaging/formatting-message-text, read 2026-11.
export function when(unix, format) {
  const d = new Date(unix * 1000);
  const days = Math.round((new Date(names.now?.() || Date.now()).setHours(0, 0, 0, 0) - new Date(d).setHours(0, 0, 0, 0)) / 864e5);
  const pretty = { 0: 'today', 1: 'yesterday', '-1': 'tomorrow' }[days];
  const date = (o) => d.toLocaleDateString('en-GB', o);
  const parts = {
    date_num: () => d.toISOString().slice(0, 10),
    date: () => date({ day: 'numeric', month: 'long', year: 'numeric' }),
    date_short: () => date({ day: 'numeric', month: 'short', year: 'numeric' }),
    date_long: () => date({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
    time: () => d.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' }),
    time_secs: () => d.toLocaleTimeString('en-GB'),
    ago: () => `${days} days ago`,
  };
  return format.replace(/\{(\w+?)(_pretty)?\}/g, (all, name, isPretty) => (isPretty && pretty) || parts[name]?.() || all);
}

// withEmoji replaces shortcodes in plain text.
export function withEmoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (all, name) => (isEmoji(name) ? emoji(name) : all));
}

function angle(body) {
  const [target, label] = [body.split('|')[0], body.includes('|') ? unescape(body.slice(body.indexOf('|') + 1)) : ''];
  if (target.startsWith('@')) return mention(target.slice(1));
  if (target.startsWith('#')) return h('span', { class: 'chip' }, `#${names.channel(target.slice(1))}`);
  const date = /^!date\^(\d+)\^([^^]*)/.exec(target);
  if (date) return h('time', { title: label }, when(Number(date[1]), date[2]));
  if (target.startsWith('!')) return h('span', { class: 'chip me' }, `@${target.slice(1).replace(/^subteam\^/, '')}`);
  return link(unescape(target), label || unescape(target).replace(/^mailto:/, ''));
}

// A word joiner (U+2060) beside a mark takes its meaning away, as in Slack: names and
// subjects of customers are written so.
const tokens = /```([\s\S]+?)```|(?<!\u2060)`(?!\u2060)([^`\n]+)`|<([^<>]+)>|:([a-z0-9_+'-]+(?:::skin-tone-\d)?):|(?<![\w*\u2060])\*(?=[^\s\u2060])([^*\n]*[^*\s\u2060])\*(?![\w*\u2060])|(?<![\w_\u2060])_(?=[^\s\u2060])([^_\n]*[^_\s\u2060])_(?![\w_\u2060])|(?<![\w~\u2060])~(?=[^\s\u2060])([^~\n]*[^~\s\u2060])~(?![\w~\u2060])/g;

function inline(text) {
  const out = [];
  let last = 0;
  for (const m of text.matchAll(tokens)) {
    if (m.index > last) out.push(unescape(text.slice(last, m.index)));
    last = m.index + m[0].length;
    if (m[1] !== undefined) out.push(h('pre', {}, unescape(m[1].replace(/^\n|\n$/g, ''))));
    else if (m[2] !== undefined) out.push(h('code', {}, unescape(m[2])));
    else if (m[3] !== undefined) out.push(angle(m[3]));
    else if (m[4] !== undefined) out.push(emoji(m[4]));
    else if (m[5] !== undefined) out.push(h('strong', {}, inline(m[5])));
    else if (m[6] !== undefined) out.push(h('em', {}, inline(m[6])));
    else if (m[7] !== undefined) out.push(h('s', {}, inline(m[7])));
  }
  if (last < text.length) out.push(unescape(text.slice(last)));
  return out;
}

// mrkdwn gives the nodes of a mrkdwn text; quotes become blocks.
export function mrkdwn(text) {
  const out = [];
  let quote = null;
  for (const line of text.split(/(?<=\n)(?![^`]*```(?:[^`]*```[^`]*```)*[^`]*$)/)) {
    const q = /^&gt; ?/.exec(line);
    if (q) {
      if (!quote) out.push(quote = h('blockquote', {}));
      quote.append(...inline(line.slice(q[0].length)));
    } else {
      quote = null;
      out.push(...inline(line));
    }
  }
  return out;
}

// flat gives a mrkdwn text as one would read it aloud.
export function flat(text) {
  return withEmoji(unescape((text || '').replace(/<@(\w+)[^>]*>/g, (all, id) => `@${names.user(id)}`).replace(/<!date[^|>]*\|([^>]*)>|<[^|>]*\|([^>]*)>/g, '$1$2').replace(/[<>]|\*(?=\S)|(?<=\S)\*/g, '')));
}

// textObject shows a text object of Block Kit.
export function textObject(t) {
  if (!t) return [];
  return t.type === 'mrkdwn' ? mrkdwn(t.text) : [withEmoji(t.text)];
}
