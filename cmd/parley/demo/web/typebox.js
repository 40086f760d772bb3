// A box in which a message is typed: grows with its text, offers words, takes files.
import { h, replace } from './dom.js';

// typebox makes one. o: id; label for screen readers; hint under it; add, further buttons;
// offer(before) gives what fits to the text before the cursor as [{text, hint, from}];
// send(text, files) gives false when the message stays in the box; editLast answers ArrowUp in
// an empty one.
export function typebox(o) {
  let files = [], place = '';
  const drafts = new Map(); // by place: what was typed there and not sent, as {text, taken}
  const box = h('textarea', { id: o.id, rows: '1', dataset: { focus: o.id } });
  const list = h('div', { class: 'suggest', role: 'listbox', id: `${o.id}-list`, 'aria-label': 'Suggestions', hidden: true });
  const chosen = h('ul', { class: 'chosen' });
  const pick = h('input', { type: 'file', multiple: true, hidden: true, 'aria-label': 'Attach files', onchange: () => { take([...pick.files]); pick.value = ''; } });
  const send = h('button', { type: 'submit', class: 'send', 'aria-label': 'Send', title: 'Send (Enter)' }, '➤');
  const el = h('form', { class: 'composer', onsubmit: (e) => { e.preventDefault(); go(); } }, list,
    h('label', { class: 'sr', for: o.id }, o.label), box, chosen,
    h('div', { class: 'row' }, h('button', { type: 'button', class: 'attach', 'aria-label': 'Attach files', title: 'Attach files', onclick: () => pick.click() }, '📎'), pick, o.add,
      h('small', { class: 'muted' }, o.hint), send));

  const grow = () => { box.style.height = 'auto'; if (box.scrollHeight) box.style.height = `${Math.min(box.scrollHeight, 160)}px`; };
  const showFiles = () => replace(chosen, `${Math.random()}`, () => files.map((f, i) => h('li', {}, f.name,
    h('button', { type: 'button', 'aria-label': `Remove ${f.name}`, onclick: () => { files.splice(i, 1); showFiles(); } }, '×'))));
  const take = (more) => { files = [...files, ...more]; showFiles(); };

  async function go() {
    const text = box.value.trim(), taken = files, from = place;
    if (!text && !taken.length) return;
    put('', []);
    if (await o.send(text, taken) !== false) return;
    if (place !== from) { drafts.set(from, { text, taken }); return; }
    if (!box.value) box.value = text;
    take(taken);
    grow();
  }

  function put(text, taken) { box.value = text; files = taken; showFiles(); hide(); grow(); }

  // move lets the box write to another place, with the draft that waits there.
  function move(to, prompt) {
    if (box.placeholder !== prompt) box.placeholder = prompt;
    if (to === place) return;
    drafts.set(place, { text: box.value, taken: files });
    place = to;
    const draft = drafts.get(to);
    put(draft?.text || '', draft?.taken || []);
  }

  function hide() { list.hidden = true; box.removeAttribute('aria-activedescendant'); box.setAttribute('aria-expanded', 'false'); }

  function offer() {
    const items = o.offer(box.value.slice(0, box.selectionStart));
    if (!items.length) { hide(); return; }
    list.replaceChildren(...items.map((it, i) => h('div', { role: 'option', id: `${o.id}-o${i}`, 'aria-selected': String(i === 0), onpointerdown: (e) => { e.preventDefault(); complete(it); } }, h('b', {}, it.text), h('small', {}, it.hint))));
    list.items = items;
    list.hidden = false;
    box.setAttribute('aria-expanded', 'true');
    box.setAttribute('aria-activedescendant', `${o.id}-o0`);
  }

  function complete(it) {
    box.setRangeText(`${it.text} `, it.from, box.selectionStart, 'end');
    hide();
    box.focus();
  }

  const selected = () => [...list.children].findIndex((x) => x.getAttribute('aria-selected') === 'true');
  box.setAttribute('role', 'combobox');
  box.setAttribute('aria-controls', list.id);
  box.setAttribute('aria-expanded', 'false');
  box.setAttribute('aria-autocomplete', 'list');
  box.addEventListener('input', () => { grow(); offer(); });
  box.addEventListener('blur', hide);
  box.addEventListener('paste', (e) => {
    const pasted = [...(e.clipboardData?.files || [])];
    if (!pasted.length) return;
    e.preventDefault();
    for (const f of pasted) f.pasted = true;
    take(pasted);
  });
  // Some input methods and test drivers type the line break although keydown was taken.
  box.addEventListener('keypress', (e) => { if (e.key === 'Enter' && !e.shiftKey) e.preventDefault(); });
  box.addEventListener('keydown', (e) => {
    if (!list.hidden) {
      const n = list.children.length, step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
      if (step) {
        e.preventDefault();
        const to = (selected() + step + n) % n;
        [...list.children].forEach((x, i) => x.setAttribute('aria-selected', String(i === to)));
        list.children[to].scrollIntoView({ block: 'nearest' });
        box.setAttribute('aria-activedescendant', `${o.id}-o${to}`);
        return;
      }
      if (e.key === 'Escape') { e.preventDefault(); hide(); return; }
      const it = list.items[selected()];
      if ((e.key === 'Enter' || e.key === 'Tab') && box.value.slice(it.from) !== it.text) { e.preventDefault(); complete(it); return; }
    }
    if (e.key === 'ArrowUp' && !box.value && o.editLast) { e.preventDefault(); o.editLast(); return; }
    if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) { e.preventDefault(); go(); }
  });

  return {
    el,
    focus: () => box.focus(),
    move,
    suggest: (text) => { if (!box.value.trim()) box.value = text; grow(); box.focus(); },
  };
}
