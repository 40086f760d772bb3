package site_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"parley/channels/channelstest"
	"parley/cmd/parley/site/sitetest"
)

// These tests are about the forms on the page of a conversation that somebody else resolves meanwhile, or opens again.

// sendActOf sends the form of conversation 1 whose first button has a verb, as somebody sees it now.
func sendActOf(s *inboxSite, email, verb string) {
	s.T.Helper()
	v := s.Visitor(email)
	page := v.Get("/inbox/1")
	for _, f := range page.Forms() {
		if f.Values.Get("verb") == verb {
			if a := v.Post(f.Action, f.Values); a.Status != http.StatusSeeOther {
				s.T.Fatalf("%s: status %d, want 303\n%s", verb, a.Status, a.Body)
			}
			return
		}
	}
	s.T.Fatalf("the page has no form to %s:\n%s", verb, page.Body)
}

// openEmptyPage opens conversation 1 as Ben, who types nothing.
func openEmptyPage(s *inboxSite) *sitetest.Browser {
	s.T.Helper()
	mariaWrites(s)
	b := s.Browser("ben@acme.test")
	b.Open("/inbox/1")
	b.Until("the form of a reply is there", "document.querySelector('#reply')")
	return b
}

// If Ben isn't typing, the forms of his page go once a colleague resolves the conversation, and come back when it is
// opened again.
// Requirement R-274: An inbox in the browser.
func TestInboxFormsFollowTheState(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	b := openEmptyPage(s)

	sendActOf(s, "cat@acme.test", "resolve")
	b.Until("it can be opened again, and not be answered",
		"document.querySelector('button[value=reopen]') && !document.querySelector('#reply')")

	sendActOf(s, "cat@acme.test", "reopen")
	b.Until("it can be answered", "document.querySelector('#reply') && !document.querySelector('button[value=reopen]')")
}

// The keys that send a reply also work in a form that came while the page was open.
// Requirement R-274: An inbox in the browser.
func TestInboxKeysSendFromFormThatCameLater(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	mariaWrites(s)
	sendActOf(s, "cat@acme.test", "resolve")
	b := s.Browser("ben@acme.test")
	b.Open("/inbox/1")
	b.Shows("It is resolved.")
	sendActOf(s, "cat@acme.test", "reopen")

	b.Press("#reply")
	b.Keys("It comes on Monday.")
	b.Value(`(document.querySelector('#reply').dispatchEvent(
		new KeyboardEvent('keydown', {key: 'Enter', ctrlKey: true, bubbles: true, cancelable: true})), '')`)

	b.Until("the reply is sent", "document.querySelector('#live').innerText.includes('It comes on Monday.')")
}

// A reply that Ben is typing stays while a colleague resolves the conversation, and the page says that this happened.
// Requirement R-274: An inbox in the browser.
func TestInboxFormsInUseStay(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	b := openReply(s, "It comes on Monday.")

	sendActOf(s, "cat@acme.test", "resolve")

	b.Shows("This conversation was resolved or closed meanwhile.")
	wantReply(s, b, "It comes on Monday.")
	b.Looks("inbox-resolved-meanwhile")
}

// Once the conversation is opened again, the page doesn't say any more that it was resolved, and what somebody types
// is still there.
// Requirement R-274: An inbox in the browser.
func TestInboxFormsInUseStayAfterReopen(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	b := openReply(s, "It comes on Monday.")
	sendActOf(s, "cat@acme.test", "resolve")
	b.Shows("This conversation was resolved or closed meanwhile.")

	sendActOf(s, "cat@acme.test", "reopen")

	b.Until("nothing is said of its end", "document.querySelector('#meanwhile').innerText === ''")
	wantReply(s, b, "It comes on Monday.")
}

// An act that can't be done is shown again with the reason, even if the conversation was resolved meanwhile.
// Requirement R-274: An inbox in the browser.
func TestInboxRefusesActsAfterResolve(t *testing.T) {
	t.Parallel()
	s := startInboxWithMail(t)
	ben := s.Visitor("ben@acme.test")
	page := ben.Get("/inbox/1")
	sendActOf(s, "cat@acme.test", "resolve")
	tests := []struct {
		name    string
		verb    string
		field   string
		text    string
		wantWhy string
	}{
		{name: "a reply like a note", verb: "reply", field: "text", text: "note: she is angry", wantWhy: "begins like a note"},
		{name: "a time that is none", verb: "snooze", field: "other", text: "one fine day", wantWhy: "one fine day"},
		{name: "nobody to assign to", verb: "assign", field: "to", text: "", wantWhy: "Choose a colleague"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := ben.Post("/inbox/1", form(page, "verb", tt.verb, tt.field, tt.text))

			wantStatus(t, "the answer", a, http.StatusUnprocessableEntity)
			wantShown(t, "the answer", a, `role="alert"`, tt.wantWhy, tt.text)
		})
	}
}

