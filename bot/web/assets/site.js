"use strict";
// Comfort that no page depends on.

// A button that does something that can't be undone asks first. In a frame of another site browsers let no page ask:
// there the question stands on the button, which has to be pressed once more.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  const ask = button && button.dataset.ask;
  if (!ask) return;
  if (window.parent === window) {
    if (!window.confirm(ask)) event.preventDefault();
  } else if (!button.dataset.asked) {
    button.dataset.asked = "yes";
    button.textContent = ask + " Press again.";
    event.preventDefault();
  }
});

// Fields that were changed and not sent: the browser asks before it leaves the page. It doesn't ask when a form is sent, unless
// another form has such a field, nor for forms with data-light, whose fields are quickly filled again; one with data-kept is shown again by the page that follows. A form with data-unsaved was sent before, and
// not saved.
const changed = new Set();
document.querySelectorAll("form[data-unsaved]").forEach((form) => [...form.elements].forEach((field) => changed.add(field)));
document.addEventListener("input", (event) => {
  if (event.target.form && event.target.form.method === "post" && !event.target.form.hasAttribute("data-light")) changed.add(event.target);
});
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  changed.forEach((field) => {
    if (field.form === event.target || field.hasAttribute("data-kept")) changed.delete(field);
  });
});
window.addEventListener("beforeunload", (event) => {
  if ([...changed].some((field) => field.isConnected)) event.preventDefault();
});

// On a phone the menu is folded.
const menu = document.querySelector("details.menu");
const narrow = window.matchMedia("(max-width: 48rem)");
const fold = () => { if (menu) menu.open = !narrow.matches; };
fold();
narrow.addEventListener("change", fold);

// The first field with a problem gets the focus.
const faulty = document.querySelector("[aria-invalid=true]");
if (faulty) faulty.focus();

// Selects that choose what a page shows send their form by themselves.
document.querySelectorAll("select[data-go]").forEach((select) => {
  select.addEventListener("change", () => select.form.requestSubmit());
});

// A page that waits for something looks every five seconds whether it has come, and shows it then.
const again = document.querySelector("[data-again]");
if (again) {
  const looking = setInterval(async () => {
    if (document.hidden || changed.size) return;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!answer.ok || page.querySelector("[data-again]")) return;
      clearInterval(looking);
      document.getElementById("main").replaceWith(page.getElementById("main"));
    } catch (error) {
      // The next look tries again.
    }
  }, 5000);
}

// Buttons that copy a text.
document.querySelectorAll("button[data-copy]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => {
    navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim()).then(() => {
      button.textContent = "Copied";
    });
  });
});
