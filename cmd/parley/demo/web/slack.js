// The little Slack: side bar, channel, Threads view, thread.
import { afterwards, avatar, h, replace } from './dom.js';
import { fillList, scrollEnd, scrolls } from './list.js';
import { act, app, boot, elsewhere, legend, meet, refresh, tab, visible } from './app.js';
import { openCustomer } from './mail.js';
import { flat, names } from './mrkdwn.js';
import { composer } from './composer.js';
import { blocks } from './blocks.js';
import { clicksInView, ephemeral, message, printOf } from './message.js';

const byID = (id) => (app.state?.slack.users || []).find((u) => u.id === id);

names.user = (id) => {
  const u = byID(id);
  return u ? u.display_name || u.real_name || (u.bot ? 'Parley' : u.name) : id;
};
names.channel = (id) => (app.state?.slack.channels || []).find((c) => c.id === id)?.name || id;
names.isPerson = (id) => Boolean(byID(id) && !byID(id).bot);
names.users = () => (app.state?.slack.users || []).filter((u) => !u.bot && !u.deleted);
names.channels = () => (app.state?.slack.channels || []).filter((c) => !c.im);

let parts = null;

function build() {
  const root = document.getElementById('slack');
  parts = {
    side: h('nav', { class: 'side', 'aria-label': 'Channels' }),
    head: h('header', { class: 'panehead' }),
    elsewhere: h('div', {}),
    list: h('div', { class: 'messages', role: 'list', 'aria-label': 'Messages' }),
    write: composer({ thread: false }),
    threadHead: h('header', { class: 'panehead' }),
    thread: h('div', { class: 'messages', role: 'list', 'aria-label': 'Thread' }),
    reply: composer({ thread: true }),
  };
  parts.center = h('div', { class: 'center' }, parts.head, parts.elsewhere, parts.list, parts.write.el);
  parts.threadPane = h('section', { class: 'threadpane', 'aria-label': 'Thread', hidden: true }, parts.threadHead, parts.thread, parts.reply.el);
  root.append(parts.side, parts.center, parts.threadPane);
  for (const box of [parts.list, parts.thread]) scrolls(box);
}

// showSlack draws what the person sees now.
export function showSlack() {
  if (!parts) build();
  document.getElementById('slack').classList.toggle('withthread', app.thread !== '');
  side();
  center();
  thread();
  read();
}

function side() {
  const s = app.state.slack;
  const print = JSON.stringify([app.as, app.channel, app.place, s.channels, s.followed?.map((t) => [t.unread, t.mentions])]);
  replace(parts.side, print, () => {
    const unread = (s.followed || []).reduce((n, t) => n + t.unread, 0), mentions = (s.followed || []).reduce((n, t) => n + t.mentions, 0);
    const channels = (s.channels || []).filter((c) => !c.im), direct = (s.channels || []).filter((c) => c.im);
    return [
      h('div', { class: 'workspace' }, h('strong', {}, 'Acme'), h('small', {}, 'Your team’s Slack'),
        h('label', { for: 'agent' }, 'You are'),
        h('select', { id: 'agent', dataset: { focus: 'agent' }, onchange: (e) => beAgent(e.target.value) },
          boot.agents.map((id) => h('option', { value: id, selected: id === app.as }, names.user(id) + (id === boot.agents[2] ? ' (no agent)' : ''))))),
      entry('💬', 'Threads', unread, mentions, app.place === 'threads', openThreads, 'threads'),
      entry('🏠', 'Parley', 0, 0, app.place === 'home', openHome, 'home'),
      h('h2', {}, 'Channels'), channels.map((c) => entry('#', c.name, c.unread, c.mentions, app.place === 'channel' && c.id === app.channel, () => openChannel(c.id), c.id)),
      direct.length > 0 && h('h2', {}, 'Direct messages'), direct.map((c) => entry('●', c.name, c.unread, c.mentions, app.place === 'channel' && c.id === app.channel, () => openChannel(c.id), c.id)),
      legend(),
    ];
  });
}

