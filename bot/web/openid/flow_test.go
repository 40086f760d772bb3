package openid

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/bot/web/oidcfake"
)

const (
	redirect = "https://help.acme.example/auth/with/oidc/back"
	secret   = "geheim, and long enough to sign with"
)

// ann returns Ann as a provider knows her. The claims in claimed are added to hers, or replace them.
func ann(claimed map[string]any) oidcfake.User {
	claims := map[string]any{"email": "Ann@acme.example", "email_verified": true}
	maps.Copy(claims, claimed)
	return oidcfake.User{ID: "ann", Claims: claims}
}

// signInWorld is a provider, and Parley's side of it.
type signInWorld struct {
	*testing.T

	fake  *oidcfake.Server
	ours  *provider
	ahead atomic.Int64 // by how much Parley's clock is ahead, in nanoseconds
}

// newWorld starts a provider that knows some users, and registers Parley there.
func newWorld(t *testing.T, kind Kind, users ...oidcfake.User) *signInWorld {
	t.Helper()
	return startWorld(t, kind, oidcfake.Options{Users: users})
}

func startWorld(t *testing.T, kind Kind, o oidcfake.Options) *signInWorld {
	t.Helper()
	o.ClientID, o.ClientSecret, o.RedirectURI = "parley", secret, redirect
	c := Config{Kind: kind, Name: "Acme", ClientID: "parley", ClientSecret: secret, Redirect: redirect}
	if kind == Microsoft {
		o.Path, c.Tenant = "/tenant-1/v2.0", "tenant-1"
	}
	w := &signInWorld{T: t, fake: oidcfake.New(o)}
	if err := w.fake.Start(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.fake.Close() })
	c.Issuer = w.fake.Issuer()
	w.ours = &provider{Config: c, client: newClient(), now: func() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }}
	return w
}

