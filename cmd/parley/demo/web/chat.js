// The customer's phone: WhatsApp, SMS and Messenger beside the mailbox.
import { closeMenu, fileData, h, keyed, menu, replace } from './dom.js';
import { app, call, now, refresh, tellElsewhere, visible } from './app.js';

export const programs = {
  whatsapp: { name: 'WhatsApp', mark: '📲', hint: 'Message' },
  sms: { name: 'SMS', mark: '📱', hint: 'Text message' },
  messenger: { name: 'Messenger', mark: '🔵', hint: 'Aa' },
};

const faces = ['👍', '❤️', '😂', '😮', '😢', '🙏'];

let parts = null, drafts = {}, shown = '', quoted = null, files = [];

function build(box) {
  parts = {
    info: h('div', { class: 'chatinfo' }),
    lines: h('div', { class: 'chatlines', role: 'log', 'aria-label': 'Messages', tabindex: '0' }),
    typing: h('p', { class: 'chattyping', 'aria-live': 'polite' }),
    quote: h('div', { class: 'chatquote', hidden: true }),
    form: composer(),
  };
  box.append(parts.info, parts.lines, parts.typing, parts.quote, parts.form);
}

function composer() {
  const text = h('textarea', { rows: '1', id: 'chattext', 'aria-label': 'Message', oninput: () => { drafts[shown] = text.value; }, onkeydown: (e) => {
    if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) { e.preventDefault(); form.requestSubmit(); }
  } });
  const pick = h('input', { type: 'file', accept: 'image/*', hidden: true, onchange: () => { files = [...pick.files]; pick.value = ''; if (files.length) form.requestSubmit(); } });
  const form = h('form', { class: 'chatform', onsubmit: async (e) => {
    e.preventDefault();
    const said = text.value.trim();
    const sent = files;
    files = [];
    if (!said && !sent.length) return;
    const [file] = await fileData(sent.slice(0, 1));
    const to = shown;
    if (await use('say', { text: said, file, line: quoted?.id })) {
      drafts[to] = '';
      if (shown === to) { text.value = ''; quote(null); }
    }
  } },
  h('button', { type: 'button', class: 'chatadd', 'aria-label': 'Send a picture', 'aria-haspopup': 'menu', title: 'Send a picture', onclick: (e) => menu(e.currentTarget, [
    { label: 'A sample picture', hint: 'a mug with a chip', act: () => use('say', { sample: true, text: text.value.trim() }).then((ok) => { if (ok) { text.value = ''; drafts[shown] = ''; } }) },
    { label: 'A picture from this machine …', act: () => pick.click() },
    ...(app.chat === 'sms' ? ['-', { label: 'Send STOP', hint: 'no more messages from them', act: () => use('say', { text: 'STOP' }) },
      { label: 'Send START', hint: 'messages again', act: () => use('say', { text: 'START' }) }] : []),
  ], 'Send') }, '+'), text, pick, h('button', { class: 'chatsend', 'aria-label': 'Send' }, '➤'));
  form.text = text;
  return form;
}

// use does something on the phone; it gives whether that worked.
async function use(verb, body) {
  const done = await call(`/phone/${verb}`, { customer: app.customer, chat: app.chat, ...body });
  if (done) refresh();
  if (done && verb === 'say') setTimeout(tellElsewhere, 1500); // once Parley has shown it
  return Boolean(done);
}

function quote(line) {
  quoted = line;
  parts.quote.hidden = !line;
  parts.quote.replaceChildren(...(line ? [h('span', {}, `↩ ${line.text || 'a picture'}`), h('button', { type: 'button', class: 'close', 'aria-label': 'Answer nothing in particular', onclick: () => quote(null) }, '×')] : []));
}

// showChat draws the open chat into box.
export function showChat(box) {
  if (!parts) build(box);
  const phone = app.state.phone, c = phone.chat;
  if (!c) return;
  const key = `${app.customer}/${c.kind}`;
  const changed = shown !== key;
  if (changed) {
    shown = key;
    quote(null);
    closeMenu();
    parts.lines.replaceChildren();
    parts.form.text.value = drafts[key] || '';
    parts.form.text.placeholder = programs[c.kind].hint;
    box.dataset.kind = c.kind;
  }
  replace(parts.info, JSON.stringify([c.with, c.window, phone.number, Math.floor(now() / 60000)]), () => info(c, phone));
  const last = parts.lines;
  const low = changed || last.scrollHeight - last.scrollTop - last.clientHeight < 60;
  if (c.lines.length) {
    last.querySelector('.empty')?.remove();
    keyed(last, c.lines, (l) => l.id, (l) => JSON.stringify(l), (l) => line(l, c));
  } else {
    last.replaceChildren(h('div', { class: 'empty' }, h('span', { class: 'big', 'aria-hidden': 'true' }, '💬'), h('strong', {}, 'Nothing said yet'), h('p', {}, `Write by ${programs[c.kind].name}, and answer as the team on the right.`)));
  }
  parts.typing.textContent = c.typing ? 'Acme is typing …' : '';
  if (low) last.scrollTop = last.scrollHeight;
  const tab = phone.tabs.find((t) => t.kind === c.kind);
  if (tab?.unread > 0 && visible('mail')) call('/phone/read', { customer: app.customer, chat: app.chat }, true);
}

