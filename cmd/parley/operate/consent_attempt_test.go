package operate

import (
	"errors"
	"net/url"
	"testing"

	"parley/channels/email/oauthfake"
	"parley/store"
	"parley/store/storetest"
)

// In a browser an attempt belongs to a session.
const (
	session      = "session-1"
	otherSession = "session-2"
)

// leave sends the session's browser to the provider, where somebody signs in as the mailbox, and returns the provider's answer.
func (f *office) leave(k *Keeper) (answer url.Values) {
	f.t.Helper()
	link := storetest.Must(k.BeginInBrowser(f.t.Context(), f.account, home, session))(f.t)
	return query(f.t, f.signIn(link, consentMailbox))
}

// checkReturnRefused checks that an answer in a session is refused with this error, and says why.
func checkReturnRefused(t *testing.T, k *Keeper, inSession string, answer url.Values, want error, wantText string) {
	t.Helper()
	_, _, err := k.FinishInBrowser(t.Context(), inSession, answer)
	if !errors.Is(err, want) {
		t.Errorf("got the error %v, want %v", err, want)
	}
	checkFailure(t, err, wantText)
}

func TestAttemptInABrowser(t *testing.T) {
	t.Parallel()
	f := newOffice(t, oauthfake.Options{Provider: oauthfake.Google})
	k := f.replica()
	answer := f.leave(k)

	account, who, err := k.FinishInBrowser(t.Context(), session, answer)

	if err != nil {
		t.Fatal(err)
	}
	if who != consentMailbox {
		t.Errorf("connected as %q, want %q", who, consentMailbox)
	}
	if want := "support-mail"; account.Name != want {
		t.Errorf("connected the account %q, want %q", account.Name, want)
	}
}

// An answer in another session is refused, and doesn't use up the attempt.
func TestAttemptOfAnotherSession(t *testing.T) {
	t.Parallel()
	f := newOffice(t, oauthfake.Options{Provider: oauthfake.Google})
	k := f.replica()
	answer := f.leave(k)

	checkReturnRefused(t, k, otherSession, answer, store.ErrNoGrantAttempt, "in the same browser")

	if _, _, err := k.FinishInBrowser(t.Context(), session, answer); err != nil {
		t.Errorf("in its own session afterwards: %v", err)
	}
}

func TestAttemptThatWasUsed(t *testing.T) {
	t.Parallel()
	f := newOffice(t, oauthfake.Options{Provider: oauthfake.Google})
	k := f.replica()
	answer := f.leave(k)
	if _, _, err := k.FinishInBrowser(t.Context(), session, answer); err != nil {
		t.Fatal(err)
	}

	checkReturnRefused(t, k, session, answer, store.ErrGrantUsed, "finished before")
}
