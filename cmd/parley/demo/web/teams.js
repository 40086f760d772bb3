// The little Teams: side bar, channel, thread, chat with the app, activity.
import { afterwards, h, replace } from './dom.js';
import { app, boot, call, elsewhere, legend, meet, refresh, tab, visible } from './app.js';
import { fillList, scrollEnd, scrolls } from './list.js';
import { openCustomer } from './mail.js';
import { author, message, portrait, printOf, when } from './teamsmessage.js';
import { teamsComposer } from './teamscompose.js';
import { leaveDialog, showDialog } from './teamsdialog.js';
import { channelName, me, userName } from './teamsnames.js';

let parts = null;
const open = () => app.teams;

function build() {
  const root = document.getElementById('teams');
  parts = {
    side: h('nav', { class: 'side', 'aria-label': 'Teams and channels' }),
    head: h('header', { class: 'panehead' }),
    elsewhere: h('div', {}),
    list: h('div', { class: 'messages', role: 'list', 'aria-label': 'Posts' }),
    post: teamsComposer('post', () => ({ channel: open().channel, root: '' })),
    chat: teamsComposer('chat', () => ({ channel: '', root: '' })),
    threadHead: h('header', { class: 'panehead' }),
    thread: h('div', { class: 'messages', role: 'list', 'aria-label': 'Thread' }),
    reply: teamsComposer('reply', () => ({ channel: open().channel, root: open().thread })),
  };
  parts.center = h('div', { class: 'center' }, parts.head, parts.elsewhere, parts.list, parts.post.el, parts.chat.el);
  parts.threadPane = h('section', { class: 'threadpane', 'aria-label': 'Thread', hidden: true }, parts.threadHead, parts.thread, parts.reply.el);
  root.append(parts.side, parts.center, parts.threadPane);
  for (const box of [parts.list, parts.thread]) scrolls(box);
}

// showTeams draws what the person sees now.
export function showTeams() {
  if (!parts) build();
  document.getElementById('teams').classList.toggle('withthread', open().thread !== '');
  side();
  center();
  thread();
  showDialog();
  read();
}

export { leaveDialog };

function side() {
  const s = app.state.teams;
  const news = s.activity.filter((a) => a.unread && a.kind !== 'chat').length;
  replace(parts.side, JSON.stringify([app.as, open().channel, open().place, s.channels, s.chat, news, s.reads_all]), () => [
    h('div', { class: 'workspace' }, h('small', {}, 'Your team’s Teams'), h('label', { for: 't-agent' }, 'You are'),
      h('select', { id: 't-agent', dataset: { focus: 't-agent' }, onchange: (e) => { app.as = boot.agents[e.target.selectedIndex]; refresh(); } },
        boot.teams.agents.map((id, i) => h('option', { value: id, selected: id === me() }, userName(id) + (i === 2 ? ' (no agent)' : ''))))),
    entry('🔔', 'Activity', news, 0, open().place === 'activity', () => go('activity', ''), 'activity'),
    h('h2', {}, 'Chats'), entry('', 'Parley', s.chat.unread, 0, open().place === 'chat', () => go('chat', 'chat'), 'chat'),
    h('h2', {}, 'Teams and channels'), h('p', { class: 'team' }, h('span', { class: 't-logo', 'aria-hidden': 'true' }, s.team.slice(0, 1)), s.team),
    s.channels.map((c) => entry('', c.name, c.unread, c.mentions, open().place === 'channel' && c.id === open().channel, () => go('channel', c.id), c.id)),
    h('label', { class: 'permit', title: 'A team’s owner grants it by adding the app. Without it Teams tells Parley of messages with @Parley only.' },
      h('input', { type: 'checkbox', id: 't-permit', checked: s.reads_all, dataset: { focus: 'permit' }, onchange: async (e) => {
        await call('/teams/permission', new URLSearchParams({ all: e.target.checked ? 'yes' : 'no' }));
        refresh();
      } }), h('span', {}, 'Parley may read all messages')),
    legend(),
  ]);
}

