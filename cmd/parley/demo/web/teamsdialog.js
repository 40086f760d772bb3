// Teams' dialogs: a card that is filled in and submitted, until the app closes it.
import { h } from './dom.js';
import { app } from './app.js';
import { card } from './adaptive.js';
import { act, outcomeFault } from './teamsact.js';
import { toast } from './dom.js';

let shown = '';

// showDialog follows the dialog that is open in front of the person.
export function showDialog() {
  const d = document.getElementById('modal');
  const v = app.state.teams.dialog;
  if (!v) {
    if (shown && d.open) d.close();
    shown = '';
    return;
  }
  const print = JSON.stringify([app.as, v.title, v.card, v.url]);
  if (print === shown) return;
  shown = print;
  const had = d.open && d.contains(document.activeElement) && document.activeElement.dataset.focus;
  const wrong = h('p', { class: 'error general', role: 'alert' });
  const body = v.card ? card(v.card, { press: (p) => submit(p, wrong) }) : h('iframe', { class: 't-page', src: v.url, title: v.title || 'Parley', 'aria-busy': 'true', onload: (e) => e.target.removeAttribute('aria-busy') });
  d.className = `modal t-dialog ${typeof v.width === 'string' ? v.width : 'medium'}`;
  d.replaceChildren(h('div', { class: 't-window' },
    h('header', {}, h('img', { src: '/assets/icon.svg', alt: '', width: '24', height: '24' }), h('h2', { id: 'modaltitle' }, v.title || 'Parley'),
      h('button', { type: 'button', class: 'close', 'aria-label': 'Close', onclick: close }, '×')),
    h('div', { class: 'modalbody' }, body, wrong)));
  if (!d.open) d.showModal();
  const field = d.querySelector('.modalbody :is(input, select, textarea)');
  const chosen = field?.type === 'radio' && d.querySelector(`input[name="${field.name}"]:checked`);
  ((had && d.querySelector(`[data-focus="${CSS.escape(had)}"]`)) || chosen || field || d.querySelector('.modalbody button') || d.querySelector('.close')).focus();
}

async function submit({ button, inputs }, wrong) {
  wrong.textContent = '';
  const out = await act('submit', { name: button, inputs }, true);
  const fault = out?.error || outcomeFault(out?.outcome);
  if (fault) wrong.textContent = fault;
  else if (out?.outcome?.message) toast(out.outcome.message);
}

const close = () => act('close', {}, true);

// A page in a dialog says when it is done, as Teams' library for pages does: what it hands in
// goes to the app.
window.addEventListener('message', async (e) => {
  const frame = document.querySelector('#modal iframe.t-page');
  if (!frame || e.source !== frame.contentWindow || e.data?.func !== 'tasks.completeTask') return;
  const out = await act('complete', { result: e.data.args?.[0] ?? null }, true);
  const fault = out?.error || outcomeFault(out?.outcome);
  if (fault) toast(fault, null, 'bad');
});

// leaveDialog takes the dialog off the page, when another surface is shown.
export function leaveDialog() {
  shown = '';
}

document.getElementById('modal').addEventListener('cancel', (e) => {
  if (!shown) return;
  e.preventDefault();
  close();
});