function entry(mark, name, unread, mentions, current, go, focus) {
  return h('button', { type: 'button', class: `entry ${unread ? 'unread' : ''}`, 'aria-current': current ? 'true' : undefined, onclick: go, dataset: { focus },
    title: name },
    h('span', { class: 'mark', 'aria-hidden': 'true' }, mark), h('span', { class: 'name' }, name),
    unread > 0 && h('span', { class: 'sr' }, `, ${unread} unread`),
    mentions > 0 && h('span', { class: 'badge' }, String(mentions), h('span', { class: 'sr' }, mentions === 1 ? ' mention' : ' mentions')));
}

function beAgent(id) {
  app.as = id;
  if (app.place === 'home') openHome(); else refresh();
}

export function openChannel(id) {
  if (id !== app.channel) app.thread = '';
  app.channel = id;
  app.place = 'channel';
  refresh();
}

function openThreads() {
  app.place = 'threads';
  refresh();
}

// openHome opens the app's own page. Slack tells the app, which publishes what stands there.
function openHome() {
  app.place = 'home';
  app.thread = '';
  act('home', {});
}

function home() {
  const v = app.state.slack.home;
  return { key: `home${app.as}`, print: JSON.stringify([v?.hash, new Date(names.now()).toDateString()]),
    render: () => h('div', { class: 'text home', role: 'listitem' }, v ? blocks(v.blocks, clicksInView(v.id)) : 'Parley is asked what stands here.') };
}

// openThread opens a thread beside its channel and puts the cursor into the reply.
export async function openThread(channel, ts) {
  if (channel !== app.channel) app.place = 'channel';
  app.channel = channel;
  app.thread = ts;
  await afterwards(refresh().then(() => scrollEnd(parts.thread)), () => parts.reply);
  meet(channel, ts);
}

export function closeThread() {
  const was = app.thread;
  app.thread = '';
  refresh();
  parts.list.querySelector(`[data-key="${CSS.escape(was)}"]`)?.focus();
}

// roots gives the cards of open conversations, the newest first: {channel, id, text}.
export function roots() {
  return (app.state.slack.messages || []).filter((m) => m.bot_id && JSON.stringify(m.blocks || '').includes('"Resolve"')).reverse().map((m) => ({ channel: boot.support, id: m.ts, text: m.text }));
}

// goHome opens the channel where conversations begin.
export function goHome() {
  if (app.channel !== boot.support) { app.channel = boot.support; app.thread = ''; }
  return refresh();
}

// compose puts a text into the reply box for the tour.
export const compose = (text) => parts.reply.suggest(text);

