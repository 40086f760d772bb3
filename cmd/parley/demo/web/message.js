// One message: its sender, text or blocks, files, reactions and tools.
import { avatar, closeMenu, h, menu, openPopup, size, toast } from './dom.js';
import { act, app, boot } from './app.js';
import { blocks } from './blocks.js';
import { emoji, picks } from './emoji.js';
import { mrkdwn, names } from './mrkdwn.js';
import { chips, typed } from './composer.js';
import { openThread } from './slack.js';

let editing = '';
let draft = null; // what was typed into the editor so far: a message is drawn anew when it gets a mark

// printOf is all that a message's looks depend on.
export function printOf(m, inThread) {
  return JSON.stringify([inThread, m.text, m.blocks, m.reactions, m.files?.map((f) => [f.id, f.mode]), m.edited, m.subtype, m.reply_count, m.latest_reply,
    app.as, editing === m.ts, m.ts === app.thread, new Date(names.now()).toDateString()]); // days have names on cards
}

// clicks leads a message's buttons to Parley.
export const clicks = (channel, ts) => clicksIn({ channel, ts });

// clicksInView leads those of a home tab to it.
export const clicksInView = (view) => clicksIn({ view });

function clicksIn(at) {
  return {
    click: async (ref, picked, el) => {
      el?.setAttribute('aria-busy', 'true');
      await act('click', { ...at, action: ref, picked });
      el?.removeAttribute('aria-busy');
    },
    suggest: async (ref, text) => (await act('suggest', { ...at, action: ref, text }, true))?.values || [],
  };
}

const clockOf = (ts) => new Date(Number(ts.split('.')[0]) * 1000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });

function sender(m) {
  return m.username || (m.user ? names.user(m.user) : m.bot_profile?.name || 'app');
}

// message shows one; in a thread without its reply bar, quiet without tools.
export function message(m, inThread, quiet) {
  if (m.subtype === 'tombstone') {
    return h('div', { class: 'msg gone', role: quiet ? undefined : 'listitem', tabindex: quiet ? undefined : '-1' },
      h('span', { class: 'avatar ghost', 'aria-hidden': 'true' }, '🗑'), h('div', { class: 'said' }, h('p', { class: 'muted' }, 'This message was deleted.'), !inThread && replies(m)));
  }
  const who = sender(m);
  const body = editing === m.ts && !quiet ? editor(m) : h('div', { class: 'text' }, content(m, clicks(app.channel, m.ts)));
  const el = h('div', { class: `msg ${m.bot_id ? 'app' : ''} ${m.ts === app.thread && !inThread ? 'open' : ''}`, role: quiet ? undefined : 'listitem', tabindex: quiet ? undefined : '-1',
    'aria-label': `${who}, ${clockOf(m.ts)}`, dataset: { ts: m.ts } },
  picture(m, who),
  h('div', { class: 'said' },
    h('p', { class: 'by' }, h('b', {}, who), m.bot_id && h('span', { class: 'appbadge' }, 'APP'), h('time', {}, clockOf(m.ts))),
    body, m.edited && editing !== m.ts && h('small', { class: 'muted' }, '(edited)'),
    files(m), !quiet && reactions(m), !inThread && !quiet && replies(m)),
  !quiet && tools(m, inThread));
  if (!quiet) el.addEventListener('focus', () => { for (const o of el.parentNode.children) o.tabIndex = o === el ? 0 : -1; });
  return el;
}

function picture(m, who) {
  if (m.icons?.emoji) return h('span', { class: 'avatar icon', 'aria-hidden': 'true' }, emoji(m.icons.emoji.replace(/:/g, '')));
  if (m.bot_id && !m.username) return h('img', { class: 'avatar', src: '/assets/icon.svg', alt: '' });
  return avatar(who);
}

