// The inputs of Adaptive Cards. A form keeps them by id: read gives what is filled in, check
// says what is wrong with it.
import { h } from './dom.js';

let serial = 0;

// input shows an Input.* and adds it to form.
export function input(e, form) {
  const id = `ac${++serial}`;
  const wrong = h('p', { class: 'error', id: `${id}-wrong`, role: 'alert' });
  const ctx = { e, id, wrong };
  const made = (makers[e.type] || text)(ctx);
  const mark = () => { wrong.textContent = ''; made.control.removeAttribute('aria-invalid'); };
  made.el.addEventListener('input', mark);
  made.el.addEventListener('change', mark);
  form.inputs.push({ id: e.id, el: made.el, read: made.read, focus: () => made.control.focus(), check: () => {
    const fault = e.isRequired && made.read() === '' ? e.errorMessage || 'This is required.' : made.check?.() ? e.errorMessage || made.check() : '';
    wrong.textContent = fault;
    if (fault) made.control.setAttribute('aria-invalid', 'true');
    return !fault;
  } });
  const label = e.label && [e.label, e.isRequired && h('span', { class: 'required', 'aria-hidden': 'true' }, ' *')];
  if (made.group) return h('fieldset', { class: 'ac-input', 'aria-describedby': wrong.id }, label && h('legend', {}, label), made.el, wrong);
  return h('div', { class: 'ac-input' }, label && h('label', { for: id }, label), made.el, wrong);
}

const common = ({ e, id, wrong }) => ({ id, placeholder: e.placeholder, 'aria-describedby': wrong.id, 'aria-required': e.isRequired ? 'true' : undefined,
  'aria-label': e.label ? undefined : e.placeholder || e.title || e.id, dataset: { focus: e.id, input: e.id } });

function text(ctx) {
  const { e } = ctx;
  const props = { ...common(ctx), maxlength: e.maxLength ? String(e.maxLength) : undefined };
  const control = e.isMultiline ? h('textarea', { ...props, rows: '4' }) : h('input', { ...props, type: { Email: 'email', Url: 'url', Tel: 'tel', Password: 'password' }[e.style] || 'text', autocomplete: 'off' });
  control.value = e.value ?? '';
  const check = () => {
    if (!e.regex || control.value === '') return '';
    try { return new RegExp(e.regex).test(control.value) ? '' : 'This is not what is asked for.'; } catch { return ''; }
  };
  return { el: control, control, read: () => control.value, check };
}

function line(type) {
  return (ctx) => {
    const control = h('input', { ...common(ctx), type, min: ctx.e.min, max: ctx.e.max });
    control.value = ctx.e.value ?? '';
    return { el: control, control, read: () => control.value, check: () => (control.validity.valid ? '' : control.validationMessage) };
  };
}

function toggle(ctx) {
  const { e, id } = ctx;
  const control = h('input', { ...common(ctx), type: 'checkbox', 'aria-label': undefined });
  control.checked = e.value !== undefined && e.value === (e.valueOn ?? 'true');
  return { el: h('div', { class: 'ac-toggle' }, control, h('label', { for: id }, e.title || '')), control, read: () => (control.checked ? 'true' : 'false') };
}

function choices(ctx) {
  const { e } = ctx;
  return e.isMultiSelect || e.style !== 'compact' && e.style !== undefined ? boxes(ctx) : select(ctx);
}

function select(ctx) {
  const { e } = ctx;
  const own = (e.choices || []).some((c) => c.value === '');
  const control = h('select', common(ctx), !own && h('option', { value: '' }, e.placeholder || 'Select'), (e.choices || []).map((c) => h('option', { value: c.value }, c.title)));
  control.value = e.value ?? '';
  return { el: control, control, read: () => control.value };
}

// boxes are choices that are ticked; many can be searched.
function boxes(ctx) {
  const { e, id } = ctx;
  const chosen = (e.value ?? '').split(',');
  const list = (e.choices || []).map((c) => {
    const tick = h('input', { type: e.isMultiSelect ? 'checkbox' : 'radio', name: id, value: c.value, dataset: { focus: `${e.id}/${c.value}` } });
    tick.checked = e.isMultiSelect ? chosen.includes(c.value) && c.value !== '' : c.value === (e.value ?? '');
    return { tick, el: h('label', {}, tick, h('span', {}, c.title)), text: c.title.toLowerCase() };
  });
  const search = e.style === 'filtered' && h('input', { type: 'search', placeholder: e.placeholder || 'Search', 'aria-label': `Search: ${e.label || ''}`, autocomplete: 'off', oninput: () => {
    for (const c of list) c.el.hidden = !c.tick.checked && !c.text.includes(search.value.trim().toLowerCase());
  } });
  search?.addEventListener?.('keydown', (ev) => { if (ev.key === 'Enter') ev.preventDefault(); });
  const el = h('div', { class: 'ac-choices', id, dataset: { input: e.id } }, search, h('div', { class: list.length > 6 ? 'checks' : 'few' }, list.map((c) => c.el)));
  const control = search || list[0]?.tick || el;
  return { el, control, group: true, read: () => list.filter((c) => c.tick.checked && c.tick.value !== '').map((c) => c.tick.value).join(',') };
}

const makers = { 'Input.Text': text, 'Input.Number': line('number'), 'Input.Date': line('date'), 'Input.Time': line('time'), 'Input.Toggle': toggle, 'Input.ChoiceSet': choices };
