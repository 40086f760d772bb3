// The drawer "Pull the plug": what can be cut, and the witness' journal of what arrived.
import { h, replace, toast } from './dom.js';
import { boot } from './boot.js';
import { app, call, half, jump, now, refresh, tab } from './app.js';
import { toggleJourney } from './journey.js';
import { openCustomer } from './mail.js';

let open = false, journal = null, heard = 0; // heard: when the state was told, by this machine's clock
const box = () => document.getElementById('plugs');
const remember = (key, value) => { try { if (value) sessionStorage.setItem(key, value); else sessionStorage.removeItem(key); } catch { /* storage is off */ } };
const remembered = (key) => { try { return sessionStorage.getItem(key); } catch { return null; } };

// togglePlugs opens or closes the drawer.
export function togglePlugs(on) {
  open = on ?? !open;
  remember('plugs', open && 'open');
  document.getElementById('plugbutton').setAttribute('aria-expanded', String(open));
  box().hidden = !open;
  if (open) { toggleJourney(false); showPlugs(); } else if (document.getElementById('stage').dataset.tab === 'plugs') tab(app.surface);
}

// resume opens what was open before the demo started over, and says that it has.
export function resume() {
  if (remembered('plugs')) { if (matchMedia('(max-width: 800px)').matches) tab('plugs'); else togglePlugs(true); }
  if (!remembered('over')) return;
  remember('over', null);
  toast('The demo starts over: an empty database, empty mailboxes, the clock at now.');
}

// startedOver loads the page anew: nothing that it shows is there any more.
export function startedOver() {
  remember('over', 'yes');
  history.replaceState(null, '', location.pathname + location.search);
  location.reload();
}

// showPlugs draws the drawer, and asks for the journal anew.
export async function showPlugs() {
  tellReturns();
  document.getElementById('plugbutton').classList.toggle('pulled', pulled().length > 0);
  if (!open) return;
  draw();
  try {
    const r = await fetch('/journal');
    journal = await r.json();
  } catch { return; } // the bar says that the demo is gone
  draw();
}

const names = { slack: 'Slack', ...(boot.teams && { teams: 'Teams' }), mail: 'Mail', parley: 'Parley' };
const pulled = () => Object.keys(names).filter((n) => ['cut', 'down'].includes(app.state.plugs[n].state));

// tellReturns says when a line is whole again.
let before = {};
function tellReturns() {
  heard = Date.now();
  for (const [line, name] of Object.entries(names)) {
    const state = app.state.plugs[line].state;
    if (before[line] && before[line] !== 'on' && state === 'on' && !pulled().length) toast(`🔌 ${name} ${line === 'parley' ? 'runs' : 'is connected'} again.`);
    before[line] = state;
  }
}

function draw() {
  if (!box().children.length) {
    box().append(h('header', {}, h('h2', {}, 'Pull the plug'), h('button', { type: 'button', class: 'close', 'aria-label': 'Close', onclick: () => togglePlugs(false) }, '×')),
      h('p', { class: 'muted' }, 'Cut something, write as a customer and as an agent, and watch the journal below.'),
      h('ul', { class: 'lines' }), h('div', { class: 'clockline' }), h('div', { class: 'tally' }), h('ol', { class: 'records', 'aria-label': 'What was said, the newest first' }));
  }
  lines();
  clockLine();
  tally();
  records();
}

// The lines.
const acts = {
  slack: { pull: ['Cut Slack', 'cut'], mend: ['Plug in', 'in'], what: 'Its sockets drop, its API refuses connections' },
  teams: { pull: ['Cut Teams', 'cut'], mend: ['Plug in', 'in'], what: 'Its requests do not reach Parley, its service refuses connections' },
  mail: { pull: ['Cut mail', 'cut'], mend: ['Plug in', 'in'], what: 'IMAP and SMTP drop and refuse connections' },
  parley: { pull: ['Kill Parley', 'kill'], mend: ['Start now', 'start'], what: 'SIGKILL, like a power cut' },
};

function stateText(line, s) {
  const gone = Date.now() - heard;
  const seconds = (ms) => `${Math.max(0, Math.round(ms / 1000))} s`;
  switch (s.state) {
    case 'cut': return `Cut for ${seconds(s.for + gone)}. Plugs itself in after ${seconds(s.back - gone)}.`;
    case 'down': return `Killed ${seconds(s.for + gone)} ago. Starts by itself in ${seconds(s.back - gone)}.`;
    case 'dialling': return app.state.plugs.parley.state === 'on' ? 'Plugged in. Parley is dialling …' : 'Plugged in. Parley isn’t there.';
    case 'starting': return 'Starting …';
  }
  if (line !== 'parley') return 'Connected';
  return s.times ? `Runs again, was killed ${s.times === 1 ? 'once' : `${s.times} times`}` : 'Runs';
}

