package web_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"parley/bot/web"
)

// lookUps returns a function that sends a token from an address and reports whether the token is looked up.
func lookUps(t *testing.T, now func() time.Time) func(from string) bool {
	t.Helper()
	isLookedUp := false
	site, err := web.New(web.Options{
		Company: func(context.Context) string { return "Acme" },
		Log:     slog.New(slog.DiscardHandler),
		Areas:   []web.Area{{Name: "acme", Routes: setupRoutes()}},
		Now:     now,
		Tokens: func(context.Context, string) (web.Holder, error) {
			isLookedUp = true
			return web.Holder{}, web.ErrNoToken
		},
	})
	if err != nil {
		t.Fatal(err)
	}

	handler := site.Handler()
	return func(from string) bool {
		isLookedUp = false
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/setup", nil)
		r.RemoteAddr = from
		r.Header.Set("Authorization", "Bearer parley_x")
		handler.ServeHTTP(httptest.NewRecorder(), r)
		return isLookedUp
	}
}

// If somebody tries many tokens at one moment, only some of them are looked up. Programs at other addresses don't
// have to wait meanwhile.
func TestTokensAreLookedUpWithinALimit(t *testing.T) {
	t.Parallel()
	const tried, maxLookedUp = 5000, 1000
	isLookedUp := lookUps(t, func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) })
	lookedUp := 0
	for range tried {
		if isLookedUp("192.0.2.7:40000") {
			lookedUp++
		}
	}
	if lookedUp == 0 || lookedUp > maxLookedUp {
		t.Errorf("%d of %d tokens were looked up, want 1 to %d", lookedUp, tried, maxLookedUp)
	}
	if !isLookedUp("192.0.2.8:40000") {
		t.Error("a program elsewhere has to wait")
	}
}

// Visitors are told apart behind the proxies of clouds, too. An address that a visitor wrote into the header doesn't
// count.
func TestVisitorBehindProxies(t *testing.T) {
	t.Parallel()
	google := []netip.Prefix{netip.MustParsePrefix("35.191.0.0/16"), netip.MustParsePrefix("198.51.100.9/32")}
	for _, tt := range []struct {
		name      string
		from      string
		forwarded string
		proxies   []netip.Prefix
		want      string
	}{
		{name: "no proxy of ours", from: "35.191.0.1:1", forwarded: "203.0.113.7", want: "35.191.0.1"},
		{name: "private network", from: "10.0.0.1:1", forwarded: "192.0.2.1, 203.0.113.7", want: "203.0.113.7"},
		{name: "with a port, as Azure", from: "10.0.0.1:1", forwarded: "203.0.113.7:5123", want: "203.0.113.7"},
		{name: "IPv6 with a port", from: "10.0.0.1:1", forwarded: "[2001:db8::1]:5123", want: "2001:db8::/64"},
		{name: "Google's two addresses", from: "35.191.0.1:1", forwarded: "192.0.2.1, 203.0.113.7,198.51.100.9", proxies: google,
			want: "203.0.113.7"},
		{name: "not Google", from: "192.0.2.9:1", forwarded: "203.0.113.7,198.51.100.9", proxies: google, want: "192.0.2.9"},
		{name: "proxies alone", from: "35.191.0.1:1", forwarded: "198.51.100.9", proxies: google, want: "198.51.100.9"},
		{name: "no address", from: "35.191.0.1:1", forwarded: "unknown", proxies: google, want: "35.191.0.1"},
	} {
		if got := web.VisitorOf(tt.from, tt.forwarded, tt.proxies...); got != tt.want {
			t.Errorf("%s: counted by %s, want %s", tt.name, got, tt.want)
		}
	}
}