function content(m, on) {
  const list = m.blocks && m.blocks.length ? blocks(m.blocks, on) : m.text ? mrkdwn(m.text) : [];
  const extra = (m.attachments || []).map((a) => h('div', { class: 'attached' }, a.blocks ? blocks(a.blocks, on) : mrkdwn(a.text || a.fallback || '')));
  return [list, extra];
}

function files(m) {
  if (!m.files?.length) return null;
  return h('div', { class: 'files' }, m.files.map((f) => {
    if (f.mode === 'tombstone') return h('span', { class: 'file muted' }, 'This file was deleted.');
    const url = `/slack/files/${encodeURIComponent(f.id)}`;
    if (/^image\/(png|jpeg|gif|webp)$/.test(f.mimetype)) return h('a', { href: url, target: '_blank', class: 'filepicture' }, h('img', { src: url, alt: f.alt_txt === f.name ? '' : f.alt_txt || '', loading: 'lazy' }), h('small', {}, f.name));
    return h('a', { class: 'file', href: url, download: f.name }, h('span', { class: 'filekind', 'aria-hidden': 'true' }, (f.filetype || 'file').slice(0, 4)),
      h('span', {}, h('b', {}, f.name), h('small', {}, `${(f.filetype || '').toUpperCase()} ${size(f.size)}`)));
  }));
}

// marks are what Parley says by a reaction.
const marks = { hourglass_flowing_sand: 'waits', question: 'asked about', heavy_check_mark: 'sent', ballot_box_with_check: 'delivered', eyeglasses: 'read', lock: 'stays inside', warning: 'may not have arrived' };

function reactions(m) {
  if (!m.reactions?.length) return null;
  return h('div', { class: 'reactions' }, m.reactions.map((r) => {
    const mine = r.users.includes(app.as);
    const who = r.users.map(names.user).join(', ');
    const mark = !r.users.every(names.isPerson) && marks[r.name];
    return h('button', { type: 'button', class: 'reaction', 'aria-pressed': String(mine), title: `${who} reacted with :${r.name}:`, 'aria-label': `${mark || r.name.replace(/_/g, ' ')}, by ${who}`,
      dataset: { focus: `r${m.ts}${r.name}`, reaction: r.name }, onclick: () => react(m, r.name, mine) }, h('span', { 'aria-hidden': 'true' }, emoji(r.name)), ` ${r.count}`);
  }));
}

function replies(m) {
  if (!m.reply_count) return null;
  return h('button', { type: 'button', class: 'replies', dataset: { focus: `t${m.ts}` }, onclick: () => openThread(app.channel, m.ts) },
    (m.reply_users || []).slice(0, 3).map((u) => (names.isPerson(u) ? avatar(names.user(u), 'tiny') : h('img', { class: 'avatar tiny', src: '/assets/icon.svg', alt: '' }))),
    h('b', {}, m.reply_count === 1 ? '1 reply' : `${m.reply_count} replies`), h('span', {}, m.latest_reply ? ` last ${clockOf(m.latest_reply)}` : ''));
}

const react = (m, name, off) => act(off ? 'unreact' : 'react', { channel: app.channel, ts: m.ts, name });

// what Parley makes of some emoji, said where they are picked.
const meanings = { white_check_mark: 'resolves', eyes: 'takes', leftwards_arrow_with_hook: 'takes a held reply back', zzz: 'snoozes', lock: 'keeps inside' };

function tools(m, inThread) {
  const quick = ['white_check_mark', 'eyes', 'leftwards_arrow_with_hook'].map((name) => tool(emoji(name), `React with ${name.replace(/_/g, ' ')}${meanings[name] ? ` (${meanings[name]})` : ''}`,
    () => react(m, name, m.reactions?.some((r) => r.name === name && r.users.includes(app.as))), name));
  return h('div', { class: 'tools', role: 'group', 'aria-label': 'Message actions' }, quick,
    tool('☺', 'More reactions', (e) => picker(e.currentTarget, m), 'picker'),
    !inThread && tool('💬', 'Reply in thread', () => openThread(app.channel, m.ts), 'thread'),
    tool('⋮', 'More actions', (e) => more(e.currentTarget, m), 'more'));
}