function lines() {
  const p = app.state.plugs;
  const ul = box().querySelector('.lines');
  replace(ul, JSON.stringify(Object.keys(names).map((n) => [p[n].state, p[n].can, p[n].times])), () => Object.keys(names).map((line) => {
    const s = p[line], off = ['cut', 'down'].includes(s.state);
    const [label, to] = off ? acts[line].mend : acts[line].pull;
    return h('li', { class: s.state, dataset: { line } }, h('span', { class: 'lamp', 'aria-hidden': 'true' }), h('div', {}, h('strong', {}, names[line]), h('p', { id: `line-${line}` })),
      s.can && h('button', { type: 'button', class: off ? 'primary' : 'plainbutton', disabled: s.state === 'starting', 'aria-describedby': `line-${line}`, 'aria-label': off && line !== 'parley' ? `Plug ${names[line]} in` : undefined,
        title: off ? undefined : acts[line].what, dataset: { focus: `plug-${line}` }, onclick: () => pull(line, to) }, label));
  }));
  for (const li of ul.children) {
    const text = stateText(li.dataset.line, p[li.dataset.line]);
    const el = li.querySelector('p');
    if (el.textContent !== text) el.textContent = text;
  }
}

async function pull(line, to) {
  await call('/plug', new URLSearchParams({ line, to }));
  refresh();
}

