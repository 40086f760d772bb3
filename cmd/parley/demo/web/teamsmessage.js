// One message of Teams: its author, text or card, files, reactions and tools.
import { avatar, closeMenu, h, menu, openPopup, size, toast } from './dom.js';
import { app, boot, now } from './app.js';
import { card } from './adaptive.js';
import { chip, messageHTML } from './cardtext.js';
import { chips, typed } from './teamscompose.js';
import { act, told } from './teamsact.js';
import { face, markName, me, reactionName, userName } from './teamsnames.js';

let editing = '';
let draft = null; // what was typed into the editor so far: a message is drawn anew when it gets a mark

// printOf is all that a message's looks depend on.
export const printOf = (m, where) => JSON.stringify([m, where, app.as, editing === m.id, Math.floor(new Date(now()).setHours(0, 0, 0, 0) / 864e5)]);

// when says a time as Teams does: without the day if it is today.
export function when(at) {
  const d = new Date(at), today = new Date(now());
  const time = d.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  const days = Math.round((today.setHours(0, 0, 0, 0) - new Date(d).setHours(0, 0, 0, 0)) / 864e5);
  return days === 0 ? time : days === 1 ? `Yesterday ${time}` : `${d.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })} ${time}`;
}

// author gives a message's author by name.
export const author = (m) => (m.bot ? 'Parley' : m.guise === 'connector' ? 'Incoming webhook' : m.user ? userName(m.user) : 'Unknown');

// face of a message's author: people are round, apps have six corners.
export function portrait(m, cls) {
  return m.bot ? h('span', { class: `t-hex ${cls || ''}`, 'aria-hidden': 'true' }, h('img', { src: '/assets/icon.svg', alt: '' })) : avatar(author(m), `round ${cls || ''}`);
}

// message shows one in a channel, thread or chat; more stands under its text.
export function message(m, channel, more) {
  const who = author(m);
  const el = h('div', { class: `t-msg ${m.bot ? 'app' : ''} ${m.private ? 'private' : ''} ${m.user === me() ? 'mine' : ''}`, 'aria-label': `${who}, ${when(m.at)}${m.private ? ', only you can see this message' : ''}`, dataset: { id: m.id } },
    portrait(m), h('div', { class: 'said' },
      m.private && h('p', { class: 'only' }, m.bot ? '👁 Only you can see this message' : '👁 Only you and Parley can see this message'),
      h('p', { class: 'by' }, h('b', {}, who), h('time', {}, when(m.at)), m.edited && !m.deleted && h('small', { class: 'muted' }, 'Edited')),
      m.deleted ? gone(m, channel) : editing === m.id ? editor(m, channel) : content(m, channel), !m.deleted && reactions(m, channel), more),
    !m.deleted && tools(m, channel));
  return el;
}

function gone(m, channel) {
  return h('p', { class: 'muted gone' }, 'This message has been deleted.', m.user === me() && [' ', h('button', { type: 'button', class: 'linkbutton', onclick: () => act('undelete', { channel, message: m.id }) }, 'Undo')]);
}

function content(m, channel) {
  const mention = (i, name) => {
    const who = m.mentions?.[i] ?? m.mentions?.find((x) => x.name === name);
    return who ? chip(who.name, who.id === me()) : name;
  };
  const press = async ({ button, inputs }) => told(await act('click', { channel, message: m.id, name: button, inputs }));
  return h('div', { class: 'text' }, m.subject && h('h3', { class: 'subject' }, m.subject), m.html && h('div', { class: 'html' }, messageHTML(m.html, mention)),
    (m.cards || []).map((c) => h('div', { class: 't-card' }, m.broken ? h('p', { class: 'muted' }, `Sorry, this card can't be shown. (${m.broken})`) : card(c, { press }))),
    Array.from({ length: m.pictures }, (_, n) => h('img', { class: 'ac-image', src: `/teams/pictures/${encodeURIComponent(m.channel)}/${m.id}/${n}`, alt: 'Picture' })), files(m));
}

function files(m) {
  if (!m.files?.length) return null;
  return h('div', { class: 'files' }, m.files.map((f) => {
    const url = `/teams/files/${encodeURIComponent(f.id)}`;
    if (f.image && /^image\/(png|jpe?g|gif|webp)$/.test(f.type)) return h('a', { href: url, target: '_blank', class: 'filepicture' }, h('img', { src: url, alt: 'Pasted picture', loading: 'lazy' }));
    return h('a', { class: 'file', href: url, download: f.name }, h('span', { class: 'filekind', 'aria-hidden': 'true' }, (f.name.split('.').pop() || 'file').slice(0, 4)), h('span', {}, h('b', {}, f.name), h('small', {}, size(f.size))));
  }));
}

