// The page's state: who one is, what is open, and what the server last said.
import { boot } from './boot.js';
import { h, menu, toast } from './dom.js';
import { names } from './mrkdwn.js';
import { showMail, openCustomer } from './mail.js';
import * as slack from './slack.js';
import * as teams from './teams.js';
import { leaveModal, showModal } from './modal.js';
import { me, userName } from './teamsnames.js';
import { showJourney, toggleJourney } from './journey.js';
import { showTour, toggleTour } from './tour.js';
import { resume, showPlugs, startedOver, togglePlugs } from './plugs.js';

export { boot };

export const app = {
  surface: 'slack', // or 'teams': what the right half shows
  as: boot.agents[0], channel: boot.support, thread: '', place: 'channel', // or 'threads', 'home'; of Slack
  teams: { channel: boot.teams?.support || '', thread: '', place: 'channel' }, // or 'chat', 'activity'
  customer: boot.customer, chat: '', mail: null, // chat: '' = the mailbox
  writing: null, state: null,
};

const stage = document.getElementById('stage');

// half gives what the shown surface can do: openThread(channel, root, focus), compose(text),
// roots(), goHome().
export const half = () => (app.surface === 'teams' ? teams : slack);

// at gives the channel and thread that are open in the shown surface.
export const at = () => (app.surface === 'teams' ? app.teams : app);

// call posts JSON and gives the answer; errors are shown unless quiet.
export async function call(url, body, quiet) {
  try {
    const r = await fetch(url, { method: 'POST', headers: body instanceof URLSearchParams ? {} : { 'Content-Type': 'application/json' },
      body: body instanceof URLSearchParams ? body : JSON.stringify(body) });
    const out = await r.json();
    if (!r.ok && !quiet) toast(words(out.error || r.statusText), null, 'bad');
    return r.ok || quiet ? out : null;
  } catch {
    toast('The demo does not answer. Is it still running?', null, 'bad');
    return null;
  }
}

// words explains Slack's own refusals.
function words(error) {
  return { no_text: 'There is nothing to send.', not_in_channel: 'You are not in this channel.', cant_delete_message: 'Only its author can delete this.',
    cant_update_message: 'Only its author can edit this.', already_reacted: 'You have reacted with that already.', message_not_found: 'That message is gone.',
    thread_not_found: 'That thread is gone.', operation_timeout: 'Parley did not answer in time.' }[error] || error.replace(/^(?:teamsfake: )+/, '');
}

// act does something in Slack as the chosen person.
export async function act(verb, body, quiet) {
  const out = await call(`/_fake/person/${encodeURIComponent(app.as)}/${verb}`, body, quiet);
  if (out?.outcome?.error && !quiet) toast(words(out.outcome.error), null, 'bad');
  if (!quiet) refresh();
  return out;
}

// places lists where customers' messages stand, as the witness saw them, the newest first.
async function places() {
  try {
    const r = await fetch('/journal');
    return (await r.json()).rows.filter((row) => row.way === 'in' && row.thread);
  } catch { return []; }
}

// unmet is the open thread whose customer the witness has not seen there yet; it is looked for until a time.
let unmet = null;

// meet shows the customer of a thread on the left, unless somebody writes there. A thread may be opened before the witness
// has seen its first message: then each refresh of the next minute looks again.
export async function meet(channel, thread, until = Date.now() + 60000) {
  unmet = null;
  const r = (await places()).find((row) => row.channel === channel && row.thread === thread);
  if (app.writing || document.activeElement?.closest('#mail') || at().thread !== thread) return;
  if (!r) { if (Date.now() < until) unmet = { channel, thread, until }; return; }
  if (r.box !== app.customer || r.chat !== app.chat) openCustomer(r.box, r.chat);
}

// tellElsewhere says where a customer's words went, when that is not what is shown.
export async function tellElsewhere() {
  const r = (await places()).find((row) => row.box === app.customer && row.chat === app.chat);
  if (!r || r.surface === app.surface) return;
  toast(`This conversation is in ${called[r.surface]}. Show it`, () => { tab(r.surface); half().openThread(r.channel, r.thread); });
}

let loading = null, again = false;

// question is what the server is asked: what is open, and for whom.
const question = () => new URLSearchParams({ as: app.as, channel: app.channel, thread: app.thread, customer: app.customer, chat: app.chat,
  ...(boot.teams && { teams_as: me(), teams_channel: app.teams.channel, teams_thread: app.teams.thread }) });

// refresh asks the server for everything that is shown; once it is done, that is what was
// open when refresh was called, or later.
export function refresh() {
  if (loading) again = true; else loading = load().finally(() => { loading = null; });
  return loading;
}

async function load() {
  do {
    again = false;
    const q = question();
    try {
      const r = await fetch(`/state?${q}`);
      const next = await r.json();
      if (q.toString() !== question().toString()) { again = true; continue; }
      const before = app.state;
      if (before && before.round !== next.round) { startedOver(); await new Promise(() => {}); } // the page goes
      app.state = next;
      show();
      tell(before, next);
      if (unmet) meet(unmet.channel, unmet.thread, unmet.until);
    } catch {
      if (app.state) { app.state.phase = 'The demo does not answer. Start it again, then reload this page.'; showBar(); }
    }
  } while (again);
}

