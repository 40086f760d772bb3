package openid

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/bot/web/oidcfake"
)

const (
	redirect = "https://help.acme.example/auth/with/oidc/back"
	secret   = "geheim, and long enough to sign with"
)

// ann is known to all providers of these tests.
func ann(more map[string]any) oidcfake.User {
	claims := map[string]any{"email": "Ann@acme.example", "email_verified": true}
	for name, value := range more {
		claims[name] = value
	}
	return oidcfake.User{ID: "ann", Claims: claims}
}

// world is a provider, and Parley's side of it.
type world struct {
	*testing.T

	fake  *oidcfake.Server
	ours  *provider
	ahead atomic.Int64 // by how much Parley's clock is ahead, in nanoseconds
}

// newWorld starts a provider that knows users, and registers Parley there.
func newWorld(t *testing.T, kind Kind, users ...oidcfake.User) *world {
	t.Helper()
	return startWorld(t, kind, oidcfake.Options{Users: users})
}

func startWorld(t *testing.T, kind Kind, o oidcfake.Options) *world {
	t.Helper()
	o.ClientID, o.ClientSecret, o.RedirectURI = "parley", secret, redirect
	c := Config{Kind: kind, Name: "Acme", ClientID: "parley", ClientSecret: secret, Redirect: redirect}
	if kind == Microsoft {
		o.Path, c.Tenant = "/tenant-1/v2.0", "tenant-1"
	}
	w := &world{T: t, fake: oidcfake.New(o)}
	if err := w.fake.Start(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.fake.Close() })
	c.Issuer = w.fake.Issuer()
	w.ours = &provider{Config: c, client: newClient(), now: func() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }}
	return w
}

// ask begins a sign-in and lets somebody choose; it returns what the browser keeps and brings back.
func (w *world) ask(user string) (kept string, answer url.Values) {
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
		w.Fatalf("sent back to %s", back)
	}
	return kept, back.Query()
}

// signIn goes the whole way.
func (w *world) signIn(user string) (Identity, error) {
	w.Helper()
	kept, answer := w.ask(user)
	return w.ours.finish(w.Context(), kept, answer)
}

// refused checks why somebody was refused.
func refused(t *testing.T, err error, why reason) {
	t.Helper()
	var r *refusal
	if !errors.As(err, &r) || r.reason != why {
		t.Errorf("it ended with %v, want the reason %d", err, why)
	}
}