function reactions(m, channel) {
  const by = new Map();
  for (const r of m.reactions || []) by.set(r.type, [...(by.get(r.type) || []), r]);
  if (!by.size) return null;
  return h('div', { class: 'reactions' }, [...by].map(([type, all]) => {
    const mine = all.some((r) => r.user === me());
    const who = all.map((r) => (r.bot ? 'Parley' : userName(r.user))).join(', ');
    return h('button', { type: 'button', class: 'reaction', 'aria-pressed': String(mine), title: `${who} reacted with ${reactionName(type)}`, 'aria-label': `${all.some((r) => r.bot) ? markName(type) : reactionName(type)}, by ${who}`,
      dataset: { focus: `r${m.id}${type}`, reaction: type }, onclick: () => react(m, channel, type, mine) }, h('span', { 'aria-hidden': 'true' }, face(type)), ` ${all.length}`);
  }));
}

const react = (m, channel, name, off) => act(off ? 'unreact' : 'react', { channel, message: m.id, name });

// what Parley makes of some reactions to its own posts, said where they are picked: Teams tells it of no others.
const meanings = { '2705_whiteheavycheckmark': 'resolves', '1f440_eyes': 'takes', '1f4a4_zzz': 'snoozes' };
const quick = ['2705_whiteheavycheckmark', '1f440_eyes', 'like'];
const picks = [...quick, '1f4a4_zzz', 'heart', 'laugh', 'surprised', 'sad', 'angry', '1f389_partypopper'];
const titled = (name, m) => `React with ${reactionName(name)}${m.bot && meanings[name] ? ` (${meanings[name]})` : ''}`;

function tools(m, channel) {
  if (m.private) return null; // nobody can react to or pass on what is private
  const has = (name) => m.reactions?.some((r) => r.type === name && r.user === me());
  return h('div', { class: 'tools', role: 'group', 'aria-label': 'Message actions' }, quick.map((name) => tool(face(name), titled(name, m), () => react(m, channel, name, has(name)), name)),
    tool('☺', 'More reactions', (e) => picker(e.currentTarget, m, channel), 'picker'), tool('⋯', 'More options', (e) => more(e.currentTarget, m, channel), 'more'));
}

function tool(sign, label, go, name) {
  return h('button', { type: 'button', title: label, 'aria-label': label, onclick: go, dataset: { tool: name, focus: `tool-${name}` } }, sign);
}

function picker(anchor, m, channel) {
  const box = h('div', { class: 'picker', role: 'dialog', 'aria-label': 'Pick a reaction' }, picks.map((name) => h('button', { type: 'button', title: titled(name, m), 'aria-label': reactionName(name),
    onclick: () => { closeMenu(true); react(m, channel, name, false); } }, face(name))));
  openPopup(anchor, box);
  box.querySelector('button').focus();
}

function more(anchor, m, channel) {
  const mine = m.user === me();
  menu(anchor, [
    ...(mine ? [{ label: 'Edit', act: () => edit(m.id) }, { label: 'Delete', danger: true, act: () => act('delete', { channel, message: m.id }) }, '-'] : []),
    { label: 'Copy link', act: () => copyLink(m, channel) }, '-',
    ...boot.teams.app.actions.map((c) => ({ label: c.title, hint: 'Parley', act: async () => told(await act('action', { channel, message: m.id, name: c.id })) })),
  ], 'More options');
}

async function copyLink(m, channel) {
  try {
    await navigator.clipboard.writeText(`${location.origin}/l/message/${encodeURIComponent(channel)}/${m.id}?parentMessageId=${m.root}`);
    toast('The link is on the clipboard.');
  } catch { toast('The browser does not let this page copy.', null, 'bad'); }
}

const redraw = () => import('./teams.js').then((t) => t.showTeams());

function edit(id) {
  editing = id;
  draft = null;
  redraw().then(() => document.querySelector('#teams .editor textarea')?.focus());
}

function editor(m, channel) {
  const box = h('textarea', { 'aria-label': 'Edit message', rows: '3' });
  box.value = draft ?? typed(m);
  box.addEventListener('input', () => { draft = box.value; });
  const done = () => { editing = ''; redraw(); };
  const save = async () => { if (await act('edit', { channel, message: m.id, text: chips(box.value) })) done(); };
  box.addEventListener('keydown', (e) => {
    if (e.key === 'Escape') { e.preventDefault(); done(); }
    if (e.key === 'Enter' && !e.shiftKey) { e.preventDefault(); save(); }
  });
  return h('div', { class: 'editor' }, box, h('div', { class: 'row' }, h('button', { type: 'button', class: 'plainbutton', onclick: done }, 'Cancel'), h('button', { type: 'button', class: 'primary', onclick: save }, 'Done')));
}