// now is the world's time, in ms.
export const now = () => Date.now() + (app.state?.ahead || 0) * 1000;

function show() {
  names.me = app.as;
  names.now = now;
  showBar();
  showMail();
  showSurfaces();
  if (app.surface === 'teams') teams.showTeams(); else { slack.showSlack(); showModal(); }
  showTour();
  showJourney();
  showPlugs();
}

// visible tells whether a pane can be seen now.
export function visible(pane) {
  return document.visibilityState === 'visible' && document.getElementById(pane).checkVisibility();
}

// tell makes toasts of what happened where nobody looks.
let asBefore = '';
function tell(before, next) {
  if (!before || asBefore !== app.as) { asBefore = app.as; mails = unread(next); return; }
  const fresh = next.slack.noticed - before.slack.noticed;
  for (const n of (next.slack.notices || []).slice(-Math.max(0, Math.min(fresh, 3)))) {
    if (fresh <= 0 || app.surface !== 'slack' || (n.thread && n.thread === app.thread && visible('slack'))) continue;
    const who = names.user(n.from);
    const what = { mention: `${who} mentioned you`, thread_reply: `${who} wrote in a thread you follow`, here: `${who} wrote to everybody here`, dm: `${who} wrote to you` }[n.kind] || who;
    toast(`💬 ${what}`, () => { tab('slack'); slack.openThread(n.channel, n.thread || n.ts); });
  }
  if (app.surface === 'teams') tellTeams(before, next);
  const now = unread(next), onPhone = chats(next), earlier = chats(before);
  for (const c of next.mail.customers || []) {
    if ((onPhone[c.address] || 0) > (earlier[c.address] || 0) && !(c.address === app.customer && app.chat && visible('mail'))) toast(`📱 A message for ${c.name}`, () => { tab('mail'); openCustomer(c.address, c.waiting); });
  }
  for (const c of next.mail.customers || []) {
    if ((now[c.address] || 0) > (mails[c.address] || 0)) toast(`✉️ New mail for ${c.name}`, () => { tab('mail'); openCustomer(c.address); });
  }
  mails = now;
}
let mails = {};

function tellTeams(before, next) {
  const fresh = Math.min(next.teams.noticed - before.teams.noticed, 3);
  for (const a of fresh > 0 ? next.teams.activity.slice(0, fresh).reverse() : []) {
    const looking = visible('teams') && (a.thread ? a.thread === app.teams.thread : app.teams.place === 'chat');
    if (!looking) toast(`💬 ${userName(a.user)} ${{ mention: 'mentioned you', reply: 'replied where you wrote', chat: 'wrote to you' }[a.kind]}`, () => { tab('teams'); teams.openThread(a.channel, a.thread); });
  }
}

const chats = (s) => Object.fromEntries((s.mail.customers || []).map((c) => [c.address, c.chats]));
const unread = (s) => Object.fromEntries((s.mail.customers || []).map((c) => [c.address, c.unread]));

// face is the world's clock in words.
function face() {
  const d = new Date(now());
  return d.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short' }) + ' ' + d.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
}

function showBar() {
  const phase = document.getElementById('phase');
  const text = app.state.phase;
  if (phase.textContent !== text) phase.textContent = text;
  phase.classList.toggle('waiting', text !== '');
  const ahead = app.state.ahead;
  const clock = document.getElementById('clock');
  const label = `🕐 ${face()}${ahead ? ` (+${Math.round(ahead / 3600)} h)` : ''}`;
  if (clock.textContent !== label) clock.textContent = label;
}

// tab shows one pane in a narrow window.
export function tab(name) {
  if (name === 'slack' || name === 'teams') view(name);
  stage.dataset.tab = name;
  for (const b of document.querySelectorAll('.tabs button')) b.setAttribute('aria-pressed', String(b.dataset.tab === name));
  if (name === 'journey') toggleJourney(true);
  if (name === 'plugs') togglePlugs(true);
  if (app.state) show();
}

// view shows a surface in the right half, and keeps that in the address.
function view(surface) {
  if (app.surface === surface) return;
  app.surface = surface;
  const modal = document.getElementById('modal');
  if (modal.open) modal.close();
  leaveModal();
  teams.leaveDialog();
  const url = new URL(location.href);
  url.searchParams.set('surface', surface);
  history.replaceState(null, '', url);
}

// showSurfaces shows which surface is on the page, and says so when conversations open in
// the other.
const called = { slack: 'Slack', teams: 'Teams' };
function showSurfaces() {
  const box = document.getElementById('surfaces'), home = app.state.home;
  box.hidden = !boot.teams;
  for (const b of box.querySelectorAll('button')) {
    b.setAttribute('aria-pressed', String(b.dataset.surface === app.surface));
    b.classList.toggle('home', b.dataset.surface === home);
    b.title = b.dataset.surface === home ? `New conversations open in ${called[home]}` : `Show ${called[b.dataset.surface]}, and open new conversations there`;
  }
  for (const name of ['slack', 'teams']) {
    document.getElementById(name).hidden = name !== app.surface;
    document.querySelector(`.tabs [data-tab=${name}]`).hidden = name !== app.surface;
  }
  document.getElementById('skip').href = `#${app.surface}`;
}

