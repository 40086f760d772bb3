package consent

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/oauthfake"
)

// A token is refreshed before it ends, by whichever replica needs it first, and the others use what was stored.
func TestRefreshedEarly(t *testing.T) {
	t.Parallel()
	for _, p := range []oauthfake.Provider{oauthfake.Google, oauthfake.Microsoft} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			f, one := newConnectedOffice(t, oauthfake.Options{Provider: p, SingleUse: true})
			first := f.wantToken(one, "")
			f.makeTokenDue()
			two := f.replica().For(f.account, f.name())
			second := f.wantToken(two, "")
			if second == first || f.countRefreshes() != 1 {
				t.Errorf("got %d refreshes and the same token: %t; want one refresh and another token", f.countRefreshes(), second == first)
			}
			if third := f.wantToken(f.replica().For(f.account, f.name()), ""); third != second || f.countRefreshes() != 1 {
				t.Errorf("another replica refreshed again: %d refreshes", f.countRefreshes())
			}
			for range 3 { // the replaced refresh token must not be used again
				f.expireToken()
				f.wantToken(f.replica().For(f.account, f.name()), "")
			}
		})
	}
}

// Replicas that need a new token at once ask for one once.
func TestReplicasRefreshTogether(t *testing.T) {
	t.Parallel()
	f, _ := newConnectedOffice(t, oauthfake.Options{Provider: oauthfake.Microsoft, SingleUse: true})
	for round := range 3 {
		f.expireToken()
		var all sync.WaitGroup
		tokens := make([]string, 6)
		for i := range tokens {
			g := f.replica().For(f.account, f.name())
			all.Go(func() {
				var err error
				if tokens[i], err = g.Token(t.Context(), ""); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if f.countRefreshes() != round+1 {
			t.Fatalf("got %d refreshes in %d rounds, want one a round", f.countRefreshes(), round+1)
		}
		for _, token := range tokens {
			if token != tokens[0] || !f.provider.Accepts(mailbox, token) {
				t.Error("a replica has another token")
			}
		}
	}
}

// The answer to a refresh is lost after the provider replaced the refresh token: the old one is used again.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	f, _ := newConnectedOffice(t, oauthfake.Options{Provider: oauthfake.Microsoft, SingleUse: true})
	f.expireToken()
	f.provider.AddFault(oauthfake.Fault{Kind: oauthfake.FaultDropAfter, Grant: "refresh_token"})
	wantError(t, f.replica().For(f.account, f.name()), channels.Retry)
	f.wantToken(f.replica().For(f.account, f.name()), "")
	if f.countRefreshes() != 2 {
		t.Errorf("got %d refreshes, want 2", f.countRefreshes())
	}
}

// A consent that was taken back breaks the account, without asking again and again; a new one mends it.
func TestRevoked(t *testing.T) {
	t.Parallel()
	for _, p := range []oauthfake.Provider{oauthfake.Google, oauthfake.Microsoft} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			f, _ := newConnectedOffice(t, oauthfake.Options{Provider: p})
			f.provider.Revoke(mailbox)
			f.expireToken()
			for range 3 {
				text, hint := wantError(t, f.replica().For(f.account, f.name()), channels.AuthBroken)
				if !strings.Contains(text, "invalid_grant") || !strings.Contains(hint, "parley connect "+f.name()+" --account support-mail") {
					t.Errorf("%s\n%s", text, hint)
				}
				if strings.Contains(text, "Trace ID") {
					t.Errorf("words for the provider alone: %s", text)
				}
			}
			if f.countRefreshes() != 1 {
				t.Errorf("the provider was asked %d times, want once", f.countRefreshes())
			}
			k := f.replica()
			if _, err := f.connect(k, mailbox); err != nil {
				t.Fatal(err)
			}
			f.wantToken(k.For(f.account, f.name()), "")
		})
	}
}

