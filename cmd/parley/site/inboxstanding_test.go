package site_test

import (
	"net/http"
	"strings"
	"testing"

	"parley/store/storetest"
)

// setMode changes the mode of Maria's mailbox.
func (s *inboxSite) setMode(set string) {
	s.T.Helper()
	storetest.Exec(s.T, s.Pool, `UPDATE accounts SET `+set+` WHERE name = 'support-mail'; UPDATE settings SET version = version + 1`)
	must(0, s.engine.Reload(s.T.Context()))(s.T)
}

// Before somebody writes, the page says what the account's mode doesn't send, and no button on it is bound to fail.
func TestInboxSaysWhatAModeWithholds(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	mariaWrites(s)
	v := s.Visitor("ben@acme.test")
	page := v.Get("/inbox/1")
	wantShown(t, "the page of a live mailbox", page, `id="reply"`)
	wantHidden(t, "the page of a live mailbox", page, "nothing is sent from here")

	s.setMode("mode = 'watch'")
	stale := formAt(page, "/inbox/1/reply")
	stale.Values.Set("text", "It leaves today.")
	a := v.Post("/inbox/1", stale.Values)
	wantStatus(t, "a reply from a page that was open before", a, http.StatusSeeOther)
	page = v.Get(a.Header.Get("Location"))
	wantShown(t, "the page of a mailbox that watches", page, "This account only watches: nothing is sent from here.",
		"Watching only: nothing is sent", "It leaves today.", "Keep the note")
	wantHidden(t, "the page of a mailbox that watches", page, `id="reply"`, `value="send"`, "Send to Maria")

	const notListed = "is not on its list: nothing is sent from here."
	s.setMode("mode = 'trial', trial_to = '{ann@acme.test}'")
	page = v.Get("/inbox/1")
	wantShown(t, "the page in a trial without Maria", page, notListed)
	wantHidden(t, "the page in a trial without Maria", page, `id="reply"`)

	s.setMode("trial_to = '{maria@customer.test,paolo@customer.test}'")
	page = v.Get("/inbox/1")
	wantShown(t, "the page in a trial with Maria", page, `id="reply"`, "Trial: sends to listed addresses only")
	wantHidden(t, "the page in a trial with Maria", page, notListed)
}

// The pages of the inbox say by themselves which chat and which mailbox are down, from the first check that fails, and that what is
// done here is told later.
// Requirement R-274: An inbox in the browser.
func TestInboxSaysWhatIsDown(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	mariaWrites(s)
	b := s.Browser("ben@acme.test")
	b.Open("/inbox/1")
	b.Shows("Where is my lamp?")
	if page := s.Visitor("ben@acme.test").Get("/inbox?list=all"); strings.Contains(page.Body, "note bad") {
		t.Errorf("something is said to be down:\n%s", page.Body)
	}

	storetest.Exec(t, s.Pool, `
		INSERT INTO outages (account_id, reached_at, asked_at)
		SELECT id, now(), now() + interval '10 minutes' FROM accounts WHERE kind = 'slack';
		UPDATE accounts SET status = 'error', status_text = 'The server refused zoe@shop.example' WHERE name = 'support-mail'`)
	const chat, mailbox = "slack can't be reached since", "support-mail doesn't work at the moment"
	b.Shows(chat) // by itself
	b.Shows("What is done here is told in its threads later.")
	b.Shows(mailbox)
	b.Looks("inbox-down")
	page := s.Visitor("ben@acme.test").Get("/inbox?list=all")
	wantShown(t, "the list", page, chat, mailbox)
	wantHidden(t, "the list", page, "zoe@shop.example")

	storetest.Exec(t, s.Pool, `UPDATE outages SET reached_at = asked_at; UPDATE accounts SET status = 'active' WHERE name = 'support-mail'`)
	b.Until("nothing is down", "!document.querySelector('#live .note.bad')")
}
