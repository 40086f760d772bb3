package site_test

import (
	"testing"

	"parley/channels/channelstest"
	"parley/cmd/parley/site/sitetest"
)

// These tests are about people who use the inbox by keyboard, or listen to it, while it brings itself up to date.

// focused is a script that returns where the link with the focus leads, or the id of another element that has the
// focus.
const focused = "(document.activeElement.getAttribute('href') || document.activeElement.id)"

// receiveFrom lets a customer begin a conversation.
func receiveFrom(s *inboxSite, name string) {
	s.T.Helper()
	s.receive("support-mail", channelstest.Event{From: name + "@customer.test", Name: name, Subject: "Lamp", Text: "Where is it?"})
}

// openListAt opens the list of what nobody has, and gives a conversation the focus.
func openListAt(s *inboxSite, conversation string) *sitetest.Browser {
	s.T.Helper()
	b := s.Browser("ben@acme.test")
	b.Open("/inbox?list=unassigned")
	b.Value("(document.querySelector('a[href=\"" + conversation + "\"]').focus(), '')")
	return b
}

// wantFocus fails the test if something else has the focus.
func wantFocus(s *inboxSite, b *sitetest.Browser, want string) {
	s.T.Helper()
	if got := b.Value(focused); got != want {
		s.T.Errorf("the focus is at %q, want %q", got, want)
	}
}

// A conversation keeps the focus while another one comes into the list.
// Requirement R-274: An inbox in the browser.
func TestInboxListKeepsFocus(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	receiveFrom(s, "maria")
	receiveFrom(s, "kim")
	b := openListAt(s, "/inbox/2")

	receiveFrom(s, "vera")
	b.Until("the third one is there", "document.querySelector('a[href=\"/inbox/3\"]')")

	wantFocus(s, b, "/inbox/2")
}

// When the conversation that has the focus leaves the list, the one that takes its place gets the focus.
// Requirement R-274: An inbox in the browser.
func TestInboxListMovesFocusOn(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	receiveFrom(s, "maria")
	receiveFrom(s, "kim")
	b := openListAt(s, "/inbox/1")

	sendActOf(s, "cat@acme.test", "take")
	b.Until("the first one is gone", "!document.querySelector('a[href=\"/inbox/1\"]')")

	wantFocus(s, b, "/inbox/2")
}

// When the list becomes empty, the focus stays at its place on the page.
// Requirement R-274: An inbox in the browser.
func TestInboxListKeepsFocusWhenEmpty(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	receiveFrom(s, "maria")
	b := openListAt(s, "/inbox/1")

	sendActOf(s, "cat@acme.test", "take")
	b.Shows("Nothing is here.")

	wantFocus(s, b, "live")
}

// Somebody who listens to the page hears in a sentence that the list has changed, and doesn't hear all of it again.
// Requirement R-274: An inbox in the browser.
func TestInboxListTellsOfChange(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	receiveFrom(s, "maria")
	b := openListAt(s, "/inbox/1")

	receiveFrom(s, "kim")
	b.Until("it says so", "document.querySelector('#news[role=status]').textContent === 'The list has changed.'")

	if got := b.Value("String(document.querySelector('#live').closest('[aria-live]') !== null)"); got != "false" {
		t.Errorf("the whole list is read out at each change: %s, want false", got)
	}
}

// What Ben has unfolded in a message stays unfolded. Nothing else is unfolded, even if a message above it gets
// something to unfold.
// Requirement R-274: An inbox in the browser.
func TestInboxKeepsWhatIsUnfolded(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	receiveFrom(s, "maria")
	s.receive("support-mail", channelstest.Event{
		From:         "maria@customer.test",
		Name:         "maria",
		Conversation: 1,
		Text:         "Any news?\n\n> Where is it?",
	})
	b := s.Browser("ben@acme.test")
	b.Open("/inbox/1")
	b.Press("ol.said summary")
	b.Until("the earlier mails are shown", "document.querySelector('ol.said details').open")

	must(s.Pool.Exec(t.Context(), `
		UPDATE messages
		SET revision = '{"text": "Where is my lamp?", "at": "2026-01-02T03:04:05Z", "event": 900000}'
		WHERE external_id = 'in-1'`))(t)
	s.receive("support-mail", channelstest.Event{From: "maria@customer.test", Name: "maria", Conversation: 1, Text: "Hello?"})
	b.Shows("Where is my lamp?")

	const want = "What it said before: false, Earlier mails below it: true"
	got := b.Value(`[...document.querySelectorAll('ol.said details')]
		.map((details) => details.querySelector('summary').innerText + ': ' + details.open).join(', ')`)
	if got != want {
		t.Errorf("unfolded: %s, want %s", got, want)
	}
}
