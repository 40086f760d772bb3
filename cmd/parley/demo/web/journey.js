// The drawer "What just happened": the last message's way through Parley.
import { h, replace } from './dom.js';
import { app, at, tab } from './app.js';
import { togglePlugs } from './plugs.js';

let open = false, asked = '';
const box = () => document.getElementById('journey');

// toggleJourney opens or closes the drawer.
export function toggleJourney(on) {
  open = on ?? !open;
  const button = document.getElementById('journeybutton');
  button.setAttribute('aria-expanded', String(open));
  box().hidden = !open;
  if (open) { asked = ''; togglePlugs(false); showJourney(); } else if (document.getElementById('stage').dataset.tab === 'journey') tab(app.surface);
}

// showJourney asks for the journey anew; the answer is drawn when it differs.
export async function showJourney() {
  if (!open) return;
  const q = new URLSearchParams(at().thread ? { channel: at().channel, thread: at().thread } : {}).toString();
  let j, ok;
  try {
    const r = await fetch(`/journey?${q}`);
    [j, ok] = [await r.json(), r.ok];
  } catch { return; } // the bar says that the demo is gone
  asked = q;
  replace(box(), JSON.stringify([j, q]), () => draw(j, ok));
}

const close = () => h('button', { type: 'button', class: 'close', 'aria-label': 'Close', dataset: { focus: 'closejourney' }, onclick: () => toggleJourney(false) }, '×');
const time = (at) => (at ? new Date(at).toLocaleTimeString('en-GB') : '');

function draw(j, ok) {
  if (!ok || !j.number) {
    return [h('header', {}, h('h2', {}, 'What just happened'), close()), h('p', { class: 'empty' }, ok ? 'Nothing yet. When somebody writes, each step of it shows here.' : 'Parley is starting.')];
  }
  const m = j.message;
  return [
    h('header', {}, h('h2', {}, 'What just happened'), close()),
    h('p', { class: 'muted' }, asked.includes('thread=') ? 'to the last message of the open thread' : 'to the newest message'),
    h('blockquote', {}, h('b', {}, `${m.author}: `), m.text.replace(/\*\*|[`#]/g, '').replace(/\n{2,}/g, '\n') || '(no text)'),
    h('ol', { class: 'stations' }, event(j), conversation(j), decision(m), deliveries(j), outcome(j)),
    j.story?.length > 0 && [h('h3', {}, `All of #${j.number}, as parley explain tells it`), h('ul', { class: 'log' }, j.story.map((l) => {
      const [at, text] = [l.slice(0, l.indexOf(' ')), l.slice(l.indexOf(' ') + 1)];
      return h('li', {}, h('time', {}, time(at)), ` ${text}`);
    }))],
  ];
}

const station = (title, tone, text, ...facts) => h('li', { class: tone }, h('h3', {}, title), h('p', {}, text), facts.length > 0 && h('p', { class: 'facts' }, facts.filter(Boolean).join(' · ')));

const called = (account) => ({ slack: 'Slack', teams: 'Teams' }[account] || account);

function event(j) {
  const e = j.event;
  if (!e) return station('Event', 'done', 'Parley made this message itself.');
  const what = e.external_id.startsWith('m:') ? (called(e.account) === e.account ? `A message came by ${{ wa: 'WhatsApp', sms: 'SMS', page: 'Messenger' }[e.account] || e.account}` : `${called(e.account)} told of a message`) : e.external_id.startsWith('i:') ? 'Somebody pressed a button or sent a form' : e.external_id.startsWith('r:') ? 'Somebody reacted' : 'A mail was found in the mailbox';
  const tone = e.refused ? 'bad' : e.pending ? 'busy' : 'done';
  return station('Event', tone, `${what}. It was stored before anything else happened.`, `#${e.id}`, e.account, `${e.bytes} bytes`, time(j.message.at), e.refused && `set aside: ${e.refused}`);
}

function conversation(j) {
  const place = j.earlier ? `Message ${j.earlier + 1} of conversation #${j.number}` : `It opened conversation #${j.number}`;
  return station('Conversation', 'done', `${place} with ${j.contact}.`, j.subject, j.status, j.assigned?.length ? `assigned to ${j.assigned.join(', ')}` : 'unassigned');
}

const fates = {
  in: ['done', 'From the customer: shown to the team.'], inside: ['done', 'Inside: the customer never sees it.'], ask: ['busy', 'Not clear whether it is meant for the customer: the author is asked, nothing is sent.'],
  waiting: ['busy', 'For the customer. It waits a moment, so that it can be taken back.'], out: ['done', 'For the customer: sent.'], failed: ['bad', 'For the customer, but it could not be delivered.'],
  unclear: ['busy', 'Nobody can tell whether it arrived: a person looks and decides.'], parked: ['busy', 'Kept for later: it can’t be sent now, or came late. The author is asked.'], undone: ['done', 'Taken back before it left.'], dropped: ['done', 'Dropped.'],
};

function decision(m) {
  const [tone, text] = fates[m.fate] || ['', m.fate];
  return station('Decision', tone, text, m.fate, m.reason && m.reason.replace(/_/g, ' '));
}

const states = {
  queued: ['busy', 'queued'], sending: ['busy', 'being sent'], unknown: ['busy', 'answer lost; looking whether it arrived'], accepted: ['done', 'accepted'], sent: ['done', 'sent'],
  delivered: ['done', 'delivered'], read: ['done', 'read'], failed: ['bad', 'given up'], cancelled: ['off', 'cancelled'], needs_decision: ['bad', 'waits for a person'],
};

function deliveries(j) {
  if (!j.deliveries?.length) return station('Delivery', 'off', 'Nothing had to be delivered.');
  const tone = ['bad', 'busy', 'done'].find((t) => j.deliveries.some((d) => states[d.state]?.[0] === t)) || 'off';
  return h('li', { class: tone }, h('h3', {}, 'Delivery'), h('ul', { class: 'sends' }, j.deliveries.map((d) => h('li', {},
    h('b', {}, d.side === 'surface' ? `to ${called(d.to)}` : `to the customer, by ${d.to}`), ` (${d.kind}): ${states[d.state]?.[1] || d.state}`,
    h('span', { class: 'facts' }, [`delivery ${d.id}`, d.attempt > 1 && `${d.attempt} attempts`, d.state === 'queued' && d.held_until && `not before ${time(d.held_until)}`, d.error].filter(Boolean).join(' · '))))));
}

function outcome(j) {
  const m = j.message;
  const bad = (j.deliveries || []).find((d) => ['failed', 'needs_decision'].includes(d.state));
  if (bad) return station('Outcome', 'bad', bad.error || 'It needs a person; the thread says so.');
  if (m.fate === 'in') return (j.deliveries || []).every((d) => states[d.state]?.[0] === 'done') ? station('Outcome', 'done', 'It is in the thread, once.') : station('Outcome', 'busy', 'On its way to the thread.');
  if (m.fate === 'out') return station('Outcome', 'done', "It is with the customer, once, and marked in the thread.");
  if (m.fate === 'undone') return station('Outcome', 'done', 'The customer got nothing.');
  if (m.fate === 'inside') return station('Outcome', 'done', 'It stays in the thread.');
  const held = (j.deliveries || []).find((d) => d.state === 'queued' && d.held_until);
  if (m.fate === 'waiting') return station('Outcome', 'busy', held ? `It leaves at ${time(held.held_until)}, unless it is taken back.` : 'It is about to leave.');
  return station('Outcome', 'busy', 'A person decides: the thread asks.');
}