// TestWhoSignsIn: each provider's words about somebody become what Parley may believe of them.
//
func TestWhoSignsIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind Kind
		more map[string]any
		want Identity
	}{
		"a provider that checked the address": {Any, nil, Identity{Kind: Any, Mail: "ann@acme.example"}},
		"one that writes yes as a text":       {Any, map[string]any{"email_verified": "true"}, Identity{Kind: Any, Mail: "ann@acme.example"}},
		"one that did not check it":           {Any, map[string]any{"email_verified": false}, Identity{Kind: Any}},
		"one that says nothing of it":         {Any, map[string]any{"email_verified": nil}, Identity{Kind: Any}},
		"Slack": {Slack, map[string]any{"https://slack.com/team_id": "T1", "https://slack.com/user_id": "U1"},
			Identity{Kind: Slack, Organisation: "T1", User: "U1", Mail: "ann@acme.example"}},
		"Microsoft": {Microsoft, map[string]any{"tid": "tenant-1", "oid": "OBJECT-1"},
			Identity{Kind: Microsoft, Organisation: "tenant-1", User: "object-1"}}, // anybody may write an address into a tenant
		"Microsoft, of a domain that the tenant owns": {Microsoft, map[string]any{"tid": "tenant-1", "oid": "o", "xms_edov": true},
			Identity{Kind: Microsoft, Organisation: "tenant-1", User: "o", Mail: "ann@acme.example"}},
		"Microsoft, of a foreign domain": {Microsoft, map[string]any{"tid": "tenant-1", "oid": "o", "xms_edov": "0"},
			Identity{Kind: Microsoft, Organisation: "tenant-1", User: "o"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := newWorld(t, c.kind, ann(c.more)).signIn("ann")
			if err != nil || got != c.want {
				t.Errorf("%+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

// TestThinTokens: where the token has no address, the provider is asked for it; what it tells of somebody else counts
// for nothing.
//
func TestThinTokens(t *testing.T) {
	t.Parallel()
	thin := func(more map[string]any) *world {
		return startWorld(t, Any, oidcfake.Options{Users: []oidcfake.User{ann(more)}, Thin: true})
	}
	for name, c := range map[string]struct {
		more map[string]any
		want string
	}{
		"an address that was checked": {nil, "ann@acme.example"},
		"checked, as a text":          {map[string]any{"email_verified": "true"}, "ann@acme.example"},
		"not checked":                 {map[string]any{"email_verified": false}, ""},
		"no address":                  {map[string]any{"email": nil}, ""},
	} {
		if got, err := thin(c.more).signIn("ann"); err != nil || got != (Identity{Kind: Any, Mail: c.want}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	w := thin(nil)
	w.fake.Forge(oidcfake.ForgeUserInfo)
	_, err := w.signIn("ann")
	refused(t, err, untrusted)
}

// TestOtherTenant: somebody of another tenant is nobody, even if the issuer were the same.
//
func TestOtherTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Microsoft, ann(map[string]any{"tid": "tenant-2", "oid": "o"}))
	_, err := w.signIn("ann")
	refused(t, err, elsewhere)
}

// TestForgedTokens: a token that is not the provider's answer to this very question signs nobody in; clocks that differ
// by a few minutes keep nobody out.
//
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Any, ann(nil))
	for _, forgery := range []oidcfake.Forgery{oidcfake.Honest, oidcfake.ForgeLate, oidcfake.ForgeSoon} {
		w.fake.Forge(forgery)
		if who, err := w.signIn("ann"); err != nil || who.Mail == "" {
			t.Errorf("%q: %v", forgery, err)
		}
	}
	for _, forgery := range []oidcfake.Forgery{
		oidcfake.ForgeNonce, oidcfake.ForgeNoNonce, oidcfake.ForgeIssuer, oidcfake.ForgeAudience, oidcfake.ForgeTwo, oidcfake.ForgeExpired,
		oidcfake.ForgeNotYet, oidcfake.ForgeOld, oidcfake.ForgeSignature, oidcfake.ForgeUnknownKey, oidcfake.ForgeAlgNone, oidcfake.ForgeHS256,
		oidcfake.ForgeNoToken, oidcfake.ForgeMixUp, oidcfake.ForgeAccessToken,
	} {
		w.fake.Forge(forgery)
		who, err := w.signIn("ann")
		if who != (Identity{}) {
			t.Errorf("%q: it is taken for %+v", forgery, who)
		}
		refused(t, err, untrusted)
	}
}

// TestKeysRotate: a provider may sign with a new key at any time.
func TestKeysRotate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Any, ann(nil))
	for _, key := range []string{"", "second", "third"} {
		if key != "" {
			w.fake.Rotate(key)
		}
		if _, err := w.signIn("ann"); err != nil {
			t.Errorf("key %q: %v", key, err)
		}
	}
}

// TestAnswersThatCountForNothing: an answer counts once, soon, for the browser that asked.
//
func TestAnswersThatCountForNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Any, ann(nil))
	ctx := t.Context()
	kept, answer := w.ask("ann")
	changed := func(name, value string) url.Values {
		v := url.Values{}
		for key := range answer {
			v.Set(key, answer.Get(key))
		}
		v.Set(name, value)
		return v
	}
	_, err := w.ours.finish(ctx, "", answer)
	refused(t, err, notAsked) // a browser that asked nothing: somebody sent the link on
	_, err = w.ours.finish(ctx, kept, changed("state", "x"))
	refused(t, err, notAsked)
	_, err = w.ours.finish(ctx, kept, changed("state", ""))
	refused(t, err, notAsked)
	other := newWorld(t, Slack, ann(nil)).ours
	_, err = other.finish(ctx, kept, answer)
	refused(t, err, notAsked) // of another provider
	_, err = w.ours.finish(ctx, kept, changed("code", ""))
	refused(t, err, failed)
	_, err = w.ours.finish(ctx, kept, changed("code", "made-up"))
	refused(t, err, notAsked)
	if _, err = w.ours.finish(ctx, kept, answer); err != nil {
		t.Fatalf("the answer itself: %v", err)
	}
	_, err = w.ours.finish(ctx, kept, answer)
	refused(t, err, notAsked) // a second time
	if w.fake.Tokens() != 1 {
		t.Errorf("%d tokens were given", w.fake.Tokens())
	}
	kept, answer = w.ask("ann")
	w.ahead.Store(int64(signInTimeout + time.Second))
	_, err = w.ours.finish(ctx, kept, answer)
	refused(t, err, tooLate)
}

