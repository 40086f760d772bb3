package site_test

import (
	"slices"
	"strings"
	"testing"

	"parley/bridge"
	"parley/cmd/parley/site/sitetest"
	"parley/store/storetest"
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

// sendWithoutSession presses the button that sends the reply, after Ben's session has ended. The site does not store
// the reply, and says so.
func sendWithoutSession(s *inboxSite, b *sitetest.Browser) {
	s.T.Helper()
	storetest.Exec(s.T, s.Pool, "DELETE FROM site_sessions")
	b.Press("form.say button.main")
	b.Shows("You are signed out, so nothing was saved.")
}

// signIn signs an agent in, in a tab that is open already.
func signIn(s *inboxSite, b *sitetest.Browser, email string) {
	s.T.Helper()
	b.Open(s.Link(email))
	b.Press("main form button")
	b.Until(email+" is signed in", "document.querySelector('.who')")
}

// A reply that somebody types is still there after another form of the page was sent, and is sent then like any other.
func TestInboxKeepsReplyWhileAnotherFormIsSent(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	b := openReply(s, "It comes on Monday.")

	b.Press("button[value=take]")
	b.Until("Ben has it, and nobody was asked", "!document.querySelector('button[value=take]')")
	wantReply(s, b, "It comes on Monday.")

	b.Press("form.say button.main")
	b.Shows("Sent")
	if got, want := s.provider.Texts(), []string{"It comes on Monday."}; !slices.Equal(got, want) {
		t.Errorf("the customer got %q, want %q", got, want)
	}
}

// A reply that was sent is not shown again.
func TestInboxForgetsReplyThatWasSent(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	b := openReply(s, "It comes on Monday.")

	b.Press("form.say button.main")
	b.Shows("Sent")
	wantReply(s, b, "")

	b.Value("history.back(); ''")
	b.Until("the page on which it was typed is there again", "location.search === '' && document.readyState === 'complete'")
	wantReply(s, b, "")

	b.Open("/inbox/1")
	wantReply(s, b, "")
}

// A reply that was confirmed, that is, shown once more before it was sent, isn't shown again after that. The form
// that was sent lacks the empty line at the beginning of what was typed, which makes no difference.
func TestInboxForgetsReplyThatWasConfirmed(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	s.Apply(strings.Replace(deskCompany, "hold: 0s,", "hold: 0s, settings: {confirm_send: \"on\"},", 1))
	check(t, s.engine.Reload(t.Context()))
	b := openReply(s, "")

	// The reply has a file, because a reply without one isn't shown once more.
	b.Value(`{
		const field = document.querySelector('#reply');
		field.value = '\nIt comes on Monday.';
		field.dispatchEvent(new Event('input', {bubbles: true}));
		const chosen = new DataTransfer();
		chosen.items.add(new File(['the plan'], 'plan.txt', {type: 'text/plain'}));
		document.querySelector('#file').files = chosen.files;
		'';
	}`)

	b.Press("form.say button.main")
	b.Shows("Look at it once more")
	b.Press("form.say button.main")
	b.Shows("Sent")
	wantReply(s, b, "")
}

// A reply that wasn't stored because the session had ended is there again after signing in.
func TestInboxKeepsReplyThatWasNotStored(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	b := openReply(s, "It comes on Monday.")

	sendWithoutSession(s, b)
	signIn(s, b, "ben@acme.test")
	b.Open("/inbox/1")
	wantReply(s, b, "It comes on Monday.")

	b.Press("form.say button.main")
	b.Shows("Sent")
	wantReply(s, b, "")
}

// The address of a page may still name an act that was stored before the reply was typed. A reply that wasn't stored
// is kept nevertheless.
func TestInboxKeepsReplyThatWasNotStoredAfterAnotherForm(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	b := openReply(s, "It comes on Monday.")
	b.Press("button[value=take]")
	b.Until("the address names what was stored", "location.search.startsWith('?act=')")
	afterTaking := b.Value("location.pathname + location.search")

	sendWithoutSession(s, b)
	signIn(s, b, "ben@acme.test")
	b.Open(afterTaking)
	wantReply(s, b, "It comes on Monday.")
}

// A reply that was sent and not stored is kept when another form is stored.
func TestInboxKeepsReplyThatWasNotStoredWhileAnotherFormIsSent(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	b := openReply(s, "It comes on Monday.")

	// The script fires the events of a form that is sent, without sending it, as if the site couldn't be reached.
	b.Value("(document.querySelector('form.say').dispatchEvent(new Event('submit', {bubbles: true, cancelable: true})), '')")

	b.Press("button[value=take]")
	b.Until("Ben has it", "!document.querySelector('button[value=take]')")
	wantReply(s, b, "It comes on Monday.")
}

// What Ben typed into a form is there again if the act is refused after it was stored. While the act waits, it isn't
// shown.
func TestInboxKeepsWhatWasRefused(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	mariaWrites(s)
	mariaAdds(s, "Any news?")
	b := s.Browser("ben@acme.test")
	b.Open("/inbox/1")
	for _, form := range []struct{ field, text, button string }{
		{field: "#other", text: "2h", button: "button[value=snooze]"},
		{field: "#resolution", text: "It came on Monday.", button: "button[value=resolve]"},
	} {
		shown := "document.querySelector('" + form.field + "').value"
		s.desk.result.Store(&bridge.ActResult{State: bridge.ActWaits})
		b.Write(form.field, form.text)
		b.Value("(document.querySelectorAll('input[name=seen]').forEach((seen) => { seen.value = 1; }), '')") // Maria's last words were not seen
		b.Press(form.button)
		b.Shows("will be done in a moment")
		if got := b.Value(shown); got != "" {
			t.Errorf("while it waits, %s has %q, want nothing", form.field, got)
		}

		s.desk.result.Store(nil)
		b.Shows("That was not done. The customer has just written again")
		b.Until("what was typed is there again", shown+" === '"+form.text+"'")
	}
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

// The browser asks before a form is sent if another form of the page has something that the page which follows
// doesn't show again.
func TestInboxAsksBeforeWhatIsTypedIsLost(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	mariaWrites(s)
	b := s.Browser("ben@acme.test")
	b.Open("/inbox/1")
	b.Value("(document.querySelector('#to').dispatchEvent(new Event('input', {bubbles: true})), '')") // as if a colleague had been chosen

	// The script fires the events of a form that is sent, without sending it.
	asks := b.Value(`(document.querySelector('form.say').dispatchEvent(new Event('submit', {bubbles: true, cancelable: true})),
		String(!window.dispatchEvent(new Event('beforeunload', {cancelable: true}))))`)

	if asks != "true" {
		t.Errorf("the browser asks: %s, want true", asks)
	}
}