// elsewhere leads to what is open in the other half; null = nothing is.
export function elsewhere() {
  const other = app.surface === 'teams' ? 'slack' : 'teams', n = boot.teams ? (other === 'teams' ? teams : slack).roots().length : 0;
  return n > 0 ? h('p', { class: 'elsewhere' }, `${n} ${n === 1 ? 'conversation is' : 'conversations are'} open in ${called[other]}. `,
    h('button', { type: 'button', class: 'linkbutton', dataset: { focus: `show-${other}` }, onclick: () => tab(other) }, 'Show')) : null;
}

// legend tells what the signs mean: ⏳ and 🔒 mean something else on a card than below a message.
export const legend = () => h('details', { class: 'legend' }, h('summary', {}, 'What the signs mean'),
  signs('Below what you type', ['⏳ leaves in a moment; press it to take it back', '✔️ sent', '☑️ delivered', '👓 read', '🔒 stays inside', '⚠️ not delivered']),
  signs('On a card', ['🔵 nobody has it yet', '🟢 somebody has it', '⏳ waiting for the customer', '💤 snoozed', '✅ resolved', '🔒 the reply window is closed until the customer writes']));

const signs = (where, list) => h('div', {}, h('strong', {}, where), h('ul', {}, list.map((s) => h('li', {}, s))));

// choose shows a surface and makes conversations open there.
async function choose(surface) {
  tab(surface);
  try { localStorage.setItem('surface', surface); } catch { /* storage is off */ }
  const was = app.state.home;
  const out = await call('/surface', new URLSearchParams({ to: surface }));
  if (out && was !== surface) toast(`New conversations open in ${called[surface]} from now on. Those in ${called[was]} stay there.`);
  refresh();
}
for (const b of document.querySelectorAll('#surfaces button')) b.addEventListener('click', () => choose(b.dataset.surface));

// jump lets time pass.
export async function jump(to) {
  const moved = await call('/clock', new URLSearchParams({ to }));
  await refresh();
  if (moved) toast(`Clock moved to ${face()}.`);
}

document.getElementById('clock').addEventListener('click', (e) => menu(e.currentTarget, [
  { label: 'One hour later', hint: 'for Parley, the mail servers and the team’s chat', act: () => jump('hour') },
  { label: 'Tomorrow at 9:00', hint: 'when most snoozes end', act: () => jump('morning') },
  { label: '24 hours later', hint: 'the same time tomorrow', act: () => jump('day') },
], 'Let time pass'));
document.getElementById('journeybutton').addEventListener('click', () => toggleJourney());
document.getElementById('plugbutton').addEventListener('click', () => togglePlugs());
document.getElementById('tourbutton').addEventListener('click', () => toggleTour());
document.getElementById('theme').addEventListener('click', () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
  try { localStorage.setItem('theme', root.dataset.theme); } catch { /* storage is off */ }
});
for (const b of document.querySelectorAll('.tabs button')) b.addEventListener('click', () => tab(b.dataset.tab));

// Links to messages stay in the page.
function follow(path) {
  const m = /^#?\/?(?:archives\/)?([CDG]\w+)\/p?(\d+)\.?(\d{6})(?:\?.*thread_ts=([\d.]+))?/.exec(path);
  if (m) { tab('slack'); slack.openThread(m[1], m[4] || `${m[2]}.${m[3]}`); }
  const t = boot.teams && /^#([^/]+)\/(\d+)$/.exec(path);
  if (t && !m) { tab('teams'); teams.openThread(decodeURIComponent(t[1]), t[2]); }
}
document.addEventListener('click', (e) => {
  const a = e.target.closest?.('a[data-archive]');
  if (a) { e.preventDefault(); follow(new URL(a.href).pathname + new URL(a.href).search); }
  const t = e.target.closest?.('a[data-teams]');
  if (t) { e.preventDefault(); const p = JSON.parse(t.dataset.teams); tab('teams'); teams.openThread(p.channel, p.thread); }
});

// first is the surface to begin with: what the address says, else what was chosen for this
// demo, else what this browser chose the last time.
function first() {
  if (!boot.teams) return 'slack';
  const asked = new URLSearchParams(location.search).get('surface');
  if (called[asked]) return asked;
  let last = null;
  try { last = localStorage.getItem('surface'); } catch { /* storage is off */ }
  return boot.chosen || !called[last] ? boot.home : last;
}

const begin = first();
tab(begin);
await refresh();
if (boot.teams && !boot.chosen && begin !== boot.home) await choose(begin);
resume();
if (location.hash) follow(location.hash);
const events = new EventSource('/events');
events.onmessage = () => refresh();
events.onerror = () => { if (app.state) { app.state.phase = 'The demo does not answer. Start it again, then reload this page.'; showBar(); } };
setInterval(() => { if (app.state) showBar(); }, 5000);
document.documentElement.dataset.ready = 'yes';
addEventListener('visibilitychange', () => refresh());
