// Where messages of Teams are typed: in a channel, a thread, the chat with the app. Each place and person has a draft.
import { fileData, h, menu, openPopup, closeMenu, toast } from './dom.js';
import { app, boot } from './app.js';
import { typebox } from './typebox.js';
import { act, told } from './teamsact.js';
import { card } from './adaptive.js';
import { channelName, people } from './teamsnames.js';

// named gives those who can be mentioned, longest name first: one may begin another.
const named = () => [{ name: 'Parley', id: 'bot' }, ...people()].sort((a, b) => b.name.length - a.name.length);

// chips turns @names into Teams' mentions.
export function chips(text) {
  const all = named(), out = [];
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '@' || i > 0 && !/[\s(]/.test(text[i - 1])) continue;
    const rest = text.slice(i + 1);
    const who = all.find((p) => rest.toLowerCase().startsWith(p.name.toLowerCase()) && !/^[\p{L}\p{N}]/u.test(rest.slice(p.name.length)));
    if (!who) continue;
    out.push(text.slice(at, i), `<@${who.id}>`);
    at = i + 1 + who.name.length;
  }
  return out.join('') + text.slice(at);
}

// typed turns a message back into what one types.
export const typed = (m) => m.text;

// teamsComposer makes one for a place: post, reply or chat; at gives {channel, root}.
export function teamsComposer(place, at) {
  const label = { post: 'Start a post', reply: 'Reply', chat: 'Message Parley' }[place];

  async function send(text, files) {
    const { channel, root } = at();
    if (text.startsWith('/') && place !== 'chat' && !files.length) return slash(channel, root, text);
    const data = await fileData(files);
    const post = { channel, root, text: chips(text), files: data.map((f, i) => ({ name: f.name, type: f.type, data: f.data, image: Boolean(files[i].pasted) && f.type.startsWith('image/') })) };
    return Boolean(await act('post', { post }));
  }

  async function slash(channel, root, text) {
    const opens = boot.teams.app.compose.find((c) => text === `/${c.title}`);
    if (opens) { told(await act('compose', { channel, root, name: opens.id })); return true; }
    if (!boot.teams.app.slash.some((c) => text === `/${c.title}` || text.startsWith(`/${c.title} `))) {
      toast(`${text.split(' ')[0]} is not a command here. Type / to see what there is.`, null, 'bad');
      return false;
    }
    return Boolean(await act('slash', { channel, root, text: chips(text).slice(1) }));
  }

  // Names after @ and commands after / are offered while one types.
  function offer(before) {
    const who = /(?:^|[\s(])@([\p{L}\p{N} ]{0,40})$/u.exec(before), command = /^\/[\w ]*$/.test(before), word = /^(\w*)$/.exec(before);
    if (who) return named().reverse().filter((p) => p.name.toLowerCase().startsWith(who[1].toLowerCase())).map((p) => ({ text: `@${p.name}`, hint: p.id === 'bot' ? 'app' : p.email, from: before.length - who[1].length - 1 }));
    if (command && place !== 'chat') {
      return [...boot.teams.app.slash.map((c) => ({ text: `/${c.title}`, hint: c.description, from: 0 })), ...boot.teams.app.compose.map((c) => ({ text: `/${c.title}`, hint: c.description, from: 0 }))].filter((c) => c.text.toLowerCase().startsWith(before.toLowerCase()));
    }
    if (word && word[1] && place === 'chat') return boot.teams.app.personal.filter((c) => c.title.startsWith(word[1])).map((c) => ({ text: c.title, hint: c.description, from: 0 }));
    return [];
  }

  const add = h('button', { type: 'button', class: 'attach', 'aria-label': 'Actions and apps', title: 'Actions and apps', 'aria-haspopup': 'menu', dataset: { focus: `${place}-apps` }, onclick: (e) => apps(e.currentTarget) }, '+');

  // apps lists what the app offers beside the message box.
  function apps(anchor) {
    const { channel, root } = at();
    menu(anchor, [...boot.teams.app.compose.map((c) => ({ label: c.title, hint: c.description, act: async () => told(await act('compose', { channel, root, name: c.id })) })),
      ...boot.teams.app.search.map((c) => ({ label: c.title, hint: c.description, act: () => search(anchor, c, channel, root) }))], 'Actions and apps');
  }

  const box = typebox({ id: `t-${place}`, label, offer, send, add,
    hint: place === 'chat' ? 'Type help' : '/ for private commands' });
  const prompt = () => (place === 'post' ? `Start a post in ${channelName(app.teams.channel)}` : place === 'reply' ? replyPrompt() : 'Message Parley');
  return { ...box, update: () => box.move(`${app.as} ${at().channel} ${at().root}`, prompt()) };
}

// replyPrompt says what becomes of a reply.
const replyPrompt = () => (app.state.teams.reads_all ? 'Reply' : 'Reply: only what begins with @Parley reaches Parley');

// search asks the app while one types, and lists what it found.
function search(anchor, command, channel, root) {
  const list = h('ul', { class: 'found', 'aria-label': 'Found' });
  const field = h('input', { type: 'search', placeholder: command.description, 'aria-label': command.title, autocomplete: 'off' });
  let asked = 0;
  const find = async () => {
    const n = ++asked;
    const out = await act('search', { channel, root, name: command.id, text: field.value.trim() }, true);
    if (n === asked) list.replaceChildren(...found(out));
  };
  field.addEventListener('input', find);
  openPopup(anchor, h('div', { class: 't-search', role: 'dialog', 'aria-label': command.title }, field, list));
  field.focus();
  find();
}

function found(out) {
  const problem = out?.error || out?.outcome?.error || out?.outcome?.message;
  const hits = out?.outcome?.results || [];
  if (problem || !hits.length) return [h('li', { class: 'muted' }, problem || 'Nothing found.')];
  return hits.map((r) => {
    const details = h('details', {}, h('summary', {}, h('b', {}, r.preview?.title || 'Result'), h('small', {}, r.preview?.text || '')));
    details.addEventListener('toggle', () => { if (details.open && details.children.length === 1) details.append(h('div', { class: 't-card' }, card(r.card, { press: () => closeMenu(true) }))); });
    return h('li', {}, details);
  });
}
