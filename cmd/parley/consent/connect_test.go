package consent

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/email/oauth"
	"parley/channels/email/oauthfake"
	"parley/store/grant"
)

//
func TestConnect(t *testing.T) {
	t.Parallel()
	for _, p := range []oauthfake.Provider{oauthfake.Google, oauthfake.Microsoft} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			f := newOffice(t, oauthfake.Options{Provider: p})
			k := f.replica()
			wantError(t, k.For(f.account, f.name()), channels.AuthBroken)
			flow, link, err := k.Begin(f.account, f.name(), f.redirect())
			if err != nil {
				t.Fatal(err)
			}
			asked := query(t, link)
			if asked.Get("code_challenge_method") != "S256" || asked.Get("login_hint") != mailbox || strings.Contains(link, flow.Verifier) ||
				asked.Get("state") != flow.State || strings.Contains(link, "client-secret") {
				t.Errorf("link %s", link)
			}
			back, err := f.provider.SignIn(t.Context(), link, "Help@acme.test") // people write capitals
			if err != nil {
				t.Fatal(err)
			}
			if who, err := k.Finish(t.Context(), f.account, f.name(), flow, query(t, back)); err != nil || !strings.EqualFold(who, mailbox) {
				t.Fatalf("%q, %v", who, err)
			}
			f.wantToken(k.For(f.account, f.name()), "")
			if _, err := k.Finish(t.Context(), f.account, f.name(), flow, query(t, back)); !isFailure(err, "no longer takes this answer") {
				t.Errorf("replayed: %v", err)
			}
			f.wantToken(k.For(f.account, f.name()), "")
			if calls := f.provider.Calls(); !calls[0].PKCE {
				t.Error("exchanged without the verifier")
			}
		})
	}
}

func isFailure(err error, words string) bool {
	var f *Failure
	return errors.As(err, &f) && strings.Contains(f.Error(), words) && f.Hint != ""
}

// Each way in which it goes wrong is explained, and leaves the connection that there was.
func TestConnectRefused(t *testing.T) {
	t.Parallel()
	f, g := newConnectedOffice(t, oauthfake.Options{Provider: oauthfake.Microsoft})
	k := f.replica()
	for name, c := range map[string]struct {
		come func(link string) (string, error)
		want string
	}{
		"wrong account": {func(link string) (string, error) { return f.provider.SignIn(t.Context(), link, "ann@acme.test") },
			"You signed in as ann@acme.test, but this account is help@acme.test, billing@acme.test. Sign in as the mailbox itself"},
		"cancelled": {func(link string) (string, error) { return f.provider.Cancel(t.Context(), link) }, "did not allow it at Microsoft"},
		"box not ticked": {func(link string) (string, error) {
			return f.provider.SignIn(t.Context(), link, mailbox, "https://outlook.office.com/SMTP.Send")
		}, "did not allow Parley to read and send mail"},
		"not lasting": {func(link string) (string, error) {
			return f.provider.SignIn(t.Context(), link, mailbox, "offline_access")
		}, "ends within the hour"},
		"other state": {func(link string) (string, error) {
			return f.provider.SignIn(t.Context(), strings.Replace(link, "state=", "state=x", 1), mailbox)
		}, "belongs to another attempt"},
		"no code": {func(link string) (string, error) {
			return f.redirect() + "?state=" + url.QueryEscape(query(t, link).Get("state")), nil
		}, "has no code"},
		"busy": {func(link string) (string, error) {
			f.provider.AddFault(oauthfake.Fault{Kind: oauthfake.FaultRefuse, Status: http.StatusServiceUnavailable})
			return f.provider.SignIn(t.Context(), link, mailbox)
		}, "no time right now"},
		"strange scope": {func(link string) (string, error) {
			return f.provider.SignIn(t.Context(), strings.Replace(link, "scope=", "scope=Mail.Everything+", 1), mailbox)
		}, "Microsoft refuses: invalid_scope"},
	} {
		flow, link, err := k.Begin(f.account, f.name(), f.redirect())
		if err != nil {
			t.Fatal(err)
		}
		back, err := c.come(link)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := k.Finish(t.Context(), f.account, f.name(), flow, query(t, back)); !isFailure(err, c.want) {
			t.Errorf("%s: got %v, want a failure that says %q", name, err, c.want)
		}
		f.wantToken(g, "")
	}
}