// chooseAs begins a sign-in and lets a user choose at the provider. It returns the value that the browser keeps, and the
// answer that it brings back.
func (w *signInWorld) chooseAs(user string) (kept string, answer url.Values) {
	w.Helper()
	kept, address, err := w.ours.begin(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	back, err := w.fake.Choose(w.Context(), address, user)
	if err != nil {
		w.Fatal(err)
	}
	if !strings.HasPrefix(back.String(), redirect+"?") {
		w.Fatalf("sent back to %s, want %s", back, redirect)
	}
	return kept, back.Query()
}

// signIn signs a user in, from the first click to Parley's verdict.
func (w *signInWorld) signIn(user string) (Identity, error) {
	w.Helper()
	kept, answer := w.chooseAs(user)
	return w.ours.finish(w.Context(), kept, answer)
}

// wantRefusal checks the reason for which somebody was refused.
func wantRefusal(t *testing.T, err error, want reason) {
	t.Helper()
	var r *refusal
	if !errors.As(err, &r) {
		t.Errorf("got error %v, want a refusal with the reason %d", err, want)
	} else if r.reason != want {
		t.Errorf("refused with the reason %d (%v), want %d", r.reason, err, want)
	}
}

// wantIdentity checks that somebody was signed in, and as whom.
func wantIdentity(t *testing.T, got Identity, err error, want Identity) {
	t.Helper()
	if err != nil {
		t.Errorf("refused: %v", err)
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// wantSignedIn signs Ann in at a provider with these claims, and checks her identity.
func wantSignedIn(t *testing.T, kind Kind, claimed map[string]any, want Identity) {
	t.Helper()
	got, err := newWorld(t, kind, ann(claimed)).signIn("ann")
	wantIdentity(t, got, err, want)
}

// Parley believes the address that a provider of the kind Any claims, if the provider says that it checked the address.
// Requirement R-221: Pages for admins.
func TestWhoSignsInByAnyProvider(t *testing.T) {
	t.Parallel()
	type claims = map[string]any
	for _, tt := range []struct {
		name     string
		claimed  claims
		wantMail string
	}{
		{name: "it checked the address", wantMail: "ann@acme.example"},
		{name: "it writes true as a text", claimed: claims{"email_verified": "true"}, wantMail: "ann@acme.example"},
		{name: "it names the client that asked", claimed: claims{"azp": "parley"}, wantMail: "ann@acme.example"},
		{
			name:     "it names the client that asked among others",
			claimed:  claims{"aud": []string{"parley", "other"}, "azp": "parley"},
			wantMail: "ann@acme.example",
		},
		{name: "it did not check the address", claimed: claims{"email_verified": false}},
		{name: "it doesn't say whether it did", claimed: claims{"email_verified": nil}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantSignedIn(t, Any, tt.claimed, Identity{Kind: Any, Mail: tt.wantMail})
		})
	}
}

// Requirement R-221: Pages for admins.
func TestWhoSignsInBySlack(t *testing.T) {
	t.Parallel()
	claimed := map[string]any{"https://slack.com/team_id": "T1", "https://slack.com/user_id": "U1"}
	wantSignedIn(t, Slack, claimed, Identity{Kind: Slack, Organisation: "T1", User: "U1", Mail: "ann@acme.example"})
}

// In a tenant of Microsoft's, a user may have any address. Parley believes an address only if the claim xms_edov says
// that the tenant owns its domain.
// Requirement R-221: Pages for admins.
func TestWhoSignsInByMicrosoft(t *testing.T) {
	t.Parallel()
	type claims = map[string]any
	for _, tt := range []struct {
		name     string
		claimed  claims
		wantMail string
	}{
		{name: "it isn't said who owns the domain", claimed: claims{"tid": "tenant-1", "oid": "OBJECT-1"}},
		{
			name:     "the tenant owns the domain",
			claimed:  claims{"tid": "tenant-1", "oid": "OBJECT-1", "xms_edov": true},
			wantMail: "ann@acme.example",
		},
		{name: "the tenant doesn't own the domain", claimed: claims{"tid": "tenant-1", "oid": "OBJECT-1", "xms_edov": "0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := Identity{Kind: Microsoft, Organisation: "tenant-1", User: "object-1", Mail: tt.wantMail}
			wantSignedIn(t, Microsoft, tt.claimed, want)
		})
	}
}

// Somebody of another tenant of Microsoft's is refused, even if the issuer is the same.
// Requirement R-221: Pages for admins.
func TestOtherTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Microsoft, ann(map[string]any{"tid": "tenant-2", "oid": "o"}))
	_, err := w.signIn("ann")
	wantRefusal(t, err, otherOrganisation)
}

// Parley refuses a token that isn't the provider's answer to this very sign-in.
// Requirement R-221: Pages for admins.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Any, ann(nil))
	for _, forgery := range []oidcfake.Forgery{
		// These tokens answer another question, or are not for us.
		oidcfake.ForgeNonce,
		oidcfake.ForgeNoNonce,
		oidcfake.ForgeIssuer,
		oidcfake.ForgeAudience,
		oidcfake.ForgeTwo,
		oidcfake.ForgeMixUp,
		oidcfake.ForgeAccessToken,
		oidcfake.ForgeNoToken,

		// These tokens are not valid now.
		oidcfake.ForgeExpired,
		oidcfake.ForgeNotYet,
		oidcfake.ForgeOld,

		// The provider didn't make the signature of these tokens.
		oidcfake.ForgeSignature,
		oidcfake.ForgeUnknownKey,
		oidcfake.ForgeAlgNone,
		oidcfake.ForgeHS256,
	} {
		t.Run(fmt.Sprintf("%q", forgery), func(t *testing.T) {
			w.fake.Forge(forgery)
			got, err := w.signIn("ann")
			if got != (Identity{}) {
				t.Errorf("taken for %+v, want nobody", got)
			}
			wantRefusal(t, err, untrusted)
		})
	}
}

