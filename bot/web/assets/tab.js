"use strict";
// Signs in whoever opens the site in a tab of Teams: asks Teams for a token, and hands it in.

const form = document.getElementById("tab-form");
const say = (id) => { document.querySelectorAll("[data-tab]").forEach((p) => { p.hidden = p.id !== id; }); };

async function enter() {
  try {
    await microsoftTeams.app.initialize();
    form.elements.token.value = await microsoftTeams.authentication.getAuthToken();
    microsoftTeams.app.notifySuccess();
    form.submit();
  } catch (error) {
    say("tab-failed");
  }
}

if (form && window.parent !== window && form.dataset.wait !== "yes") {
  say("tab-wait");
  enter();
} else if (window.parent === window) {
  say("tab-outside");
}