// The clock, and the way back to the beginning.
function clockLine() {
  const ahead = app.state.ahead;
  const day = new Date(now()).toLocaleString('en-GB', { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
  replace(box().querySelector('.clockline'), JSON.stringify([ahead, day, app.state.plugs.reset]), () => [
    h('p', { id: 'line-clock' }, h('strong', {}, 'Clock'), ` ${day}${ahead ? `, ${Math.round(ahead / 3600)} h ahead` : ''}`),
    h('div', { class: 'row', role: 'group', 'aria-label': 'Let time pass' }, [['hour', '+1 h'], ['morning', 'Tomorrow 9:00'], ['day', '+24 h']].map(([to, label]) =>
      h('button', { type: 'button', class: 'plainbutton', dataset: { focus: `jump-${to}` }, onclick: () => jump(to) }, label)),
    app.state.plugs.reset && h('button', { type: 'button', class: 'plainbutton over', dataset: { focus: 'over' }, onclick: askReset }, 'Reset'))]);
}

function askReset() {
  const d = h('dialog', { class: 'modal small', 'aria-labelledby': 'overtitle' });
  const form = h('form', { onsubmit: async (e) => { e.preventDefault(); d.close(); await call('/reset', new URLSearchParams()); refresh(); } },
    h('header', {}, h('h2', { id: 'overtitle' }, 'Reset the demo?'), h('button', { type: 'button', class: 'close', 'aria-label': 'Close', onclick: () => d.close() }, '×')),
    h('p', {}, 'All mails, threads and settings of this demo go, lines are plugged in, the clock goes back. It takes a few seconds.'),
    h('footer', {}, h('button', { type: 'button', class: 'plainbutton', onclick: () => d.close() }, 'Cancel'), h('button', { class: 'primary' }, 'Reset')));
  d.append(form);
  d.addEventListener('close', () => d.remove());
  document.body.append(d);
  d.showModal();
}

// The witness.
function tally() {
  const c = journal?.counts;
  if (!c) return;
  replace(box().querySelector('.tally'), JSON.stringify(c), () => [
    h('h3', {}, 'What a witness outside Parley sees'),
    h('dl', {}, [['said', c.said], ['arrived', c.arrived, 'good'], ['waiting', c.waiting, c.waiting && 'warn'], ['lost', c.lost, c.lost && 'bad'], ['doubled', c.doubled, c.doubled && 'bad'],
      ['out of order', c.disordered, c.disordered && 'bad'], c.leaked > 0 && ['leaked', c.leaked, 'bad']].filter(Boolean).map(([name, n, tone]) => h('div', { class: tone || '', dataset: { count: name } }, h('dt', {}, name), h('dd', {}, String(n))))),
    h('p', { class: 'sum', role: 'status' }, sum(c))]);
}

function sum(c) {
  const bad = [c.lost && `${c.lost} lost`, c.doubled && `${c.doubled} ${c.doubled === 1 ? 'duplicate' : 'duplicates'}`, c.disordered && `${c.disordered} out of order`, c.leaked && `${c.leaked} leaked`].filter(Boolean);
  const beside = [c.inside && `${c.inside} internal`, c.withdrawn && `${c.withdrawn} undone`].filter(Boolean).join(' and ');
  const tail = beside ? ` Not counted: ${beside}.` : '';
  if (bad.length) return `Broken: ${bad.join(', ')}.${tail}`;
  if (c.waiting) return `${c.waiting} on the way${c.asked ? `, of which ${c.asked} with a person who decides` : ''}; nothing lost.${tail}`;
  return c.said ? `All ${c.said} arrived, each once and in order.${tail}` : 'Nobody has said anything.';
}

// The journal: a line for each message, the newest first.
function records() {
  if (!journal) return;
  const p = app.state.plugs;
  const list = box().querySelector('.records');
  replace(list, JSON.stringify([journal.rows, pulled(), p.slack.state, p.teams.state, p.mail.state, p.parley.state]), () => (journal.rows.length ? journal.rows.map(record) : [h('li', { class: 'empty' }, 'What people say is listed here.')]));
}

const clock = (at) => new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

function record(r) {
  const into = r.way === 'in' ? 'in the thread' : 'in the mailbox';
  const sent = ['accepted', 'sent', 'delivered', 'read'].includes(r.delivery);
  const off = r.state === 'inside' || r.state === 'withdrawn';
  const steps = [['said', true, clock(r.at)], ['accepted', r.accepted, ''], [r.way === 'in' ? 'posted' : 'sent', sent || r.copies > 0, ''], ['seen', r.copies > 0, r.seen_at && clock(r.seen_at)]];
  return h('li', { class: r.state, dataset: { state: r.state } },
    h('button', { type: 'button', class: 'goto', dataset: { focus: `rec-${r.key}` }, title: r.thread ? 'Open the thread' : 'Open the mailbox', onclick: () => go(r) },
      h('span', { class: 'whom' }, h('b', {}, r.who), h('span', { 'aria-label': 'to' }, ' → '), h('span', {}, r.whom)), h('span', { class: 'said' }, r.text)),
    h('ol', { class: 'steps' }, steps.map(([name, done, fact]) => h('li', { class: done ? 'done' : off ? 'off' : 'todo' }, h('b', {}, name), h('span', { class: 'sr' }, done ? ': yes' : off ? ': no, as it should be' : ': not yet'), h('small', {}, (done && fact) || '')))),
    h('p', { class: 'note' }, note(r, into)));
}

function note(r, into) {
  const p = app.state.plugs;
  const faults = [r.copies > 1 && `It arrived ${r.copies} times!`, r.late && 'It arrived out of order!', r.state === 'inside' && r.copies > 0 && 'A customer saw it!'].filter(Boolean).join(' ');
  if (faults) return faults;
  switch (r.state) {
    case 'arrived': return '';
    case 'inside': return 'Among colleagues: not for the customer.';
    case 'withdrawn': return 'Taken back by its author before it left.';
    case 'asked': return 'A person was told and decides: the thread says so.';
    case 'lost': return `Lost: Parley has nothing left to do, and it isn't ${into}.`;
  }
  const chat = r.surface || app.state.home;
  const ears = r.way === 'in' ? 'mail' : chat, mouth = r.way === 'in' ? chat : 'mail';
  if (p.parley.state !== 'on') return r.accepted ? 'Stored. Waits until Parley is back.' : 'Waits until Parley is back.';
  if (!r.accepted) return p[ears].state === 'on' ? 'Parley is about to take it.' : `Waits: ${names[ears]} is ${p[ears].state === 'cut' ? 'cut' : 'coming back'}.`;
  if (r.held) return 'Stored. Waits a moment, so that it can be taken back.';
  if (p[mouth].state !== 'on') return `Stored. Waits: ${names[mouth]} is ${p[mouth].state === 'cut' ? 'cut' : 'coming back'}.`;
  return r.error ? `Stored. Tried ${r.attempt} ${r.attempt === 1 ? 'time' : 'times'}, is tried again.` : 'Stored, on its way.';
}

function go(r) {
  if (r.thread) { tab(r.surface); half().openThread(r.channel, r.thread); } else { tab('mail'); openCustomer(r.box, r.chat); }
}

setInterval(() => { if (open && app.state) { lines(); clockLine(); } }, 1000);
