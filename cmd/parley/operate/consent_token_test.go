package operate

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/oauthfake"
	"parley/store/storetest"
)

// The replica that needs a token first refreshes it before it ends. The other replicas use the stored one.
func TestRefreshedEarly(t *testing.T) {
	t.Parallel()
	eachProvider(t, func(t *testing.T, p oauthfake.Provider) {
		f, one := newConnectedOffice(t, oauthfake.Options{Provider: p, SingleUse: true})
		first := f.wantToken(one, "")
		f.makeTokenDue()

		second := f.wantToken(f.replica().ConsentOf(f.account, f.name()), "")
		third := f.wantToken(f.replica().ConsentOf(f.account, f.name()), "")

		if second == first {
			t.Error("the replica that came first still has the old token")
		}
		if third != second {
			t.Error("the replica that came later has a token of its own, want the stored one")
		}
		if got := f.countRefreshes(); got != 1 {
			t.Errorf("got %d refreshes, want 1", got)
		}
	})
}

// Replicas that need a new token at the same time cause one refresh.
func TestReplicasRefreshTogether(t *testing.T) {
	t.Parallel()
	f, _ := newConnectedOffice(t, oauthfake.Options{Provider: oauthfake.Microsoft, SingleUse: true})
	for round := range 3 {
		f.expireToken()
		var all sync.WaitGroup
		tokens := make([]string, 6)
		for i := range tokens {
			g := f.replica().ConsentOf(f.account, f.name())
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
			if token != tokens[0] || !f.provider.Accepts(consentMailbox, token) {
				t.Error("a replica has another token")
			}
		}
	}
}

// If the answer to a refresh is lost after the provider replaced the refresh token, the old one is used again. The next
// refresh uses the token that this brings.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	f, _ := newConnectedOffice(t, oauthfake.Options{Provider: oauthfake.Microsoft, SingleUse: true})
	f.expireToken()
	f.provider.AddFault(oauthfake.Fault{Kind: oauthfake.FaultDropAfter, Grant: "refresh_token"})
	wantError(t, f.replica().ConsentOf(f.account, f.name()), channels.Retry)

	f.wantToken(f.replica().ConsentOf(f.account, f.name()), "")
	f.expireToken()
	f.wantToken(f.replica().ConsentOf(f.account, f.name()), "")
	tokens := f.presentedTokens()
	if len(tokens) != 3 || tokens[1] != tokens[0] || tokens[2] == tokens[1] {
		t.Errorf("got refreshes with %q, want the first token twice, and then another one", tokens)
	}
}

// A consent that was taken back breaks the account, and the provider isn't asked again and again.
func TestRevoked(t *testing.T) {
	t.Parallel()
	eachProvider(t, func(t *testing.T, p oauthfake.Provider) {
		f, _ := newConnectedOffice(t, oauthfake.Options{Provider: p})
		f.provider.Revoke(consentMailbox)
		f.expireToken()
		for range 3 {
			text, hint := wantError(t, f.replica().ConsentOf(f.account, f.name()), channels.AuthBroken)
			if want := "invalid_grant"; !strings.Contains(text, want) {
				t.Errorf("the error is %q, want %q in it", text, want)
			}
			if strings.Contains(text, "Trace ID") {
				t.Errorf("the error has words for the provider alone: %q", text)
			}
			if want := "parley connect " + f.name() + " --account support-mail"; !strings.Contains(hint, want) {
				t.Errorf("the hint is %q, want %q in it", hint, want)
			}
		}
		if got := f.countRefreshes(); got != 1 {
			t.Errorf("the provider was asked %d times, want once", got)
		}
	})
}

func TestConnectedAgainAfterItWasRevoked(t *testing.T) {
	t.Parallel()
	eachProvider(t, func(t *testing.T, p oauthfake.Provider) {
		f, _ := newConnectedOffice(t, oauthfake.Options{Provider: p})
		f.provider.Revoke(consentMailbox)
		f.expireToken()
		k := f.replica()
		wantError(t, k.ConsentOf(f.account, f.name()), channels.AuthBroken)

		storetest.Must(f.connect(k, consentMailbox))(t)

		f.wantToken(k.ConsentOf(f.account, f.name()), "")
	})
}

// providerFaults are those of a provider that is busy, slow or down for a while, for every request.
func providerFaults() []struct {
	name  string
	fault oauthfake.Fault
} {
	const always = -1 // for oauthfake.Fault.Times
	return []struct {
		name  string
		fault oauthfake.Fault
	}{
		{
			name: "too many requests",
			fault: oauthfake.Fault{
				Kind:   oauthfake.FaultRefuse,
				Status: http.StatusTooManyRequests,
				Wait:   time.Hour,
				Code:   "rate_limit_exceeded",
				Times:  always,
			},
		},
		{name: "unavailable", fault: oauthfake.Fault{Kind: oauthfake.FaultRefuse, Status: http.StatusServiceUnavailable, Times: always}},
		{name: "answers are cut off", fault: oauthfake.Fault{Kind: oauthfake.FaultDropAfter, Times: always}},
	}
}

// While the old token is good, it is used although the provider is away. The provider isn't asked all the time.
func TestProviderAwayWhileTheTokenIsGood(t *testing.T) {
	t.Parallel()
	for _, tt := range providerFaults() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, g := newConnectedOffice(t, oauthfake.Options{Provider: oauthfake.Google})
			first := f.wantToken(g, "")
			f.provider.AddFault(tt.fault)
			f.makeTokenDue()

			late := f.replica().ConsentOf(f.account, f.name())

			for range 5 {
				if f.wantToken(late, "") != first {
					t.Error("got another token, want the old one while it is good")
				}
			}
			if got := f.countRefreshes(); got > 1 {
				t.Errorf("the provider was asked %d times in a moment, want at most once", got)
			}
		})
	}
}

// No log, stored row or error has a token in it.
func TestTokensStayHidden(t *testing.T) {
	t.Parallel()
	f, g := newConnectedOffice(t, oauthfake.Options{Provider: oauthfake.Microsoft})
	f.wantToken(g, "")
	f.expireToken()
	f.wantToken(f.replica().ConsentOf(f.account, f.name()), "")
	f.provider.Revoke(consentMailbox)
	f.expireToken()
	said, _ := wantError(t, f.replica().ConsentOf(f.account, f.name()), channels.AuthBroken)

	secrets := append(f.provider.Tokens(), clientSecret)
	const fewest = 4 // two access tokens, a refresh token and the client's secret
	if len(secrets) < fewest {
		t.Fatalf("there are %d secrets to look for, want at least %d", len(secrets), fewest)
	}

	for _, tt := range []struct {
		name string
		text string
	}{
		{name: "log", text: f.logged.String()},
		{name: "error", text: said},
		{name: "database", text: f.readGrantsAndAccounts()},
	} {
		if tt.text == "" {
			t.Errorf("the %s is empty: nothing was tested", tt.name)
		}
		for _, secret := range secrets {
			if strings.Contains(tt.text, secret) {
				t.Errorf("a secret is in the %s:\n%s", tt.name, tt.text)
			}
		}
	}
}

// readGrantsAndAccounts returns all that is stored of grants and accounts, as text.
func (f *office) readGrantsAndAccounts() (text string) {
	f.t.Helper()
	const all = `
		SELECT (SELECT string_agg(g::text, '') FROM grants AS g) ||
			(SELECT string_agg(a::text, '') FROM accounts AS a)`
	storetest.Check(f.t, f.pool.QueryRow(f.t.Context(), all).Scan(&text))
	return text
}
