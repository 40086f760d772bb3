"use strict";
// Comfort for writing a signature: buttons that write Markdown at the cursor, formatted text that is pasted as Markdown,
// and what customers see, shown while one types. Without this script Markdown is typed, and "Show me" shows it.

const field = document.getElementById("f-signature");
const template = document.getElementById("tools-by-script");
if (template) template.replaceWith(template.content);
const tools = document.getElementById("tools");
const said = document.getElementById("said");
const pick = document.getElementById("pick");
const mostPicture = 256 * 1024;

// A signature that begins with a tag is HTML, and is formatted in HTML. One that begins with <https://…> is Markdown.
const isHTML = () => /^\s*<(?:!--|!DOCTYPE|[A-Za-z][A-Za-z0-9]*[\s/>])/.test(field.value);

// put replaces a part of the text, so that the browser can take it back, and selects something of it.
function put(from, to, text, selectFrom, selectTo) {
  field.focus();
  field.setSelectionRange(from, to);
  const done = text ? document.execCommand("insertText", false, text) : from === to || document.execCommand("delete");
  if (!done) {
    field.setRangeText(text, from, to, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  field.setSelectionRange(selectFrom ?? from + text.length, selectTo ?? selectFrom ?? from + text.length);
}

// wrap puts marks around what is selected, without the spaces at its ends, or takes them away.
function wrap(before, after) {
  let [from, to] = [field.selectionStart, field.selectionEnd];
  while (from < to && /\s/.test(field.value[from])) from++;
  while (from < to && /\s/.test(field.value[to - 1])) to--;
  const text = field.value.slice(from, to);
  if (stands(before, after, field.value.slice(0, from), field.value.slice(to))) {
    put(from - before.length, to + after.length, text, from - before.length, to - before.length);
    return;
  }
  put(from, to, before + text + after, from + before.length, to + before.length);
}

// stands says whether marks stand around a text. Two stars are bold, a third one is italic.
function stands(before, after, head, tail) {
  if (!head.endsWith(before) || !tail.startsWith(after)) return false;
  const stars = /\**$/.exec(head)[0].length;
  return before !== "*" || stars % 2 === 1;
}

function link() {
  const [from, to] = [field.selectionStart, field.selectionEnd];
  const text = field.value.slice(from, to) || "link";
  const [before, between, after] = isHTML() ? ['<a href="', '">', "</a>"] : ["[", "](", ")"];
  const address = "https://";
  const all = isHTML() ? before + address + between + text + after : before + text + between + address + after;
  const at = from + (isHTML() ? before.length : before.length + text.length + between.length);
  put(from, to, all, at, at + address.length);
}

// list makes points of the lines that are selected, or lines of the points.
function list() {
  const from = field.value.lastIndexOf("\n", field.selectionStart - 1) + 1;
  let to = field.value.indexOf("\n", field.selectionEnd);
  if (to < 0) to = field.value.length;
  const lines = field.value.slice(from, to).split("\n");
  let text;
  if (isHTML()) text = "<ul>" + lines.map((l) => "<li>" + l + "</li>").join("") + "</ul>";
  else if (lines.every((l) => l.startsWith("- "))) text = lines.map((l) => l.slice(2)).join("\n");
  else text = lines.map((l) => "- " + l).join("\n");
  put(from, to, text);
}

// putPicture puts a picture at the cursor. In Markdown its bytes stand at the end, so that the text stays readable.
function putPicture(file) {
  if (file.size > mostPicture) {
    said.textContent = "The picture is larger than 256 KB. Choose a smaller one: every mail carries it.";
    return;
  }
  const reader = new FileReader();
  reader.addEventListener("load", () => {
    said.textContent = "The picture stands at the cursor. Write what it shows between the brackets.";
    const at = field.selectionStart;
    const says = "picture";
    if (isHTML()) {
      put(at, field.selectionEnd, `<img alt="${says}" src="${reader.result}">`, at + 10, at + 10 + says.length);
      return;
    }
    const bytes = [];
    put(at, field.selectionEnd, `![${says}]` + reference(reader.result, bytes));
    append(bytes);
    field.setSelectionRange(at + 2, at + 2 + says.length);
  });
  reader.readAsDataURL(file);
}

// reference names a picture that the text shows, and adds its bytes to those that append puts below it.
function reference(address, bytes) {
  let n = 1;
  while (field.value.includes(`[picture-${n}]`) || bytes.some((b) => b.startsWith(`[picture-${n}]`))) n++;
  bytes.push(`[picture-${n}]: ${address}`);
  return `[picture-${n}]`;
}

// append puts the bytes of pictures at the end of the text.
function append(bytes) {
  if (!bytes.length) return;
  const at = field.selectionStart;
  put(field.value.length, field.value.length, "\n\n" + bytes.join("\n"), at, at);
}

const marks = {
  bold: () => (isHTML() ? wrap("<b>", "</b>") : wrap("**", "**")),
  italic: () => (isHTML() ? wrap("<i>", "</i>") : wrap("*", "*")),
  link,
  list,
  picture: () => pick.click(),
};

// Text of a page that was copied, as Markdown.

const escaped = (text) => text.replace(/\s+/g, " ").replace(/https?:\/\/\S+|[\\`*_[\]<>]/g, (m) => (m.length > 1 ? m : "\\" + m));

// While it is read, LINE stands where a line begins or ends, PARAGRAPH where a paragraph does, and INDENT before a line
// that belongs to a point of a list; "\n" is a <br>.
const LINE = "\u0001";
const PARAGRAPH = "\u0002";
const INDENT = "\u0003";

// bare is a text without the breaks and spaces at its ends.
const bare = (text) => text.replace(/^[\s\u0001\u0002]+|[\s\u0001\u0002]+$/g, "");

// lines writes the breaks of a text as Markdown does: as many as there are on a page, up to an empty line.
function lines(text) {
  return bare(text).replace(/[ \t]*[\n\u0001\u0002][\s\u0001\u0002]*/g, (breaks) => {
    if (breaks.includes(PARAGRAPH)) return "\n\n";
    const at = breaks.indexOf(LINE);
    const br = breaks.slice(Math.max(at, 0)).split("\n").length - 1;
    return at >= 0 && br > 0 || br > 1 ? "\n\n" : "\n";
  });
}

// marked puts marks around a text of one line, and leaves the spaces at its ends outside of them.
function marked(text, mark) {
  const [, before, inside, after] = /^(\s*)([^]*?)(\s*)$/.exec(text);
  return inside && !/[\n\u0001\u0002]/.test(inside) ? before + mark + inside + mark + after : text;
}

// styleOf reads a style from where it is written: the site's policy lets none count.
function styleOf(e, name) {
  const found = new RegExp(`(?:^|;)\\s*${name}\\s*:([^;]*)`, "i").exec(e.getAttribute("style") || "");
  return found ? found[1].trim().toLowerCase() : "";
}

const weightOf = (e) => styleOf(e, "font-weight") || (e.matches("b, strong") ? "bold" : "");
const isBold = (e) => weightOf(e) === "bold" || Number(weightOf(e)) >= 600;
const isItalic = (e) => (styleOf(e, "font-style") || (e.matches("i, em") ? "italic" : "")) === "italic";

// pictureOf gives a picture as Markdown, where pictures are sent.
function pictureOf(img, bytes) {
  const from = img.getAttribute("src") || "";
  if (!pick || !/^(https:|data:image\/(png|jpeg|gif);)/i.test(from)) return "";
  return `![${escaped(img.alt).trim()}]` + (from.startsWith("https:") ? `(${address(from)})` : reference(from, bytes));
}

// address writes an address so that it ends where its brackets do.
const address = (to) => to.trim().replace(/[\s()<>]/g, (c) => "%" + c.charCodeAt(0).toString(16).padStart(2, "0"));

// written gives a node as Markdown, with the breaks as they are while it is read.
function written(node, bytes) {
  if (node.nodeType === Node.TEXT_NODE) return escaped(node.data);
  if (node.nodeType !== Node.ELEMENT_NODE || node.matches("script, style, head, title, meta")) return "";
  if (node.matches("br")) return "\n";
  if (node.matches("img")) return pictureOf(node, bytes);
  const inside = [...node.childNodes].map((n) => written(n, bytes)).join("");
  const text = bare(inside);
  const to = node.matches("a[href]") ? node.getAttribute("href") : "";
  if (text && !/[\n\u0001\u0002]/.test(text) && /^\s*(https?|mailto|tel):/i.test(to)) return `[${text}](${address(to)})`;
  if (node.matches("li")) return LINE + (node.parentElement.matches("ol") ? "1. " : "- ") + lines(inside).replace(/\n+/g, "\n" + INDENT) + LINE;
  if (node.matches("li ul, li ol, div, tr")) return LINE + inside + LINE;
  if (node.matches("h1, h2, h3, h4, h5, h6")) return PARAGRAPH + marked(text, "**") + PARAGRAPH;
  if (node.matches("p, ul, ol, table, blockquote")) return PARAGRAPH + inside + PARAGRAPH;
  if (node.matches("td, th")) return text + " ";
  const slanted = isItalic(node) ? marked(inside, "*") : inside;
  return isBold(node) ? marked(slanted, "**") : slanted;
}

// markdownOf writes what was copied of a page as Markdown, and collects the bytes of its pictures.
function markdownOf(html, bytes) {
  const body = new DOMParser().parseFromString(html, "text/html").body;
  return lines([...body.childNodes].map((n) => written(n, bytes)).join("")).replaceAll(INDENT, "  ");
}

function paste(event) {
  const picture = [...event.clipboardData.files].find((f) => /^image\/(png|jpeg|gif)$/.test(f.type));
  const html = event.clipboardData.getData("text/html");
  if (picture && pick && !html) {
    event.preventDefault();
    putPicture(picture);
  } else if (html && !isHTML()) {
    event.preventDefault();
    const bytes = [];
    put(field.selectionStart, field.selectionEnd, markdownOf(html, bytes));
    append(bytes);
  }
}

// What customers see, as the page itself would show it, once nobody has typed for a moment.

const shown = document.getElementById("shown");
let waiting = 0;
let asking = false;

async function show() {
  if (asking) {
    waiting = setTimeout(show, 400);
    return;
  }
  asking = true;
  const form = new FormData(field.form);
  form.delete("picture");
  form.set("preview", "yes");
  try {
    const answer = await fetch(field.form.action, { method: "POST", body: form, credentials: "same-origin" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("shown");
    if (fresh && (fresh.children.length || !field.value.trim())) shown.replaceChildren(...fresh.childNodes);
  } catch (error) {
    // The next letter tries again.
  } finally {
    asking = false;
  }
}

if (field && tools) {
  tools.addEventListener("click", (event) => {
    const button = event.target.closest("[data-mark]");
    if (button) marks[button.dataset.mark]();
  });
  field.addEventListener("keydown", (event) => {
    const mark = { b: "bold", i: "italic", k: "link" }[event.key.toLowerCase()];
    if (!mark || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    marks[mark]();
  });
  field.addEventListener("paste", paste);
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 700);
  });
  if (pick) {
    pick.addEventListener("change", () => {
      if (pick.files.length) putPicture(pick.files[0]);
      pick.value = "";
    });
  }
}
