// Slack's modals, in one dialog that shows the top view of the stack.
import { h, toast } from './dom.js';
import { act, app, refresh } from './app.js';
import { blocks } from './blocks.js';

let shown = '', values = {}, busy = false;

// showModal follows the person's open views.
export function showModal() {
  const d = document.getElementById('modal');
  const views = app.state.slack.views || [];
  const v = views.at(-1);
  if (!v) {
    shown = '';
    if (d.open) d.close();
    return;
  }
  const print = `${app.as} ${v.id} ${v.hash}`;
  if (print === shown) return;
  const before = shown.startsWith(`${app.as} ${v.id} `) ? values : {};
  values = {}; // of the inputs that the view has now: an updated one may have others
  d.className = 'modal';
  shown = print;
  const on = { values, before, click: (ref, picked) => press(v, ref, picked), suggest: (ref, text) => suggest(v, ref, text) };
  d.replaceChildren(h('form', { novalidate: true, onsubmit: (e) => { e.preventDefault(); submit(v); } },
    h('header', {}, h('h2', { id: 'modaltitle' }, v.title?.text || 'Parley'),
      h('button', { type: 'button', class: 'close', 'aria-label': 'Close', onclick: () => close(v, true) }, '×')),
    h('div', { class: 'modalbody' }, blocks(v.blocks, on), h('p', { class: 'error general', role: 'alert' })),
    h('footer', {}, h('button', { type: 'button', class: 'plainbutton', onclick: () => close(v, false) }, v.close?.text || 'Cancel'),
      v.submit && h('button', { class: 'primary', dataset: { focus: 'submit' } }, v.submit.text))));
  if (!d.open) d.showModal();
  (d.querySelector('[autofocus]') || d.querySelector('.modalbody input, .modalbody select, .modalbody textarea') || d.querySelector('footer button')).focus();
}

async function press(v, ref, picked) {
  await act('click', { view: v.id, action: ref, picked });
}

async function suggest(v, ref, text) {
  const out = await act('suggest', { view: v.id, action: ref, text }, true);
  return out?.values || [];
}

async function submit(v) {
  if (busy) return;
  const missing = v.blocks.filter((b) => b.type === 'input' && !b.optional && !values[`${b.block_id}/${b.element.action_id}`]?.some(Boolean));
  mark(Object.fromEntries(missing.map((b) => [b.block_id, 'Please complete this required field.'])));
  if (missing.length) return;
  busy = true;
  const out = await act('submit', { view: v.id, values }, true);
  busy = false;
  if (!out) return;
  mark(out.outcome?.errors || {});
  if (out.error || out.outcome?.error) document.querySelector('#modal .general').textContent = out.error || 'Parley did not answer in time. Try again.';
  refresh();
}

// mark shows what is wrong, by block, and puts the cursor into the first such field.
function mark(errors) {
  const d = document.getElementById('modal');
  d.querySelectorAll('.error').forEach((e) => { e.textContent = ''; });
  d.querySelectorAll('[aria-invalid]').forEach((e) => { e.removeAttribute('aria-invalid'); });
  for (const [block, text] of Object.entries(errors)) {
    const field = d.querySelector(`[data-block="${CSS.escape(block)}"]`);
    (field?.querySelector('.error') || d.querySelector('.general')).textContent = text;
    field?.querySelector('input, select, textarea')?.setAttribute('aria-invalid', 'true');
  }
  d.querySelector('[aria-invalid]')?.focus();
}

async function close(v, all) {
  await act('close', { view: v.id, all }, true);
  refresh();
}

// leaveModal takes the modal off the page, when another surface is shown.
export function leaveModal() {
  shown = '';
}

document.getElementById('modal').addEventListener('cancel', (e) => {
  if (app.surface !== 'slack') return;
  e.preventDefault();
  const v = app.surface === 'slack' && (app.state.slack.views || []).at(-1);
  if (v) close(v, false).catch(() => toast('The window could not be closed.', null, 'bad'));
});
