// Block Kit as nodes. on is what clicks lead to: on.click(ref, picked, anchor), and for
// modals on.modal with on.values, the inputs by ref ("block_id/action_id").
import { h, menu } from './dom.js';
import { emoji } from './emoji.js';
import { link, mention, names, textObject, when, withEmoji } from './mrkdwn.js';
import { input } from './inputs.js';

// blocks shows a list of blocks.
export function blocks(list, on) {
  return (list || []).map((b) => (kinds[b.type] || unknown)(b, on)).filter(Boolean);
}

const unknown = (b) => h('p', { class: 'muted' }, `(${b.type})`);

const kinds = {
  section: (b, on) => h('div', { class: 'b-section' },
    h('div', { class: 'b-text' }, textObject(b.text),
      b.fields && h('div', { class: 'b-fields' }, b.fields.map((f) => h('div', {}, textObject(f))))),
    b.accessory && h('div', { class: 'b-accessory' }, element(b, b.accessory, on))),
  context: (b) => h('div', { class: 'b-context' }, b.elements.map((e) => (e.type === 'image' ? picture(e) : h('span', {}, textObject(e))))),
  actions: (b, on) => h('div', { class: 'b-actions' }, b.elements.map((e) => element(b, e, on))),
  header: (b) => h('h3', { class: 'b-header' }, textObject(b.text)),
  divider: () => h('hr', {}),
  image: (b) => picture(b),
  rich_text: (b) => h('div', { class: 'b-rich' }, b.elements.map(rich)),
  markdown: (b) => h('div', { class: 'b-text' }, b.text),
  table: (b) => h('div', { class: 'b-table' }, h('table', {}, b.rows.map((r) => h('tr', {}, r.map((c) => h('td', {}, c.elements ? c.elements.map(rich) : c.text || '')))))),
  input: (b, on) => input(b, on),
};

function picture(e) {
  const own = e.slack_file?.id && `/slack/files/${encodeURIComponent(e.slack_file.id)}`;
  return own ? h('img', { class: 'b-image', src: own, alt: e.alt_text }) : h('span', { class: 'b-noimage' }, `🖼 ${e.alt_text}`);
}

function element(b, e, on) {
  const ref = `${b.block_id}/${e.action_id}`;
  if (e.type === 'image') return picture(e);
  if (e.type === 'button') return button(ref, e, on);
  if (e.type === 'overflow') {
    return h('button', { type: 'button', class: 'b-button', 'aria-label': 'More actions', 'aria-haspopup': 'menu', dataset: { focus: ref },
      onclick: (ev) => menu(ev.currentTarget, e.options.map((o) => ({ label: withEmoji(o.text.text), hint: o.description?.text, act: () => on.click(ref, [o.value]) })), 'More actions') }, '⋯');
  }
  return input({ ...b, type: 'bare', element: e }, on);
}

function button(ref, e, on) {
  const press = (ev) => {
    const el = ev.currentTarget;
    const go = () => { on.click(ref, [], el); if (e.url) window.open(e.url, '_blank', 'noreferrer'); };
    if (e.confirm) confirmFirst(e.confirm, go); else go();
  };
  return h('button', { type: 'button', class: `b-button ${e.style || ''}`, dataset: { focus: ref, label: e.text.text },
    'aria-label': e.accessibility_label, onclick: press }, textObject(e.text));
}

// confirmFirst asks as the button's author wishes.
function confirmFirst(c, go) {
  const d = h('dialog', { class: 'modal small', 'aria-label': c.title.text });
  const close = (yes) => { d.close(); d.remove(); if (yes) go(); };
  d.append(h('form', { method: 'dialog', onsubmit: (e) => { e.preventDefault(); close(true); } },
    h('h2', {}, c.title.text), h('p', {}, textObject(c.text)),
    h('footer', {}, h('button', { type: 'button', class: 'plainbutton', onclick: () => close(false) }, c.deny?.text || 'No'),
      h('button', { class: c.style === 'danger' ? 'danger' : 'primary' }, c.confirm?.text || 'Yes'))));
  document.body.append(d);
  d.showModal();
}

function rich(e) {
  switch (e.type) {
    case 'rich_text_section': return h('div', { class: 'r-section' }, e.elements.map(part));
    case 'rich_text_quote': return h('blockquote', {}, e.elements.map(part));
    case 'rich_text_preformatted': return h('pre', { tabindex: '0' }, e.elements.map((p) => p.text ?? p.url ?? ''));
    case 'rich_text_list': return richList(e);
    default: return null;
  }
}

function richList(e) {
  const tag = e.style === 'ordered' ? 'ol' : 'ul';
  const list = h(tag, { class: `indent${Math.min(e.indent || 0, 4)}`, start: e.offset ? String(e.offset + 1) : undefined },
    e.elements.map((s) => h('li', {}, s.elements.map(part))));
  return list;
}

function part(p) {
  let node;
  switch (p.type) {
    case 'text': node = p.text; break;
    case 'link': node = link(p.url, p.text || p.url); break;
    case 'user': node = mention(p.user_id); break;
    case 'channel': node = h('span', { class: 'chip' }, `#${names.channel(p.channel_id)}`); break;
    case 'emoji': node = p.unicode ? String.fromCodePoint(...p.unicode.split('-').map((x) => parseInt(x, 16))) : emoji(p.name); break;
    case 'broadcast': node = h('span', { class: 'chip me' }, `@${p.range}`); break;
    case 'date': node = h('time', {}, when(p.timestamp, p.format)); break;
    case 'usergroup': node = h('span', { class: 'chip' }, `@${p.usergroup_id}`); break;
    default: node = p.text || '';
  }
  const s = p.style || {};
  if (s.code) node = h('code', {}, node);
  if (s.bold) node = h('strong', {}, node);
  if (s.italic) node = h('em', {}, node);
  if (s.strike) node = h('s', {}, node);
  return node;
}