function entry(mark, name, unread, mentions, current, act, focus) {
  return h('button', { type: 'button', class: `entry ${unread ? 'unread' : ''}`, 'aria-current': current ? 'true' : undefined, onclick: act, dataset: { focus }, title: name },
    mark ? h('span', { class: 'mark', 'aria-hidden': 'true' }, mark) : focus === 'chat' ? portrait({ bot: true }, 'tiny') : h('span', { class: 'mark', 'aria-hidden': 'true' }), h('span', { class: 'name' }, name),
    unread > 0 && h('span', { class: 'sr' }, `, ${unread} unread`), mentions > 0 && h('span', { class: 'badge' }, `@${mentions > 1 ? mentions : ''}`, h('span', { class: 'sr' }, mentions === 1 ? ' one mention' : ' mentions')));
}

function go(place, channel) {
  if (channel !== open().channel) open().thread = '';
  Object.assign(open(), { place, channel });
  refresh();
}

// openThread opens a thread beside its channel and puts the cursor into the reply.
export async function openThread(channel, root) {
  if (!(app.state.teams.channels || []).some((c) => c.id === channel)) { go('chat', 'chat'); return; }
  Object.assign(open(), { place: open().place === 'activity' ? 'activity' : 'channel', channel, thread: root });
  await afterwards(refresh().then(() => scrollEnd(parts.thread)), () => parts.reply);
  meet(channel, root);
}

function closeThread() {
  const was = open().thread;
  open().thread = '';
  afterwards(refresh(), () => parts.list.querySelector(`[data-key="${CSS.escape(was)}"]`));
}

// compose puts a text into the reply box for the tour.
export const compose = (text) => parts.reply.suggest(text);

// roots gives open conversations' posts, the newest first: {channel, id, text}.
export function roots() {
  return (app.state.teams.posts || []).filter((p) => p.bot && JSON.stringify(p.cards || '').includes('"Resolve"')).reverse().map((p) => ({ channel: open().channel, id: p.id, text: JSON.stringify(p.cards) }));
}

// goHome opens the channel where conversations begin.
export function goHome() {
  if (open().channel !== boot.teams.support || open().place !== 'channel') Object.assign(open(), { place: 'channel', channel: boot.teams.support, thread: '' });
  return refresh();
}

const item = (key, print, el) => ({ key, print, render: () => { const e = el(); e.setAttribute('role', 'listitem'); e.tabIndex = -1; e.addEventListener('focus', () => { for (const o of e.parentNode.children) o.tabIndex = o === e ? 0 : -1; }); return e; } });

function center() {
  const s = app.state.teams, at = open();
  const title = { activity: 'Activity', chat: 'Parley' }[at.place] || channelName(at.channel);
  const about = { activity: 'Mentions of you and replies to you', chat: 'App' }[at.place] || (at.channel === boot.teams.support ? 'Each post is one conversation with a customer' : s.team);
  replace(parts.head, JSON.stringify([at.place, title, about]), () => [h('h2', {}, title), h('p', { class: 'muted' }, about)]);
  const there = elsewhere();
  replace(parts.elsewhere, there?.textContent || '', () => [there]);
  parts.post.el.hidden = at.place !== 'channel';
  parts.chat.el.hidden = at.place !== 'chat';
  parts.post.update();
  parts.chat.update();
  const items = { activity: activity, chat: () => messages(s.thread || [], at.channel) }[at.place]?.() || posts(s.posts || []);
  parts.list.setAttribute('aria-label', { activity: 'Activity', chat: 'Messages' }[at.place] || 'Posts');
  parts.list.classList.toggle('top', at.place === 'activity');
  fillList(parts.list, items, `teams ${at.place} ${at.place === 'channel' ? at.channel : ''}`);
  if (!items.length) empty();
}

function empty() {
  const at = open(), away = app.state.home !== 'teams';
  const [mark, head, text] = at.place === 'activity' ? ['🔔', 'Nothing yet', 'Who mentions you, or answers where you wrote, is listed here.'] :
    at.place === 'chat' ? ['💬', 'Your chat with Parley', 'Type help to see what it does here.'] :
      at.channel !== boot.teams.support ? ['👋', 'Welcome to the channel', 'No customers here. Say hello to your colleagues.'] :
        app.state.phase ? ['⏳', 'One moment', app.state.phase] :
          away ? ['📭', 'Conversations open in Slack', 'Those that are there stay there. Choose Teams above to open new ones here.'] : ['📭', 'No customer has written', `Write a mail on the left, and see it arrive here.${(app.state.slack.messages || []).some((m) => m.bot_id) ? ' Threads in Slack stay there.' : ''}`];
  parts.list.replaceChildren(h('div', { class: 'empty', role: 'listitem' }, h('span', { class: 'big', 'aria-hidden': 'true' }, mark), h('strong', {}, head), h('p', {}, text)));
}

