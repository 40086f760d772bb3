package openid

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"parley/bot/web/oidcfake"
)

// If something goes wrong at the provider, the refusal says what.
func TestProviderSaysNo(t *testing.T) {
	t.Parallel()
	t.Run("the user cancels", func(t *testing.T) {
		t.Parallel()
		_, err := newWorld(t, Any, ann(nil)).signIn(oidcfake.Cancel)
		wantRefusal(t, err, cancelled)
	})
	t.Run("our secret is wrong", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, Any, ann(nil))
		w.ours.ClientSecret = "wrong"
		_, err := w.signIn("ann")
		wantRefusal(t, err, failed)
	})
	t.Run("our address is not registered", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, Any, ann(nil))
		w.fake.Register("https://elsewhere.example/")
		_, address, err := w.ours.begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if back, err := w.fake.Choose(t.Context(), address, "ann"); err == nil {
			t.Errorf("the provider sends her to %s, want it to refuse", back)
		}
	})
	t.Run("it is down before the sign-in", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, Any, ann(nil))
		w.fake.SetDown(true)
		if _, _, err := w.ours.begin(t.Context()); err == nil {
			t.Error("the sign-in begins, want an error")
		}
		w.fake.SetDown(false)
		if _, err := w.signIn("ann"); err != nil {
			t.Errorf("once it is back, refused: %v", err)
		}
	})
	t.Run("it goes down during the sign-in", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, Any, ann(nil))
		kept, answer := w.chooseAs("ann")
		w.fake.SetDown(true)
		_, err := w.ours.finish(t.Context(), kept, answer)
		wantRefusal(t, err, unavailable)
	})
	t.Run("it can't be reached during the sign-in", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, Any, ann(nil))
		kept, answer := w.chooseAs("ann")
		if err := w.fake.Close(); err != nil {
			t.Fatal(err)
		}
		_, err := w.ours.finish(t.Context(), kept, answer)
		wantRefusal(t, err, unavailable)
	})
	t.Run("it sends people back because it has a fault", func(t *testing.T) {
		t.Parallel()
		for _, said := range []string{"temporarily_unavailable", "server_error"} {
			w := newWorld(t, Any, ann(nil))
			kept, answer := w.chooseAs("ann")
			answer.Set("error", said)
			_, err := w.ours.finish(t.Context(), kept, answer)
			wantRefusal(t, err, unavailable)
		}
	})
	t.Run("it sends our secret on to another address", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, Any, ann(nil))
		kept, answer := w.chooseAs("ann")
		issuer := w.fake.Issuer()
		redirecting := httptest.NewServer(http.RedirectHandler(issuer+"/token", http.StatusTemporaryRedirect))
		t.Cleanup(redirecting.Close)
		described := oidc.ProviderConfig{IssuerURL: issuer, TokenURL: redirecting.URL, JWKSURL: issuer + "/keys"}
		w.ours.cached = described.NewProvider(t.Context())
		_, err := w.ours.finish(t.Context(), kept, answer)
		wantRefusal(t, err, unavailable)
	})
	t.Run("it has too much to do", func(t *testing.T) {
		t.Parallel()
		busy := &oauth2.RetrieveError{Response: &http.Response{StatusCode: http.StatusTooManyRequests}}
		if got := reasonOf(fmt.Errorf("code: %w", busy)); got != unavailable {
			t.Errorf("got the reason %d, want %d", got, unavailable)
		}
	})
	t.Run("its words for an error don't come into the log", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, Any, ann(nil))
		kept, answer := w.chooseAs("ann")
		answer.Set("error", "<script>alert(1)</script>")
		_, err := w.ours.finish(t.Context(), kept, answer)
		wantRefusal(t, err, failed)
		if strings.Contains(err.Error(), "script") {
			t.Errorf("what anybody can write into a link is in the error: %v", err)
		}
	})
}

// A provider has to call itself by exactly the issuer that is configured.
func TestIssuerIsComparedToTheLetter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Any, ann(nil))
	w.ours.Issuer += "/"
	if _, _, err := w.ours.begin(t.Context()); err == nil {
		t.Error("a sign-in begins at an issuer with another name, want an error")
	}
}

// describedProvider is a provider whose description has the required fields, and some more.
func describedProvider(t *testing.T, more map[string]any) *provider {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	issuer := "http://" + server.Listener.Addr().String()
	says := map[string]any{"issuer": issuer, "authorization_endpoint": issuer, "token_endpoint": issuer, "jwks_uri": issuer}
	maps.Copy(says, more)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(says) })
	server.Start()
	t.Cleanup(server.Close)
	return &provider{Config: Config{Kind: Any, Issuer: issuer}, client: newClient(), now: time.Now}
}

// All addresses of a provider must be encrypted, unless they are on this machine.
func TestAddressesOfProvider(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		what, address string
		wantRefused   bool
	}{
		{what: "token_endpoint", address: "https://login.example"},
		{what: "token_endpoint", address: "http://localhost"},
		{what: "token_endpoint", address: "http://127.0.0.1"},
		{what: "token_endpoint", address: "http://[::1]"},
		{what: "token_endpoint", address: "http://127.0.0.1.example", wantRefused: true}, // a name, which may belong to anybody
		{what: "token_endpoint", address: "http://10.0.0.1", wantRefused: true},
		{what: "token_endpoint", address: "ftp://localhost", wantRefused: true},
		{what: "authorization_endpoint", address: "http://login.example", wantRefused: true},
		{what: "jwks_uri", address: "http://login.example", wantRefused: true},
		{what: "userinfo_endpoint", address: "http://login.example", wantRefused: true},
	} {
		t.Run(tt.what+" "+tt.address, func(t *testing.T) {
			t.Parallel()
			_, err := describedProvider(t, map[string]any{tt.what: tt.address}).readDescription(t.Context())
			if got := err != nil; got != tt.wantRefused {
				t.Errorf("refused: %v (%v), want %v", got, err, tt.wantRefused)
			}
		})
	}
}