function rows(messages, inThread) {
  const eph = (app.state.slack.ephemerals || []).filter((e) => (inThread ? e.thread_ts === app.thread : !e.thread_ts));
  const list = [
    ...(messages || []).filter((m) => !m.hidden || m.subtype === 'tombstone').map((m) => ({ ts: m.ts, key: m.ts, print: printOf(m, inThread), render: () => message(m, inThread) })),
    ...eph.map((e) => ({ ts: e.ts, key: `e${e.ts}`, print: JSON.stringify(e), render: () => ephemeral(e) })),
  ].sort((a, b) => (a.ts < b.ts ? -1 : 1));
  let day = '';
  return list.flatMap((m) => {
    const d = new Date(Number(m.ts.split('.')[0]) * 1000).toLocaleDateString('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });
    if (d === day || inThread) return [m];
    day = d;
    return [{ key: `d${d}`, print: d, render: () => h('div', { class: 'day', role: 'listitem' }, h('span', {}, d)) }, m];
  });
}

function center() {
  const s = app.state.slack;
  const threads = app.place === 'threads';
  const isHome = app.place === 'home';
  const title = isHome ? 'Parley' : threads ? 'Threads' : (s.channels || []).find((c) => c.id === app.channel)?.name || '';
  replace(parts.head, `${threads} ${title}`, () => [h('h2', {}, isHome ? '🏠 Parley' : threads ? '💬 Threads' : `# ${title}`),
    h('p', { class: 'muted' }, isHome ? 'Your own page of the app' : threads ? 'Those you follow' : app.channel === boot.support ? 'Each thread is one conversation with a customer' : '')]);
  const there = elsewhere();
  replace(parts.elsewhere, there?.textContent || '', () => [there]);
  parts.write.el.hidden = threads || isHome;
  parts.write.update();
  const items = isHome ? [home()] : threads ? (s.followed || []).map((t) => ({ key: t.root.ts, print: JSON.stringify([t, t.root.ts === app.thread]), render: () => followed(t) })) : rows(s.messages, false);
  parts.list.classList.toggle('top', threads || isHome);
  fillList(parts.list, items, isHome ? 'home' : threads ? 'threads' : app.channel);
  if (!items.length) empty(parts.list, threads);
}

function empty(box, threads) {
  const waiting = app.state.phase !== '';
  const [mark, head, text] = threads ? ['💬', 'No threads yet', 'You follow a thread once you wrote in it, or somebody mentioned you there.'] :
    waiting ? ['⏳', 'One moment', app.state.phase] : app.channel === boot.support && app.state.home !== 'slack' ? ['📭', 'Conversations open in Teams', 'Those that are there stay there. Choose Slack above to open new ones here.'] :
    app.channel === boot.support ? ['📭', 'No customer has written', `Write a mail on the left, and see it arrive here.${(app.state.teams.posts || []).some((p) => p.bot) ? ' Threads in Teams stay there.' : ''}`] :
      ['👋', 'Nothing here yet', 'Parley is not in this channel. Say hello to your colleagues.'];
  box.replaceChildren(h('div', { class: 'empty', role: 'listitem' }, h('span', { class: 'big', 'aria-hidden': 'true' }, mark), h('strong', {}, head), h('p', {}, text)));
}

function followed(t) {
  const who = t.last.username || names.user(t.last.user);
  return h('div', { role: 'listitem' }, h('button', { type: 'button', class: `followed ${t.unread ? 'unread' : ''}`, 'aria-current': t.root.ts === app.thread ? 'true' : undefined,
    onclick: () => openThread(t.channel, t.root.ts) },
    h('strong', {}, `#${names.channel(t.channel)}`), t.unread > 0 && h('span', { class: 'badge' }, `${t.unread} new`),
    message(t.root, true, true),
    h('span', { class: 'lastline' }, t.last.bot_id && !t.last.username ? h('img', { class: 'avatar tiny', src: '/assets/icon.svg', alt: '' }) : avatar(who, 'tiny'),
      h('b', {}, who), h('span', {}, ` ${flat(t.last.text).split('\n')[0].slice(0, 90)}`))));
}

function thread() {
  const s = app.state.slack;
  const open = app.thread !== '' && (s.thread || []).length > 0;
  parts.threadPane.hidden = app.thread === '';
  if (app.thread === '') return;
  const c = customerOf(s.thread || []);
  replace(parts.threadHead, `${app.channel} ${app.thread} ${c?.address}`, () => [h('h2', {}, 'Thread'), h('p', { class: 'muted' }, `# ${names.channel(app.channel)}`),
    c && h('button', { type: 'button', class: 'plainbutton tomail', title: `See what ${c.name} receives`, dataset: { focus: 'tomail' }, onclick: () => { tab('mail'); openCustomer(c.address); } }, '✉️ Mailbox'),
    h('button', { type: 'button', class: 'close', 'aria-label': 'Close the thread', onclick: closeThread }, '×')]);
  fillList(parts.thread, open ? rows(s.thread, true) : [], `${app.channel}/${app.thread}`);
  if (!open) parts.thread.replaceChildren(h('div', { class: 'empty', role: 'listitem' }, h('strong', {}, 'This thread is gone')));
  parts.reply.update();
}

// customerOf finds whose thread it is, by the name under which his words stand there.
function customerOf(messages) {
  const by = messages.find((m) => m.bot_id && / \(customer\)$/.test(m.username || ''))?.username.replace(/ \(customer\)$/, '');
  return by && app.state.mail.customers.find((c) => c.name === by);
}

// read clears the badges of what is on the screen.
function read() {
  if (!visible('slack')) return;
  const s = app.state.slack;
  const here = (s.channels || []).find((c) => c.id === app.channel);
  if (app.place === 'channel' && (here?.unread || here?.mentions)) readOnce(app.channel, '');
  const t = (s.followed || []).find((f) => f.channel === app.channel && f.root.ts === app.thread);
  if (t?.unread) readOnce(app.channel, app.thread);
}

async function readOnce(channel, ts) {
  await act('read', { channel, ts }, true);
  refresh();
}