const messages = (list, channel) => list.map((m) => item(m.id, printOf(m, 'thread'), () => message(m, channel)));

const posts = (list) => list.map((p) => item(p.id, printOf(p, p.id === open().thread), () => h('article', { onkeydown: (e) => { if (e.key === 'Enter' && e.target === e.currentTarget) openThread(open().channel, p.id); }, class: `t-post ${p.id === open().thread ? 'open' : ''} ${p.unread ? 'unread' : ''}`, 'aria-label': `Post by ${author(p)}, ${when(p.at)}` },
  message(p, open().channel, replies(p)))));

function replies(p) {
  return h('div', { class: 't-replies' }, p.replies > 0 && h('button', { type: 'button', class: 'replies', dataset: { focus: `t${p.id}` }, onclick: () => openThread(open().channel, p.id) },
    p.who.slice(0, 3).map((id) => portrait({ bot: id === '', user: id }, 'tiny')), h('b', {}, p.replies === 1 ? '1 reply' : `${p.replies} replies`), p.unread > 0 && h('span', { class: 'badge' }, `${p.unread} new`), h('span', {}, ` last ${when(p.last)}`)),
  h('button', { type: 'button', class: 'linkbutton', dataset: { focus: `a${p.id}`, reply: p.id }, onclick: () => openThread(open().channel, p.id) }, 'Reply'));
}

const activity = () => app.state.teams.activity.map((a) => item(a.id, JSON.stringify(a), () => h('div', {}, h('button', { type: 'button', class: `t-activity ${a.unread ? 'unread' : ''}`, onclick: () => openThread(a.channel, a.thread) },
  portrait({ bot: !a.user, user: a.user }), h('span', {}, h('b', {}, `${userName(a.user)} ${{ mention: 'mentioned you', reply: 'replied', chat: 'wrote to you' }[a.kind]}`), h('small', {}, a.kind === 'chat' ? 'Chat' : channelName(a.channel)), h('span', { class: 'preview' }, a.text)), h('time', {}, when(a.at))))));

function thread() {
  const s = app.state.teams, at = open();
  parts.threadPane.hidden = at.thread === '';
  if (at.thread === '') return;
  const c = customerOf(s.thread || []);
  replace(parts.threadHead, JSON.stringify([at, c?.address]), () => [h('h2', {}, 'Thread'), h('p', { class: 'muted' }, channelName(at.channel)),
    c && h('button', { type: 'button', class: 'plainbutton tomail', title: `See what ${c.name} receives`, dataset: { focus: 'tomail' }, onclick: () => { tab('mail'); openCustomer(c.address); } }, '✉️ Mailbox'),
    h('button', { type: 'button', class: 'close', 'aria-label': 'Close the thread', onclick: closeThread }, '×')]);
  fillList(parts.thread, messages(s.thread || [], at.channel), `teams ${at.channel}/${at.thread}`);
  if (!s.thread?.length) parts.thread.replaceChildren(h('div', { class: 'empty', role: 'listitem' }, h('strong', {}, 'This thread is gone')));
  parts.reply.update();
}

// customerOf finds whose thread it is, by the name under which his words stand there.
function customerOf(list) {
  const by = list.map((m) => m.bot && / \(customer\)$/.exec(m.text.split('\n')[0]) && m.text.split('\n')[0]).find(Boolean);
  return by && app.state.mail.customers.find((c) => by.includes(c.name));
}

// read clears what is unread of what is on the screen.
function read() {
  if (!visible('teams')) return;
  const s = app.state.teams, at = open();
  if (at.place === 'chat' && s.chat.unread) readOnce('', '');
  const here = s.channels.find((c) => c.id === at.channel);
  if (at.place === 'channel' && here?.unread) readOnce(at.channel, '');
  if (at.thread && s.posts.find((p) => p.id === at.thread)?.unread) readOnce(at.channel, at.thread);
  for (const a of s.activity) if (a.unread && a.thread && a.thread === at.thread) readOnce(a.channel, a.id === a.thread ? '' : a.thread);
}

const reading = new Set();

async function readOnce(channel, thread) {
  const key = `${me()} ${channel} ${thread}`;
  if (reading.has(key)) return;
  reading.add(key);
  await call('/teams/read', new URLSearchParams({ as: me(), channel, thread }), true);
  reading.delete(key);
}