function clock(at) {
  const d = new Date(at), today = new Date(now());
  const time = d.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  return d.toDateString() === today.toDateString() ? time : `${d.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short' })}, ${time}`;
}

function info(c, phone) {
  const w = c.window;
  let text = '', kind = '';
  if (w.stopped) [text, kind] = ['You said STOP: they can’t text you until you send START.', 'shut'];
  else if (!w.limited) text = 'They can text you at any time. STOP ends that.';
  else if (w.open && w.person) text = `Only people can answer you, until ${clock(w.until)}.`;
  else if (w.open) [text, kind] = [`They can answer until ${clock(w.until)}${w.people ? `, people there until ${clock(w.people)}` : ''}.`, 'open'];
  else if (c.lines.some((l) => l.mine)) [text, kind] = [c.kind === 'whatsapp' ? 'Acme can only send a template now. Write something to reopen.' : 'Acme can’t answer now. Write something to reopen.', 'shut'];
  else text = c.kind === 'whatsapp' ? 'Acme can only send a template until you write.' : 'Acme can’t write first.';
  return [h('p', {}, h('b', {}, 'Acme '), h('span', { class: 'muted' }, c.with), c.kind !== 'messenger' && h('span', { class: 'muted own' }, `you: ${phone.number}`)), h('p', { class: `window ${kind}` }, text)];
}

const ticks = {
  whatsapp: { accepted: ['✓', 'sent'], sent: ['✓', 'sent'], delivered: ['✓✓', 'delivered'], read: ['✓✓', 'read'] },
  sms: { delivered: ['Delivered', ''] },
  messenger: { delivered: ['Sent', ''], read: ['Seen', ''] },
};

function line(l, c) {
  const answered = l.answers && c.lines.find((o) => o.id === l.answers);
  const tick = l.mine && ticks[c.kind][l.state];
  const src = l.file && `/phone/file?${new URLSearchParams({ customer: app.customer, chat: c.kind, line: l.id })}`;
  const face = l.reaction || l.ours;
  return h('article', { class: `bubble ${l.mine ? 'mine' : 'theirs'} ${l.automatic ? 'automatic' : ''}`, 'aria-label': l.mine ? 'You' : 'Acme' },
    h('div', { class: 'words' },
      l.elsewhere && h('small', { class: 'muted' }, 'from the company’s own app'),
      l.automatic && h('small', { class: 'muted' }, 'automatic'),
      answered && h('blockquote', {}, answered.text || 'a picture'),
      l.file && (/^image\/(png|jpeg|gif|webp)$/.test(l.file.type) ? h('a', { href: src, target: '_blank', class: 'picture' }, h('img', { src, alt: l.file.name || 'a picture', onload: stay })) :
        h('a', { href: src, download: l.file.name || 'file' }, `📎 ${l.file.name || 'file'}`)),
      l.text && h('p', {}, l.text),
      h('span', { class: 'stamp' }, h('time', {}, clock(l.at)), tick && h('span', { class: `tick ${c.kind} ${l.state}`, title: tick[1] || undefined }, tick[0], tick[1] && h('span', { class: 'sr' }, ` ${tick[1]}`)))),
    face && h('span', { class: 'face', title: l.reaction ? 'your reaction' : 'their reaction' }, face),
    choices(l),
    !l.mine && !l.automatic && c.kind !== 'sms' && h('button', { type: 'button', class: 'react', 'aria-haspopup': 'menu', 'aria-label': 'React or answer', dataset: { focus: `react-${l.id}` }, onclick: (e) => menu(e.currentTarget, [
      ...faces.map((f) => ({ label: f, act: () => use('react', { line: l.id, choice: f }) })),
      ...(l.reaction ? [{ label: 'Take it back', act: () => use('react', { line: l.id, choice: '' }) }] : []),
      '-', { label: 'Answer this message', act: () => { quote(l); parts.form.text.focus(); } },
    ], 'React') }, '☺'));
}

function stay() {
  const el = parts.lines;
  if (el.scrollHeight - el.scrollTop - el.clientHeight < 320) el.scrollTop = el.scrollHeight;
}

function choices(l) {
  if (!l.choices?.length) return null;
  const all = l.choices.map((o) => (o.url ? h('a', { class: 'choice', href: /^https?:/.test(o.url) ? o.url : '#', target: '_blank', rel: 'noreferrer' }, `↗ ${o.title}`) :
    h('button', { type: 'button', class: 'choice', dataset: { focus: `tap-${l.id}-${o.id}` }, onclick: () => use('tap', { line: l.id, choice: o.id }) }, o.title, o.hint && h('small', {}, o.hint))));
  return l.list ? h('details', { class: 'choices' }, h('summary', {}, `☰ ${l.list}`), all) : h('div', { class: 'choices' }, all);
}