// A provider that is busy, slow or down for a while keeps nobody out while the old token is good.
func TestProviderAway(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]oauthfake.Fault{
		"429":     {Kind: oauthfake.FaultRefuse, Status: http.StatusTooManyRequests, Wait: time.Hour, Code: "rate_limit_exceeded"},
		"503":     {Kind: oauthfake.FaultRefuse, Status: http.StatusServiceUnavailable},
		"cut off": {Kind: oauthfake.FaultDropAfter},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, g := newConnectedOffice(t, oauthfake.Options{Provider: oauthfake.Google})
			first := f.wantToken(g, "")
			fault.Times = -1
			f.provider.AddFault(fault)
			f.makeTokenDue()
			late := f.replica().For(f.account, f.name())
			for range 5 {
				if f.wantToken(late, "") != first {
					t.Error("got another token, want the old one while it is good")
				}
			}
			if f.countRefreshes() > 1 {
				t.Errorf("the provider was asked %d times in a moment, want at most once", f.countRefreshes())
			}
			f.expireToken()
			wantError(t, f.replica().For(f.account, f.name()), channels.Retry)
			f.provider.ClearFaults()
			f.wantToken(f.replica().For(f.account, f.name()), "")
		})
	}
}

// A mail server refuses a token that is good by our clock: another is fetched, once a minute at most.
func TestRefusedByTheServer(t *testing.T) {
	t.Parallel()
	f, g := newConnectedOffice(t, oauthfake.Options{Provider: oauthfake.Google})
	old := f.wantToken(g, "")
	f.provider.ExpireAccess()
	fresh := f.wantToken(g, old)
	if fresh == old || f.countRefreshes() != 1 {
		t.Errorf("got %d refreshes and the same token: %t; want one refresh and another token", f.countRefreshes(), fresh == old)
	}
	if again, err := g.Token(t.Context(), fresh); err != nil || again != fresh || f.countRefreshes() != 1 {
		t.Errorf("a server that refuses everything makes us ask %d times, %v", f.countRefreshes(), err)
	}
}

// The provider's clock is far from ours.
func TestClockSkew(t *testing.T) {
	t.Parallel()
	for name, skew := range map[string]time.Duration{"ahead": 26 * time.Hour, "behind": -26 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newOffice(t, oauthfake.Options{Provider: oauthfake.Microsoft})
			f.clock.move(skew)
			k := f.replica()
			if _, err := f.connect(k, mailbox); err != nil {
				t.Fatal(err)
			}
			f.wantToken(k.For(f.account, f.name()), "")
			f.expireToken()
			f.wantToken(f.replica().For(f.account, f.name()), "")
		})
	}
}

// Who stops while a refresh is under way loses nothing of it.
func TestEndedWhileRefreshing(t *testing.T) {
	t.Parallel()
	f, _ := newConnectedOffice(t, oauthfake.Options{Provider: oauthfake.Microsoft, SingleUse: true})
	f.expireToken()
	hang := f.provider.AddFault(oauthfake.Fault{Kind: oauthfake.FaultHang, Grant: "refresh_token"})
	ended := make(chan error, 1)
	ctx := within(t, time.Minute)
	g := f.replica().For(f.account, f.name())
	go func() {
		_, err := g.Token(ctx, "")
		ended <- err
	}()
	if err := f.provider.WaitFault(ctx, hang, 1); err != nil {
		t.Fatal(err)
	}
	f.provider.ClearFaults()
	if err := <-ended; channels.ClassOf(err) != channels.Retry {
		t.Errorf("%v", err)
	}
	f.wantToken(f.replica().For(f.account, f.name()), "")
}

// Nothing that is logged, stored or said has a token in it.
func TestTokensStayHidden(t *testing.T) {
	t.Parallel()
	f, g := newConnectedOffice(t, oauthfake.Options{Provider: oauthfake.Microsoft})
	f.wantToken(g, "")
	f.expireToken()
	f.wantToken(f.replica().For(f.account, f.name()), "")
	f.provider.Revoke(mailbox)
	f.expireToken()
	said, _ := wantError(t, f.replica().For(f.account, f.name()), channels.AuthBroken)
	var stored string
	if err := f.pool.QueryRow(t.Context(), `SELECT (SELECT string_agg(g::text, '') FROM grants AS g) || (SELECT string_agg(a::text, '') FROM accounts AS a)`).Scan(&stored); err != nil {
		t.Fatal(err)
	}
	tokens := append(f.provider.Tokens(), "client-secret-1")
	if len(tokens) < 4 {
		t.Fatalf("%d tokens", len(tokens))
	}
	for where, text := range map[string]string{"log": f.logged.String(), "error": said, "database": stored} {
		for _, token := range tokens {
			if text == "" || strings.Contains(text, token) {
				t.Errorf("a token is in the %s:\n%s", where, text)
			}
		}
	}
}
