package site_test

import (
	"testing"

	"parley/cmd/parley/site/sitetest"
)

// openReply opens conversation 1 as Ben, and types into the form of a reply, which is not sent.
func openReply(s *inboxSite, text string) *sitetest.Browser {
	s.T.Helper()
	mariaWrites(s)
	b := s.Browser("ben@acme.test")
	b.Open("/inbox/1")
	b.Press("#reply")
	b.Keys(text)
	return b
}

// wantReply checks what is in the form of a reply.
func wantReply(s *inboxSite, b *sitetest.Browser, want string) {
	s.T.Helper()
	if got := b.Value("document.querySelector('#reply').value"); got != want {
		s.T.Errorf("the form of the reply has %q, want %q", got, want)
	}
}

// signIn signs an agent in, in a tab that is open already.
func signIn(s *inboxSite, b *sitetest.Browser, email string) {
	s.T.Helper()
	b.Open(s.Link(email))
	b.Press("main form button")
	b.Until(email+" is signed in", "document.querySelector('.who')")
}

// A reply that Ben types isn't shown to a colleague who signs in in the same tab.
func TestInboxShowsReplyToItsAuthorAlone(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	b := openReply(s, "It comes on Monday.")
	b.Press("button[value=take]")
	b.Until("Ben has it", "!document.querySelector('button[value=take]')")
	b.Value("(changed.clear(), '')") // so that the browser leaves the page without asking

	b.Press("form[action='/auth/sign-out'] button")
	b.Until("Ben is signed out", "location.pathname === '/auth/sign-in'")
	signIn(s, b, "cat@acme.test")
	b.Open("/inbox/1")
	wantReply(s, b, "")
}