// An identity token that can't be read may name somebody else: nobody is connected by it.
func TestIdentityUnreadable(t *testing.T) {
	t.Parallel()
	f := newOffice(t, oauthfake.Options{Provider: oauthfake.Google, Claims: func(claims map[string]any) { claims["aud"] = 5 }})
	k := f.replica()
	if _, err := f.connect(k, "boss@acme.test"); !errors.Is(err, oauth.ErrUnreadable) || !isFailure(err, "in a form that Parley can't read") {
		t.Error(err)
	}
	wantError(t, k.For(f.account, f.name()), channels.AuthBroken)
}

// Somebody else signs in for a shared mailbox, if the settings say who.
func TestSharedMailbox(t *testing.T) {
	t.Parallel()
	f := newOffice(t, oauthfake.Options{Provider: oauthfake.Microsoft})
	f.account.Config = []byte(`{"address":"help@acme.test","oauth":"microsoft","oauth_user":"ann@acme.test"}`)
	k := f.replica()
	if who, err := f.connect(k, "ann@acme.test"); err != nil || who != "ann@acme.test" {
		t.Errorf("%q, %v", who, err)
	}
	if _, err := f.connect(k, "zoe@acme.test"); !isFailure(err, "this account is ann@acme.test, help@acme.test") {
		t.Error(err)
	}
}

// Parley's own set-up is wrong: that is said, with the variables to look at.
func TestNotRegistered(t *testing.T) {
	t.Parallel()
	f := newOffice(t, oauthfake.Options{Provider: oauthfake.Google})
	k := New(f.pool, nil, map[string]oauth.App{}, f.replica().log)
	if _, _, err := k.Begin(f.account, "google", home); !isFailure(err, "GOOGLE_CLIENT_ID") {
		t.Error(err)
	}
	k = f.replica()
	if _, _, err := k.Begin(f.account, "microsoft", home); !isFailure(err, "MICROSOFT_CLIENT_ID") {
		t.Error(err)
	}
	if _, err := f.connect(k, mailbox); err != nil {
		t.Fatal(err)
	}
	wrong := New(f.pool, k.sealer, map[string]oauth.App{"google": {ID: "client-1", Secret: "other", TokenURL: f.provider.TokenURL()}}, k.log)
	f.expireToken()
	if _, hint := wantError(t, wrong.For(f.account, "google"), channels.AuthBroken); !strings.Contains(hint, "GOOGLE_CLIENT_SECRET") {
		t.Error(hint)
	}
	f.wantToken(k.For(f.account, "google"), "") // the consent is not taken for over
}

// An attempt in a browser belongs to one session, works once, and not for ever.
func TestAttemptsOfSessions(t *testing.T) {
	t.Parallel()
	f := newOffice(t, oauthfake.Options{Provider: oauthfake.Google})
	k := f.replica()
	leave := func() url.Values {
		t.Helper()
		link, err := k.Leave(t.Context(), f.account, home, "session-1")
		if err != nil {
			t.Fatal(err)
		}
		back, err := f.provider.SignIn(t.Context(), link, mailbox)
		if err != nil {
			t.Fatal(err)
		}
		return query(t, back)
	}
	answer := leave()
	if _, _, err := k.Return(t.Context(), "session-2", answer); !errors.Is(err, grant.ErrNoAttempt) || !isFailure(err, "in the same browser") {
		t.Errorf("another session: %v", err)
	}
	account, who, err := k.Return(t.Context(), "session-1", answer)
	if err != nil || who != mailbox || account.Name != "support-mail" {
		t.Fatalf("%v, %q, %v", account, who, err)
	}
	if _, _, err := k.Return(t.Context(), "session-1", answer); !errors.Is(err, grant.ErrUsed) || !isFailure(err, "finished before") {
		t.Errorf("replayed: %v", err)
	}
	answer = leave()
	if _, err := f.pool.Exec(t.Context(), `UPDATE grant_attempts SET until = clock_timestamp() - interval '1 second' WHERE used_at IS NULL`); err != nil {
		t.Fatal(err)
	}
	if _, _, err := k.Return(t.Context(), "session-1", answer); !errors.Is(err, grant.ErrExpired) || !isFailure(err, "too long") {
		t.Errorf("late: %v", err)
	}
	if _, err := f.pool.Exec(t.Context(), `UPDATE grant_attempts SET until = until - interval '2 days'`); err != nil {
		t.Fatal(err)
	}
	leave()
	var kept int
	if err := f.pool.QueryRow(t.Context(), `SELECT count(*) FROM grant_attempts`).Scan(&kept); err != nil || kept != 1 {
		t.Errorf("%d attempts are kept, %v", kept, err)
	}
	if _, _, err := k.Return(t.Context(), "session-1", url.Values{"state": {"made up"}, "code": {"x"}}); !errors.Is(err, grant.ErrNoAttempt) {
		t.Errorf("made up: %v", err)
	}
}
