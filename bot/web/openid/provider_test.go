package openid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
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

// hangingServer is a provider that answers no request before release is called. arrived gets a value for each request.
func hangingServer(t *testing.T) (server *httptest.Server, arrived <-chan struct{}, release func()) {
	t.Helper()
	requests, released := make(chan struct{}, 100), make(chan struct{})
	server = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		requests <- struct{}{}
		<-released
		panic(http.ErrAbortHandler)
	}))
	release = sync.OnceFunc(func() { close(released) })
	t.Cleanup(func() { release(); server.Close() })
	return server, requests, release
}

// If a provider hangs, one visitor waits for its new description, and the others go on with the old one. If there is no
// old description, all visitors wait until they leave.
func TestProviderHangs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Any, ann(nil))
	w.chooseAs("ann") // the provider's description is known from now on

	// The description gets too old, and the provider hangs.
	hanging, arrived, release := hangingServer(t)
	w.ours.Issuer = hanging.URL
	w.ahead.Store(int64(discoveryLifetime + time.Second))
	unknown := &provider{Config: w.ours.Config, client: w.ours.client, now: w.ours.now}

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	errKnown, errUnknown := beginInBackground(ctx, w.ours), beginInBackground(ctx, unknown)
	for range 2 {
		select {
		case <-arrived:
		case <-ctx.Done():
			t.Fatal("the provider isn't asked for its description")
		}
	}

	// While the first visitor waits for the new description, others go on with the old one.
	for range 10 {
		if _, _, err := w.ours.begin(t.Context()); err != nil {
			t.Errorf("beside a visitor who waits: %v", err)
		}
	}

	// Without a description a visitor waits, and may leave.
	left, leave := context.WithCancel(t.Context())
	leave()
	if _, _, err := unknown.begin(left); !errors.Is(err, context.Canceled) {
		t.Errorf("a visitor who leaves gets %v, want %v", err, context.Canceled)
	}

	// The request for a new description fails, and sign-ins go on with the old one.
	release()
	if err := <-errKnown; err != nil {
		t.Errorf("with an old description: %v", err)
	}
	if err := <-errUnknown; err == nil {
		t.Error("without a description a sign-in begins, want an error")
	}
	if _, _, err := w.ours.begin(t.Context()); err != nil {
		t.Errorf("after the failure: %v", err)
	}
	if n := len(arrived); n > 0 {
		t.Errorf("the provider is asked %d times at once after a failure, want a pause", n)
	}
}

// beginInBackground begins a sign-in, and returns a channel that gets its error.
func beginInBackground(ctx context.Context, p *provider) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, _, err := p.begin(ctx)
		done <- err
	}()
	return done
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

// The doctor reports a fault of a provider that would keep everybody from signing in.
func TestCheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Any, ann(nil))
	right := w.ours.Config
	page := strings.Repeat("<p>This is no provider.</p>", 100)
	website := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, page, http.StatusNotFound) }))
	t.Cleanup(website.Close)
	for _, tt := range []struct {
		name   string
		issuer string
		down   bool
		wantOK bool
		want   string
	}{
		{name: "it works", issuer: right.Issuer, wantOK: true, want: "it answers"},
		{name: "a slash too much", issuer: right.Issuer + "/", want: fmt.Sprintf("it calls itself %q, and OIDC_ISSUER says %q", right.Issuer, right.Issuer+"/")},
		{name: "down", issuer: right.Issuer, down: true, want: "503 Service Unavailable"},
		{name: "not a provider", issuer: website.URL, want: "404 Not Found"},
		{name: "nobody there", issuer: "http://127.0.0.1:1", want: "connection refused"},
	} {

		w.fake.SetDown(tt.down)
		c := right
		c.Issuer = tt.issuer
		found := c.Check(t.Context())
		if len(found) != 1 || found[0].OK != tt.wantOK || !strings.Contains(found[0].Text, tt.want) || len(found[0].Text) > 300 {
			t.Errorf("%s: found %+v, want one finding, good: %t, with %q", tt.name, found, tt.wantOK, tt.want)
		}
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

// Our secret is sent in a way that the provider says it takes.
func TestHowTheSecretIsSent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		methods []string
		want    oauth2.AuthStyle
	}{
		{methods: []string{"client_secret_basic", "client_secret_post"}, want: oauth2.AuthStyleInParams},
		{methods: []string{"client_secret_basic"}, want: oauth2.AuthStyleInHeader},
		{methods: nil, want: oauth2.AuthStyleInHeader},
	} {
		t.Run(fmt.Sprint(tt.methods), func(t *testing.T) {
			t.Parallel()
			p := describedProvider(t, map[string]any{"token_endpoint_auth_methods_supported": tt.methods})
			found, err := p.readDescription(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := p.makeConfig(found).Endpoint.AuthStyle; got != tt.want {
				t.Errorf("got the style %d, want %d", got, tt.want)
			}
		})
	}
}

// A description of a provider that is longer than maxAnswerBytes is refused, so that it can't fill the memory.
func TestAnswerIsBounded(t *testing.T) {
	t.Parallel()
	p := describedProvider(t, map[string]any{"more": strings.Repeat("x", maxAnswerBytes)})
	if _, err := p.readDescription(t.Context()); err == nil {
		t.Error("an answer of more than a megabyte is read, want an error")
	}
}