// A reply that would be shown once more before it is sent is not sent if the conversation was resolved meanwhile. The
// page says so, and shows its text.
// Requirement R-274: An inbox in the browser.
func TestInboxRepliesAreNotConfirmedAfterResolve(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	s.Apply(strings.Replace(deskCompany, "hold: 0s,", "hold: 0s, settings: {confirm_send: \"on\"},", 1))
	check(t, s.engine.Reload(t.Context()))
	s.receive("support-mail", channelstest.Event{From: "maria@customer.test", Name: "Maria", Subject: "Lamp", Text: "Where is it?"})
	ben := s.Visitor("ben@acme.test")
	page := ben.Get("/inbox/1")
	sendActOf(s, "cat@acme.test", "resolve")

	a := ben.Upload("/inbox/1/reply", form(page, "text", "This is the plan."), planFile())

	wantStatus(t, "the answer", a, http.StatusUnprocessableEntity)
	wantShown(t, "the answer", a,
		"Nothing was sent: this conversation was resolved or closed meanwhile.",
		"This is the plan.",
		"Its files have to be chosen again.")
}

// replyFrom sends the reply whose form somebody's page of conversation 1 shows.
func replyFrom(v *sitetest.Visitor, page sitetest.Answer, text string, values ...string) sitetest.Answer {
	f := form(page, "verb", "reply", "text", text, "opened", openedField.FindStringSubmatch(page.Body)[1])
	for i := 0; i+1 < len(values); i += 2 {
		f.Set(values[i], values[i+1])
	}
	return v.Post("/inbox/1", f)
}

var openedField = regexp.MustCompile(`name="opened" value="([^"]+)"`)

// Ben replies on a page that doesn't show yet what a colleague has answered: Parley asks him before it sends his
// reply. On a page that shows the answer, it doesn't ask.
// Requirement R-274: An inbox in the browser.
func TestInboxAsksWhoseReplyWasOvertaken(t *testing.T) {
	t.Parallel()
	s := startInboxWithMail(t)
	ben, cat := s.Visitor("ben@acme.test"), s.Visitor("cat@acme.test")
	before := ben.Get("/inbox/1")
	wantStatus(t, "Cat's answer", replyFrom(cat, cat.Get("/inbox/1"), "It is on its way."), http.StatusSeeOther)

	wantStatus(t, "Ben's reply", replyFrom(ben, before, "We look for it."), http.StatusSeeOther)
	after := ben.Get("/inbox/1")
	wantShown(t, "the page", after, "Not sent yet", "A colleague answered while its author had the form open.", "Send to Maria")

	wantStatus(t, "Ben's next reply", replyFrom(ben, after, "It comes on Monday."), http.StatusSeeOther)
	s.provider.WaitTexts(t, "It is on its way.", "It comes on Monday.")
}

// A reply is refused if its form names an impossible time at which the page was opened. What was typed is shown
// again.
// Requirement R-221: Pages for admins.
func TestInboxRefusesReplyOfAPageFromTheFuture(t *testing.T) {
	t.Parallel()
	s := startInboxWithMail(t)
	ben := s.Visitor("ben@acme.test")
	for _, opened := range []string{"4102444800000000", "9223372036854775807", "-1", "soon"} {
		a := replyFrom(ben, ben.Get("/inbox/1"), "It comes on Monday.", "opened", opened)
		wantStatus(t, opened, a, http.StatusUnprocessableEntity)
		wantShown(t, opened, a, "It comes on Monday.")
	}
}

// A colleague's answer that comes before Ben types counts as seen by him. If one comes while he types, Parley asks
// him before it sends his reply.
// Requirement R-274: An inbox in the browser.
func TestInboxAsksAboutAnswersWhileTyping(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	b := openEmptyPage(s)
	cat := s.Visitor("cat@acme.test")
	replyFrom(cat, cat.Get("/inbox/1"), "It is on its way.")
	b.Shows("It is on its way.")
	b.Write("#reply", "It comes on Monday.")
	b.Press("form.say button.main")
	b.Shows("It comes on Monday.")
	s.provider.WaitTexts(t, "It is on its way.", "It comes on Monday.")

	b.Write("#reply", "In the morning.")
	replyFrom(cat, cat.Get("/inbox/1"), "At ten.")
	b.Shows("At ten.")
	b.Press("form.say button.main")
	b.Shows("Not sent yet")
}