function tool(face, label, go, name) {
  return h('button', { type: 'button', title: label, 'aria-label': label, onclick: go, dataset: { tool: name } }, face);
}

function picker(anchor, m) {
  const box = h('div', { class: 'picker', role: 'dialog', 'aria-label': 'Pick a reaction' }, picks.map((name) => h('button', { type: 'button',
    title: `:${name}:${meanings[name] ? ` ${meanings[name]}` : ''}`, 'aria-label': name.replace(/_/g, ' '), onclick: () => { closeMenu(true); react(m, name, false); } }, emoji(name))));
  openPopup(anchor, box);
  box.querySelector('button').focus();
}

function more(anchor, m) {
  const mine = m.user === app.as && !m.bot_id;
  menu(anchor, [
    ...boot.shortcuts.map((s) => ({ label: s.name, hint: 'Parley', act: () => act('shortcut', { callback: s.callback_id, channel: app.channel, ts: m.ts }) })),
    '-',
    { label: 'Copy link', act: () => copyLink(m) },
    ...(mine ? [{ label: 'Edit message', act: () => edit(m.ts) }, { label: 'Delete message', danger: true, act: () => act('delete', { channel: app.channel, ts: m.ts }) }] : []),
  ], 'More actions');
}

async function copyLink(m) {
  const thread = m.thread_ts && m.thread_ts !== m.ts ? `?thread_ts=${m.thread_ts}` : '';
  try {
    await navigator.clipboard.writeText(`${location.origin}/archives/${app.channel}/p${m.ts.replace('.', '')}${thread}`);
    toast('The link is on the clipboard.');
  } catch { toast('The browser does not let this page copy.', null, 'bad'); }
}

// editLast opens the person's newest message of a thread for editing.
export function editLast() {
  const m = (app.state.slack.thread || []).findLast((one) => one.user === app.as && !one.bot_id && one.subtype !== 'tombstone');
  if (m) edit(m.ts);
}

function edit(ts) {
  editing = ts;
  draft = null;
  import('./slack.js').then((s) => { s.showSlack(); document.querySelector('.editor textarea')?.focus(); });
}

function editor(m) {
  const box = h('textarea', { 'aria-label': 'Edit message', rows: '3' });
  box.value = draft ?? typed(m.text);
  box.addEventListener('input', () => { draft = box.value; });
  const done = () => { editing = ''; import('./slack.js').then((s) => s.showSlack()); };
  const save = async () => { await act('edit', { channel: app.channel, ts: m.ts, text: chips(box.value) }); done(); };
  box.addEventListener('keydown', (e) => {
    if (e.key === 'Escape') { e.preventDefault(); done(); }
    if (e.key === 'Enter' && !e.shiftKey) { e.preventDefault(); save(); }
  });
  return h('div', { class: 'editor' }, box, h('div', { class: 'row' }, h('button', { type: 'button', class: 'plainbutton', onclick: done }, 'Cancel'), h('button', { type: 'button', class: 'primary', onclick: save }, 'Save')));
}

// ephemeral shows what only this person sees.
export function ephemeral(e) {
  return h('div', { class: 'msg app ephemeral', role: 'listitem', tabindex: '-1', 'aria-label': 'Parley, only visible to you' },
    h('img', { class: 'avatar', src: '/assets/icon.svg', alt: '' }),
    h('div', { class: 'said' }, h('p', { class: 'only' }, '👁 Only visible to you'),
      h('p', { class: 'by' }, h('b', {}, e.username || 'Parley'), h('span', { class: 'appbadge' }, 'APP'), h('time', {}, clockOf(e.ts))),
      h('div', { class: 'text' }, content(e, clicks(e.channel, e.ts)))));
}
