"use strict";
// The inbox brings itself up to date. Without this script one reloads the page.

const live = document.getElementById("live");
let stamp = live ? live.dataset.stamp : "";
let reading = false;
let missed = ""; // the stamp that was told last while the page was being read, which may have been read too early for it

// became says what became of what was done here last; while that waits, it has the attribute data-waits.
const became = document.getElementById("became");

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

// readAgain reads the page and takes over what has changed. Forms in which somebody types stay as they are.
async function readAgain() {
  try {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("live");
    if (!fresh) return;
    const freshBecame = page.getElementById("became");
    if (became && freshBecame) {
      became.replaceChildren(...freshBecame.childNodes);
      became.toggleAttribute("data-waits", freshBecame.hasAttribute("data-waits"));
    }
    if (fresh.dataset.stamp === stamp) return;
    const below = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 80;
    const open = [...live.querySelectorAll("details")].map((d) => d.open);
    live.replaceChildren(...fresh.childNodes);
    [...live.querySelectorAll("details")].forEach((d, i) => { d.open = Boolean(open[i]); });
    const freshSeen = page.querySelector("input[name=seen]"); // all forms have the same
    if (freshSeen) document.querySelectorAll("input[name=seen]").forEach((seen) => { seen.value = freshSeen.value; });
    stamp = fresh.dataset.stamp;
    if (below) window.scrollTo(0, document.documentElement.scrollHeight);
  } catch (error) {
    // The next change tries again.
  }
}

// askAgain reads the page again while what was done here waits: if it is refused or can't be done, nothing else changes. It
// asks more and more seldom, as it may wait for hours.
function askAgain(pause) {
  if (!became || !became.hasAttribute("data-waits")) return;
  window.setTimeout(async () => {
    await bringUp("");
    askAgain(Math.min(2 * pause, 60000));
  }, pause);
}
askAgain(2000);

if (live && window.EventSource) {
  const source = new EventSource(live.dataset.live);
  source.addEventListener("stamp", (event) => { bringUp(event.data); });
  window.addEventListener("pagehide", () => source.close());
}

// What is typed into a field with data-draft, which names the agent, is kept in this tab until its own form is sent. When another form
// of the page is sent meanwhile, the page that follows shows it again.
const draftKey = (field) => `draft ${field.dataset.draft} ${live.dataset.live} ${field.id}`;

function keepDraft(field) {
  try {
    sessionStorage.setItem(draftKey(field), field.value);
    field.setAttribute("data-kept", "");
  } catch (error) {
    // The browser keeps nothing in this frame, or no more: site.js asks before the page is left.
    field.removeAttribute("data-kept");
  }
}

function forgetDraft(field) {
  try {
    sessionStorage.removeItem(draftKey(field));
  } catch (error) {
    // Nothing was kept.
  }
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
  if (!event.defaultPrevented) event.target.querySelectorAll("[data-draft]").forEach(forgetDraft);
});
document.querySelectorAll("[data-draft]").forEach(showDraft);

// Ctrl and Enter sends what was typed.
document.querySelectorAll("textarea[data-send]").forEach((field) => {
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      field.form.requestSubmit();
    }
  });
});