// Parley refuses a token that may be for another client. It also refuses one that only one of its times makes invalid
// now.
// Requirement R-221: Pages for admins.
func TestTokensThatAreNotForUsNow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		claimed map[string]any
	}{
		{name: "for two clients, not saying which of them asked", claimed: map[string]any{"aud": []string{"parley", "other"}}},
		{name: "issued in an hour", claimed: map[string]any{"iat": time.Now().Add(time.Hour).Unix()}},
		{name: "valid in an hour", claimed: map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := newWorld(t, Any, ann(tt.claimed)).signIn("ann")
			wantRefusal(t, err, untrusted)
		})
	}
}

// Somebody can sign in after the provider has begun to sign with a new key.
func TestKeysRotate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Any, ann(nil))
	mustSignIn := func(key string) {
		t.Helper()
		if _, err := w.signIn("ann"); err != nil {
			t.Errorf("signed with the %s key: refused: %v", key, err)
		}
	}
	mustSignIn("first")
	for _, key := range []string{"second", "third"} {
		w.fake.Rotate(key)
		mustSignIn(key)
	}
}

// An answer counts only for the browser and the provider that were asked, and only whole and unchanged. A wrong answer
// that comes before doesn't use it up.
// Requirement R-221: Pages for admins.
func TestAnswersThatCountForNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Any, ann(nil))
	other := newWorld(t, Slack, ann(nil))
	kept, answer := w.chooseAs("ann")
	with := func(name, value string) url.Values {
		changed := maps.Clone(answer)
		changed.Set(name, value)
		return changed
	}
	for _, tt := range []struct {
		name     string
		provider *provider
		kept     string
		answer   url.Values
		why      reason
	}{
		{name: "a browser that asked nothing: somebody passed the link on", provider: w.ours, answer: answer, why: noAttempt},
		{name: "another state", provider: w.ours, kept: kept, answer: with("state", "x"), why: noAttempt},
		{name: "no state", provider: w.ours, kept: kept, answer: with("state", ""), why: noAttempt},
		{name: "another provider", provider: other.ours, kept: kept, answer: answer, why: noAttempt},
		{name: "no code", provider: w.ours, kept: kept, answer: with("code", ""), why: failed},
		{name: "a code that the provider didn't give", provider: w.ours, kept: kept, answer: with("code", "made-up"), why: noAttempt},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.provider.finish(t.Context(), tt.kept, tt.answer)
			wantRefusal(t, err, tt.why)
		})
	}

	answer.Del("iss") // many providers don't say who answers
	if _, err := w.ours.finish(t.Context(), kept, answer); err != nil {
		t.Errorf("the answer itself is refused: %v", err)
	}
}

// An answer counts once, and the provider gives one token for it.
// Requirement R-221: Pages for admins.
func TestAnswerCountsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Any, ann(nil))
	kept, answer := w.chooseAs("ann")
	if _, err := w.ours.finish(t.Context(), kept, answer); err != nil {
		t.Fatalf("the first time it is refused: %v", err)
	}
	_, err := w.ours.finish(t.Context(), kept, answer)
	wantRefusal(t, err, noAttempt)
	if got := w.fake.Tokens(); got != 1 {
		t.Errorf("got %d tokens, want 1", got)
	}
}

// An answer that comes later than signInTimeout is refused.
// Requirement R-221: Pages for admins.
func TestAnswerComesTooLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Any, ann(nil))
	kept, answer := w.chooseAs("ann")
	w.ahead.Store(int64(signInTimeout + time.Second))
	_, err := w.ours.finish(t.Context(), kept, answer)
	wantRefusal(t, err, tooLate)
}

// A code that was stolen from one browser doesn't work in another one.
func TestStolenCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Any, ann(nil))
	_, stolen := w.chooseAs("ann")
	kept, answer := w.chooseAs("ann")
	answer.Set("code", stolen.Get("code"))
	_, err := w.ours.finish(t.Context(), kept, answer)
	wantRefusal(t, err, noAttempt)
}
