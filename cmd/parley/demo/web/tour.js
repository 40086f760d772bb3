// The guided tour: steps that tick off when Parley or a mailbox shows them done, or a page was opened.
import { h, replace, toast } from './dom.js';
import { app, at, boot, half, tab } from './app.js';

const box = () => document.getElementById('tour');
const stored = () => { try { return localStorage.getItem('tour'); } catch { return null; } };
let open = stored() !== 'closed', skipped = new Set(), was = '';

// go opens the thread that the tour talks about: the open one, else the newest.
async function go(text) {
  tab(app.surface);
  await half().goHome();
  const open = half().roots();
  const root = open.find((m) => m.id === at().thread) || open[0];
  if (!root) { toast(app.state.home === app.surface ? 'Every conversation is resolved. Write a new mail on the left.' : 'No open conversation is here. Write a new mail on the left, after choosing above where it opens.'); return false; }
  await half().openThread(root.channel, root.id);
  if (text) half().compose(typeof text === 'function' ? text(root) : text);
  return true;
}

// suggested opens the newest thread of which a note offers a reply.
async function suggested() {
  tab(app.surface);
  await half().goHome();
  for (const root of half().roots()) {
    await half().openThread(root.channel, root.id);
    if (document.querySelector(button('Use reply'))) { pulse(button('Use reply')); return; }
  }
  toast('No thread has a suggestion yet. Write a mail on the left: “A mug arrived broken, what can I do?”');
}

function pulse(selector) {
  const all = document.querySelectorAll(selector);
  const el = all[all.length - 1];
  if (!el) return;
  el.scrollIntoView({ block: 'nearest' });
  el.classList.add('pulse');
  el.focus();
  setTimeout(() => el.classList.remove('pulse'), 4000);
}

// page opens a page of the site beside this one.
const page = (to) => window.open(`/site?to=${to}`, '_blank', 'noopener');

const button = (label) => `#${app.surface} .threadpane [data-label="${label}"]`;
const typed = (slack, teams) => (app.surface === 'teams' ? teams : slack);
const steps = {
  answer: { title: 'Answer a customer', text: () => `Open a thread that is yours or nobody’s, and write. After ${boot.hold} seconds the customer on the left has it. (Jonas’ is Ben’s: what Ann types there stays inside.)`, show: () => go((root) => (root.text.includes('mugs') ? 'I am sorry about that! Two new ones leave our workshop today.' : 'Thank you for writing! We are looking into it.')) },
  undo: { title: 'Undo a reply', text: () => `Write again, and within ${boot.hold} seconds delete your message or ${typed('react to it with ↩️', 'choose Undo this reply in its menu')}. The customer gets nothing.`, show: () => go('Oh, and this one I will regret') },
  note: { title: 'Leave an internal note', text: () => 'Begin with note: or //. Your colleagues see it, the customer never does.', show: () => go('note: ask the workshop about the glaze') },
  tag: { title: 'Take a suggestion', text: () => `Parley notes what a mail is about, how its author feels and whether it is urgent. Press the tag below its note, or type ${typed('!tag Complaint', '/tag Complaint')}.`, show: async () => { if (await go('')) pulse(`#${app.surface} .threadpane [data-label^="+ "]`); } },
  suggestion: { title: 'Use a suggested reply', text: () => 'Parley knows the company’s pages and templates. Where one of them answers the customer, the note names it and has a button Use reply: press it, read, change what you like, and submit.', show: () => suggested() },
  ai: { title: 'Ask for a summary', text: () => 'Type !ai: what the conversation is about stands in the thread, for colleagues only. Here no model is connected; with one, it also translates and answers questions.', show: () => go('!ai') },
  snooze: { title: 'Snooze it', text: () => `Press Snooze on the card above the thread, or type ${typed('!snooze 1h', '/snooze 1h')}.`, show: async () => { if (await go('')) pulse(button('Snooze')); } },
  wake: { title: 'Let time pass', text: () => 'Move the clock at the top. The conversation wakes, and its owner is told.', show: () => pulse('#clock') },
  resolve: { title: 'Resolve it', text: () => 'Press Resolve, or react to the card with ✅. If the customer sends another mail, the thread opens again; a chat goes on in a new one.', show: async () => { if (await go('')) pulse(button('Resolve')); } },
  settings: { title: 'Open the settings', text: () => 'Everything is set up on pages: mailboxes, numbers, people, AI. Press Sign in with Acme and choose ann@acme.test, the admin. (ben@acme.test is an agent, and sees less.)', show: () => page('settings') },
  rules: { title: 'See who gets what', text: () => 'Each mail went to somebody by itself: what says “Rechnung” to Ben, the rest to Ann; Kim is away. Press Show me: below the rules, try who would get a mail of your own.', show: () => page('rules') },
  dashboard: { title: 'See how the team does', text: () => 'Press Show me: the dashboard counts four weeks of answers, times, topics and moods. What you do here is added within seconds.', show: () => page('dashboard') },
  inbox: { title: 'Answer without the chat', text: () => `Press Show me: the inbox is for the day when ${typed('Slack', 'Teams')} is down. Pull its plug, answer there, plug in again: the thread is told.`, show: () => page('inbox') },
};

// toggleTour opens or closes the tour, and remembers that.
export function toggleTour(on) {
  open = on ?? !open;
  try { localStorage.setItem('tour', open ? 'open' : 'closed'); } catch { /* storage is off */ }
  box().print = null;
  showTour();
}

// showTour draws the step that comes next.
export function showTour() {
  const list = app.state.tour || [];
  document.getElementById('tourbutton').setAttribute('aria-expanded', String(open));
  box().hidden = !open;
  if (!open || !list.length) return;
  const done = list.filter((s) => s.done).map((s) => s.name).join();
  if (was && done.length > was.trim().length) {
    box().classList.add('ticked');
    setTimeout(() => box().classList.remove('ticked'), 2500);
  }
  was = done || ' ';
  const next = list.find((s) => !s.done && !skipped.has(s.name));
  replace(box(), `${app.surface} ${done} ${next?.name}`, () => [
    h('ol', { class: 'dots', role: 'list' }, list.map((s) => h('li', { class: s.done ? 'done' : s === next ? 'next' : '', dataset: { name: s.name } }, h('span', { class: 'sr' }, `${steps[s.name].title}: ${s.done ? 'done' : 'to do'}`)))),
    next ? h('div', { class: 'step' }, h('strong', {}, `${list.indexOf(next) + 1}. ${steps[next.name].title}`), h('span', {}, ` ${steps[next.name].text()}`)) :
      h('div', { class: 'step' }, h('strong', {}, 'That was the tour.'), h('span', {}, ' Try next: Pull the plug · Write as a new customer · ' + typed('!assign @ben · /parley help', '/assign @Ben Katz · /help'))),
    h('div', { class: 'row' }, next && h('button', { type: 'button', class: 'primary', dataset: { focus: 'tourshow', step: next.name }, onclick: () => steps[next.name].show() }, 'Show me'),
      next && h('button', { type: 'button', class: 'plainbutton', dataset: { focus: 'tourskip' }, onclick: () => { skipped.add(next.name); showTour(); } }, 'Skip'),
      h('button', { type: 'button', class: 'close', 'aria-label': 'Close the tour', dataset: { focus: 'tourclose' }, onclick: () => toggleTour(false) }, '×'))]);
}
