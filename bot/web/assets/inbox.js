"use strict";
// The inbox brings itself up to date. Without this script one reloads the page.

const live = document.getElementById("live");
let stamp = live ? live.dataset.stamp : "";
let reading = false;
let missed = ""; // the stamp that was told last while the page was being read, which may have been read too early for it

// newest is the part below the messages: what became of what was done here last, and the forms.
const newest = document.getElementById("newest");

// findBecame returns the element that says what became of what was done here last; while that waits, it has the attribute data-waits, and
// if it was refused after it was stored, data-refused.
const findBecame = () => document.getElementById("became");

// listForms returns the forms of a page as text, without what is another one each time: by it one sees whether they have changed.
function listForms(part) {
  const copy = part.cloneNode(true);
  copy.querySelectorAll("#became, input[name=form], input[name=seen], input[name=opened]").forEach((element) => element.remove());
  return copy.innerHTML;
}
let forms = newest ? listForms(newest) : "";

// bringUp reads the page again if it is another one now, by its stamp; "" if that isn't known.
async function bringUp(now) {
  if (reading) missed = now || missed;
  if (reading || now === stamp) return;
  reading = true;
  await readAgain();
  reading = false;
  const next = missed;
  missed = "";
  if (next) await bringUp(next);
}

// readAgain reads the page and takes over what has changed.
async function readAgain() {
  try {
    const address = live.dataset.page || location.href; // a form may have been sent to an address that shows no page
    const answer = await fetch(address, { credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    sayWhyStale(answer.ok ? "" : [...page.querySelectorAll("#main > h1, #main > h1 + p")].map((part) => part.textContent).join(" ") || unreachable);
    if (!answer.ok) return;
    const fresh = page.getElementById("live");
    if (!fresh) return;
    if (answer.redirected) { // to another page of the inbox, such as the conversation whose number was looked for
      location.assign(answer.url);
      return;
    }
    const became = findBecame();
    const freshBecame = page.getElementById("became");
    if (became && freshBecame) {
      became.replaceChildren(...freshBecame.cloneNode(true).childNodes);
      became.toggleAttribute("data-waits", freshBecame.hasAttribute("data-waits"));
      became.toggleAttribute("data-refused", freshBecame.hasAttribute("data-refused"));
      showRefusedDrafts();
    }
    if (fresh.dataset.stamp === stamp) return;
    const below = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 80;
    replaceContent(live, fresh);
    const tabs = document.getElementById("tabs"); // their counts
    if (tabs) replaceContent(tabs, page.getElementById("tabs"));
    const freshSeen = page.querySelector("input[name=seen]"); // all forms have the same
    if (freshSeen) document.querySelectorAll("input[name=seen]").forEach((seen) => { seen.value = freshSeen.value; });
    takeOpened(page);
    const freshNewest = page.getElementById("newest");
    if (newest && freshNewest) takeForms(freshNewest);
    stamp = fresh.dataset.stamp;
    const news = document.getElementById("news");
    news.replaceChildren(news.dataset.news); // whoever listens to the page is told so, and not all of it
    if (below) window.scrollTo(0, document.documentElement.scrollHeight);
  } catch (error) {
    sayWhyStale(unreachable);
  }
}

const unreachable = "Parley can't be reached. Trying again.";
let nextTry = 0; // the timer of the next try to read the page, while it is unreachable

// sayWhyStale says why the page can't be brought up to date; "" if it can. While Parley can't be reached, it is asked again every five
// seconds: nobody else may do so.
function sayWhyStale(why) {
  window.clearTimeout(nextTry);
  if (why === unreachable) nextTry = window.setTimeout(() => bringUp(""), 5000);
  const stale = document.getElementById("stale");
  if (stale.textContent === (why && "Not up to date. " + why)) return; // whoever listens to the page is told once
  stale.replaceChildren();
  if (!why) return;
  const note = document.createElement("p");
  note.className = "note bad";
  note.textContent = "Not up to date. " + why;
  stale.append(note);
}

// takeOpened takes over when the page was read, for a reply that nobody has begun yet, or while no conversation is chosen. Who has begun one is asked before it leaves if a
// colleague answers meanwhile.
function takeOpened(fresh) {
  const opened = document.querySelector("input[name=opened]");
  const freshOpened = fresh.querySelector("input[name=opened]");
  const reply = document.getElementById("reply");
  const isBegun = reply ? reply.value : listPicks().some((pick) => pick.checked);
  if (opened && freshOpened && !isBegun) opened.value = freshOpened.value;
}

// Several conversations of a list are chosen by boxes; one box is for all of the page. The form works without it.
const listPicks = () => [...document.querySelectorAll("input[name=of][type=checkbox]")];
const all = document.getElementById("all");
if (all) {
  document.getElementById("all-of").hidden = false;
  all.addEventListener("change", () => listPicks().forEach((pick) => { pick.checked = all.checked; }));
}

// takeForms takes over the forms of the page that was read again, where they are others: a conversation that was resolved has none, one
// that was opened again has. Forms in which somebody types, and what is wrong with one that was sent, stay as they are.
function takeForms(fresh) {
  const freshForms = listForms(fresh);
  if (freshForms === forms) {
    sayWhetherOver(false); // opened again after the note was shown, which left the forms as they were
    return;
  }
  const isInUse = (field) => field.type === "checkbox" || field.value !== "";
  const fields = [...newest.querySelectorAll("textarea, select, input:not([type=hidden])")];
  if (fields.some(isInUse) || newest.querySelector(".problem")) {
    sayWhetherOver(newest.querySelector("form.say") && !fresh.querySelector("form.say"));
    return;
  }
  replaceContent(newest, fresh);
  forms = freshForms;
  newest.querySelectorAll("[data-draft]").forEach(showDraft);
}

// nameOf names a control, so that it is found again in what has taken the place of its part of the page: by its message, and by where it
// leads or what it does.
function nameOf(control) {
  const message = control.closest("[data-message]");
  const words = message ? control.textContent.trim() : "";
  return [message ? message.dataset.message : "", control.tagName, control.id, control.getAttribute("href") || control.value || words].join(" ");
}

// replaceContent replaces what stands in a part of the page. What was unfolded is so again, and the focus stays with the same control. If
// that is gone, the next link gets it, or the part: never a button, which somebody could press who means another one.
function replaceContent(part, fresh) {
  const listControls = () => [...part.querySelectorAll("a[href], button, summary, select, textarea, input:not([type=hidden])")];
  const before = listControls();
  const at = before.indexOf(document.activeElement);
  const name = at < 0 ? "" : nameOf(before[at]);
  const unfolded = [...part.querySelectorAll("details[open] > summary")].map(nameOf);
  const typed = [...part.querySelectorAll("input[name=new]")].map((field) => [field.id, field.value]);
  const picked = listPicks().filter((pick) => pick.checked).map((pick) => pick.value);

  part.replaceChildren(...fresh.childNodes);
  part.querySelectorAll("details > summary").forEach((summary) => {
    summary.parentElement.open = unfolded.includes(nameOf(summary));
  });
  typed.forEach(([id, value]) => { if (document.getElementById(id)) document.getElementById(id).value = value; });
  listPicks().forEach((pick) => { pick.checked = picked.includes(pick.value); });

  if (at < 0) return;
  const after = listControls();
  const wasLink = before[at].tagName === "A";
  const links = after.slice(Math.min(at, after.length - 1)).filter((control) => control.tagName === "A");
  const next = after.find((control) => nameOf(control) === name) || (wasLink && links[0]) || part;
  if (next === part) part.tabIndex = -1;
  next.focus({ preventScroll: true });
}

// sayWhetherOver says, above forms in which somebody types, that nothing can be said here any more.
function sayWhetherOver(isOver) {
  const meanwhile = document.getElementById("meanwhile");
  meanwhile.replaceChildren();
  if (!isOver) return;
  const note = document.createElement("p");
  note.className = "note warn";
  note.textContent = meanwhile.dataset.over;
  meanwhile.append(note);
}

// askAgain reads the page again while what was done here waits: if it is refused or can't be done, nothing else changes. It
// asks more and more seldom, as it may wait for hours.
function askAgain(pause) {
  const became = findBecame();
  if (!became || !became.hasAttribute("data-waits")) return;
  window.setTimeout(async () => {
    await bringUp("");
    askAgain(Math.min(2 * pause, 60000));
  }, pause);
}
askAgain(2000);

// follow listens to what has changed. A browser tries again by itself where the connection breaks, but gives up after an answer that is no
// stream: that of a Parley that starts, say. Then it is tried again here, more and more seldom.
function follow() {
  let failures = 0; // since the stream was open last
  const listen = () => {
    const source = new EventSource(live.dataset.live);
    const close = () => source.close();
    source.addEventListener("open", () => {
      failures = 0;
      sayWhyStale("");
    });
    source.addEventListener("stamp", (event) => { bringUp(event.data); });
    source.addEventListener("error", () => {
      failures++;
      const hasGivenUp = source.readyState === EventSource.CLOSED;
      if (hasGivenUp || failures > 1) bringUp(""); // it may be readable without the stream; one end of a stream is nothing unusual
      if (!hasGivenUp) return;
      window.removeEventListener("pagehide", close);
      window.setTimeout(listen, Math.min(1000 * 2 ** failures, 60000));
    });
    window.addEventListener("pagehide", close);
  };
  listen();
}
if (live && window.EventSource) follow();

// What is typed into a field with data-draft, which names the agent, is kept in this tab until its own form is stored. The page that
// follows shows it again if that form was not stored (the session had ended, say), if what it asked for was refused, or if another form of
// the page was sent.
const draftKey = (field) => `draft ${field.dataset.draft} ${live.dataset.live} ${field.id}`;

function keepDraft(field) {
  try {
    sessionStorage.setItem(draftKey(field), field.value);
    field.setAttribute("data-kept", "");
    field.autocomplete = "off"; // else the browser shows it again, too, when somebody goes back to the page after it was sent
  } catch (error) {
    // The browser keeps nothing in this frame, or no more: site.js asks before the page is left.
    field.removeAttribute("data-kept");
  }
}

// What became of a form that was sent is known from the page that follows: if the form was stored, the page's address has the name of
// that act, which is another one than the page had on which it was sent.
const act = new URLSearchParams(location.search).get("act");
const sentKey = () => `sent ${live.dataset.live}`;

// markSent remembers which drafts the form has that is being sent: perhaps none.
function markSent(form) {
  try {
    const keys = [...form.querySelectorAll("[data-draft]")].map(draftKey);
    const drafts = keys.map((key) => ({ key, text: sessionStorage.getItem(key) })); // the field may have it without its first empty line
    sessionStorage.setItem(sentKey(), JSON.stringify({ act, drafts }));
  } catch (error) {
    // The browser keeps nothing in this frame, or no more.
  }
}

let stored = []; // the drafts of the form that was stored last

// forgetStoredDrafts forgets the drafts of the form that was sent last, if it was stored. What was typed after that stays.
function forgetStoredDrafts() {
  try {
    const sent = JSON.parse(sessionStorage.getItem(sentKey()));
    sessionStorage.removeItem(sentKey());
    if (!sent || !act || act === sent.act) return;
    stored = sent.drafts.filter(({ key, text }) => text && sessionStorage.getItem(key) === text);
    stored.forEach(({ key }) => sessionStorage.removeItem(key));
  } catch (error) {
    // Nothing was kept.
  }
}

// showRefusedDrafts shows again what the form had that was stored last, if what it asked for was not done.
function showRefusedDrafts() {
  const became = findBecame();
  if (!became || !became.hasAttribute("data-refused")) return;
  try {
    stored.filter(({ key }) => !sessionStorage.getItem(key)).forEach(({ key, text }) => sessionStorage.setItem(key, text));
  } catch (error) {
    // The browser keeps nothing in this frame, or no more.
  }
  stored = [];
  document.querySelectorAll("[data-draft]").forEach(showDraft);
}

function showDraft(field) {
  try {
    const typed = sessionStorage.getItem(draftKey(field));
    if (!typed || field.value) return;
    field.value = typed;
    const folded = field.closest("details");
    if (folded) folded.open = true;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  } catch (error) {
    // Nothing was kept.
  }
}

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-draft]")) keepDraft(event.target);
});
document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented) markSent(event.target);
});
forgetStoredDrafts();
showRefusedDrafts();
document.querySelectorAll("[data-draft]").forEach(showDraft);

// Ctrl and Enter sends what was typed.
document.addEventListener("keydown", (event) => {
  const sends = event.key === "Enter" && (event.ctrlKey || event.metaKey);
  if (!sends || !event.target.matches("textarea[data-send]")) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});
