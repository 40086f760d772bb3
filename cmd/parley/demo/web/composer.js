// Where messages are typed: channel and thread each have one.
import { fileData, h, replace, toast } from './dom.js';
import { act, app, boot } from './app.js';
import { names, unescape } from './mrkdwn.js';

const handles = () => [...names.users().map((u) => [u.name, u.id]), ['parley', app.state.slack.bot]];

// chips turns @names into Slack's mentions.
export function chips(text) {
  return text.replace(/(^|[\s(])@([a-z0-9._-]+)/gi, (all, before, name) => {
    const hit = handles().find(([n]) => n === name.toLowerCase());
    return hit ? `${before}<@${hit[1]}>` : all;
  });
}

// typed turns Slack's form back into what one types.
export function typed(text) {
  return unescape(text.replace(/<@([UW]\w+)(?:\|[^>]*)?>/g, (all, id) => `@${handles().find(([, i]) => i === id)?.[0] || id}`).replace(/<(https?:[^|>]+)(?:\|[^>]*)?>/g, '$1'));
}

// composer makes one; update follows the page's state.
export function composer({ thread }) {
  let files = [];
  const id = thread ? 'reply' : 'post';
  const box = h('textarea', { id, rows: '1', dataset: { focus: id } });
  const list = h('div', { class: 'suggest', role: 'listbox', id: `${id}-list`, hidden: true });
  const chosen = h('ul', { class: 'chosen' });
  const pick = h('input', { type: 'file', multiple: true, hidden: true, 'aria-label': 'Attach files', onchange: () => { files = [...files, ...pick.files]; pick.value = ''; showFiles(); } });
  const send = h('button', { type: 'submit', class: 'send', 'aria-label': 'Send', title: 'Send (Enter)' }, '➤');
  const el = h('form', { class: 'composer', onsubmit: (e) => { e.preventDefault(); go(); } }, list,
    h('label', { class: 'sr', for: id }, thread ? 'Reply in the thread' : 'Message the channel'), box, chosen,
    h('div', { class: 'row' }, h('button', { type: 'button', class: 'attach', 'aria-label': 'Attach files', title: 'Attach files', onclick: () => pick.click() }, '📎'), pick,
      h('small', { class: 'muted' }, thread ? 'note: stays inside · Enter sends' : '/parley for lists and help'), send));

  const grow = () => { box.style.height = 'auto'; box.style.height = `${Math.min(box.scrollHeight, 160)}px`; };
  const showFiles = () => replace(chosen, `${Math.random()}`, () => files.map((f, i) => h('li', {}, f.name,
    h('button', { type: 'button', 'aria-label': `Remove ${f.name}`, onclick: () => { files.splice(i, 1); showFiles(); } }, '×'))));

  async function go() {
    const text = box.value.trim();
    if (!text && !files.length) return;
    const slash = /^\/(\w+)\s*([\s\S]*)$/.exec(text);
    if (slash && !files.length) {
      const known = boot.commands.some((c) => c.command === `/${slash[1]}`);
      if (thread) { toast(`/${slash[1]} does not work in threads. (In Slack too: type !${slash[1] === 'parley' ? 'help' : slash[1]} instead.)`, null, 'bad'); return; }
      if (!known) { toast(`/${slash[1]} is not a command here. Try /parley help.`, null, 'bad'); return; }
      clear();
      await act('command', { channel: app.channel, command: `/${slash[1]}`, text: slash[2] });
      return;
    }
    const data = await fileData(files);
    const post = { channel: app.channel, thread: thread ? app.thread : '', text: chips(text), files: data.map((f) => ({ name: f.name, mimetype: f.type, data: f.data })) };
    clear();
    const out = await act('post', { post });
    if (!out) { box.value = text; grow(); }
  }

  function clear() { box.value = ''; files = []; showFiles(); hide(); grow(); }
  function hide() { list.hidden = true; box.removeAttribute('aria-activedescendant'); box.setAttribute('aria-expanded', 'false'); }

  // Names after @ and commands after / are offered while one types.
  function offer() {
    const before = box.value.slice(0, box.selectionStart);
    const at = /(?:^|[\s(])@(\w*)$/.exec(before), slash = /^\/(\w*)$/.exec(before);
    let items = [];
    if (at) items = handles().filter(([n]) => n.startsWith(at[1].toLowerCase())).map(([n, i]) => ({ text: `@${n}`, hint: names.user(i), from: before.length - at[1].length - 1 }));
    if (slash && !thread) items = boot.commands.filter((c) => c.command.startsWith(`/${slash[1]}`)).map((c) => ({ text: c.command, hint: c.usage_hint || c.description, from: 0 }));
    if (!items.length) { hide(); return; }
    list.replaceChildren(...items.map((it, i) => h('div', { role: 'option', id: `${id}-o${i}`, 'aria-selected': String(i === 0), onpointerdown: (e) => { e.preventDefault(); take(it); } }, h('b', {}, it.text), h('small', {}, it.hint))));
    list.items = items;
    list.hidden = false;
    box.setAttribute('aria-expanded', 'true');
    box.setAttribute('aria-activedescendant', `${id}-o0`);
  }

  function take(it) {
    const end = box.selectionStart;
    box.setRangeText(`${it.text} `, it.from, end, 'end');
    hide();
    box.focus();
  }

  const selected = () => [...list.children].findIndex((o) => o.getAttribute('aria-selected') === 'true');
  box.setAttribute('role', 'combobox');
  box.setAttribute('aria-controls', list.id);
  box.setAttribute('aria-expanded', 'false');
  box.setAttribute('aria-autocomplete', 'list');
  box.addEventListener('input', () => { grow(); offer(); });
  box.addEventListener('blur', hide);
  // Some input methods and test drivers type the line break although keydown was taken.
  box.addEventListener('keypress', (e) => { if (e.key === 'Enter' && !e.shiftKey) e.preventDefault(); });
  box.addEventListener('keydown', (e) => {
    if (!list.hidden) {
      const n = list.children.length, step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
      if (step) {
        e.preventDefault();
        const to = (selected() + step + n) % n;
        [...list.children].forEach((o, i) => o.setAttribute('aria-selected', String(i === to)));
        box.setAttribute('aria-activedescendant', `${id}-o${to}`);
        return;
      }
      if (e.key === 'Escape') { e.preventDefault(); hide(); return; }
      const it = list.items[selected()];
      if ((e.key === 'Enter' || e.key === 'Tab') && box.value.slice(it.from) !== it.text) { e.preventDefault(); take(it); return; }
    }
    if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) { e.preventDefault(); go(); }
  });

  return {
    el,
    focus: () => box.focus(),
    update: () => { box.placeholder = thread ? 'Reply…' : `Message #${names.channel(app.channel)}`; },
    suggest: (text) => { if (!box.value.trim()) box.value = text; grow(); box.focus(); },
  };
}