// TestCodeOfAnother: a code that was stolen works for nobody who did not ask for it.
func TestCodeOfAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Any, ann(nil))
	_, stolen := w.ask("ann")
	kept, answer := w.ask("ann")
	answer.Set("code", stolen.Get("code"))
	_, err := w.ours.finish(t.Context(), kept, answer)
	refused(t, err, notAsked)
}

// TestProviderSaysNo: what goes wrong at the provider is told apart.
func TestProviderSaysNo(t *testing.T) {
	t.Parallel()
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		_, err := newWorld(t, Any, ann(nil)).signIn(oidcfake.Cancel)
		refused(t, err, cancelled)
	})
	t.Run("a wrong secret", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, Any, ann(nil))
		w.ours.ClientSecret = "wrong"
		_, err := w.signIn("ann")
		refused(t, err, failed)
	})
	t.Run("an address that is not registered", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, Any, ann(nil))
		w.fake.Register("https://elsewhere.example/")
		_, address, err := w.ours.begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if back, err := w.fake.Choose(t.Context(), address, "ann"); err == nil {
			t.Errorf("the provider sent her to %s", back)
		}
	})
	t.Run("down before", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, Any, ann(nil))
		w.fake.SetDown(true)
		if _, _, err := w.ours.begin(t.Context()); err == nil {
			t.Error("it began")
		}
		w.fake.SetDown(false)
		if _, err := w.signIn("ann"); err != nil {
			t.Errorf("once it is back: %v", err)
		}
	})
	t.Run("down in between", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, Any, ann(nil))
		kept, answer := w.ask("ann")
		w.fake.SetDown(true)
		_, err := w.ours.finish(t.Context(), kept, answer)
		refused(t, err, away)
	})
	t.Run("not there", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, Any, ann(nil))
		kept, answer := w.ask("ann")
		if err := w.fake.Close(); err != nil {
			t.Fatal(err)
		}
		_, err := w.ours.finish(t.Context(), kept, answer)
		refused(t, err, away)
	})
	t.Run("strange words", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, Any, ann(nil))
		kept, answer := w.ask("ann")
		answer.Set("error", "<script>alert(1)</script>")
		_, err := w.ours.finish(t.Context(), kept, answer)
		refused(t, err, failed)
		if strings.Contains(err.Error(), "script") {
			t.Errorf("what anybody can write into an address comes into the log: %v", err)
		}
	})
}

// TestProviderHangs: a provider that doesn't answer any more keeps one visitor waiting, once, while its old description does for
// all; and those who have none wait together, for as long as they like.
func TestProviderHangs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Any, ann(nil))
	arrived, answers := make(chan struct{}, 100), make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-answers
		panic(http.ErrAbortHandler)
	}))
	release := sync.OnceFunc(func() { close(answers) })
	t.Cleanup(func() { release(); hanging.Close() })

	w.ask("ann") // its description is known
	w.ours.Issuer = hanging.URL
	w.ahead.Store(int64(discoveryLifetime + time.Second))
	strange := &provider{Config: w.ours.Config, client: w.ours.client, now: w.ours.now}

	slow := make(chan error, 2)
	for _, p := range []*provider{w.ours, strange} {
		go func() {
			_, _, err := p.begin(t.Context())
			slow <- err
		}()
		<-arrived
	}
	for range 10 {
		if _, _, err := w.ours.begin(t.Context()); err != nil {
			t.Errorf("beside one that waits: %v", err)
		}
	}
	left, leave := context.WithCancel(t.Context())
	leave()
	if _, _, err := strange.begin(left); !errors.Is(err, context.Canceled) {
		t.Errorf("a visitor who leaves: %v", err)
	}

	release()
	if one, other := <-slow, <-slow; (one == nil) == (other == nil) {
		t.Errorf("only the one with a description goes on: %v, %v", one, other)
	}
	if _, _, err := w.ours.begin(t.Context()); err != nil || len(arrived) > 0 {
		t.Errorf("it is asked again at once: %v", err)
	}
}

// TestStrangeProviders: a provider that calls itself otherwise, or would have secrets sent openly, is not asked.
func TestStrangeProviders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Any, ann(nil))
	w.ours.Issuer += "/"
	if _, _, err := w.ours.begin(t.Context()); err == nil {
		t.Error("an issuer that is not written to the letter was taken")
	}
	if !isLoopback("127.0.0.1") || !isLoopback("::1") || isLoopback("login.example") || isLoopback("127.0.0.1.example") {
		t.Error("loopback is not told apart")
	}
}
