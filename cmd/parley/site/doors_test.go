package site_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
)

// Every answer of the site tells the browser what it may do with it: pages, forms, refusals, redirects, files, what is
// not there, whoever asks.
func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme, allProviders(t))
	same, cross := http.Header{"Sec-Fetch-Site": {"same-origin"}}, http.Header{"Sec-Fetch-Site": {"cross-site"}}
	visitors := map[string]*sitetest.Visitor{"a stranger": s.Visitor(""), "an agent": s.Visitor("ben@acme.test"), "an admin": s.Visitor("ann@acme.test")}
	requests := requests()
	requests["GET /settings/no-such-page"] = "/settings/no-such-page"
	requests["POST /settings/no-such-page"] = "/settings/no-such-page"
	requests["GET /settings/assets/site.css"] = "/settings/assets/none.css"
	for pattern, path := range requests {
		method, _, _ := strings.Cut(pattern, " ")
		for who, v := range visitors {
			for _, header := range []http.Header{same, cross} {
				a := v.Do(method, path, url.Values{"x": {"<script>alert(1)</script>"}}, header)
				for name, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff",
					"X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store"} {
					if framed := strings.HasSuffix(pattern, " /auth/tab") && name == "X-Frame-Options"; framed {
						continue // the tab of Teams: TestTabIsFramed says by whom
					}
					if got := a.Header.Get(name); !strings.Contains(got, want) {
						t.Errorf("%s for %s: %s is %q (%d)", pattern, who, name, got, a.Status)
					}
				}
				if a.Has("<script>alert(1)") || a.Status >= http.StatusInternalServerError && a.Status != http.StatusBadGateway {
					t.Errorf("%s for %s: %d %s", pattern, who, a.Status, a.Body)
				}
				for _, cookie := range a.Header.Values("Set-Cookie") {
					if !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") || !strings.Contains(cookie, "Path=/") || strings.Contains(cookie, "Domain=") {
						t.Errorf("%s for %s: cookie %s", pattern, who, cookie)
					}
				}
			}
		}
	}
}

// Where the site is reached by https, no cookie leaves by http, and browsers remember never to try that.
func TestHTTPSAlone(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme, func(o *site.Options) { o.BaseURL = "https://help.acme.test" })
	a := s.Visitor("").Get("/settings")
	if cookie := a.Header.Get("Set-Cookie"); !strings.Contains(cookie, "Secure") {
		t.Errorf("cookie: %s", cookie)
	}
	if a.Header.Get("Strict-Transport-Security") == "" {
		t.Error("browsers may come by http again")
	}
}

// Whoever guesses links is slowed down also with new browsers and other addresses behind them, and nobody else is kept
// from the pages meanwhile.
func TestGuessingLinks(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	ann := s.Visitor("ann@acme.test")
	tries, refused := 0, 0
	for range 150 {
		header := http.Header{"Sec-Fetch-Site": {"same-origin"}, "X-Forwarded-For": {"192.0.2." + strconv.Itoa(tries) + ", 203.0.113.7"}} // the first is made up
		if s.Visitor("").Do(http.MethodPost, "/auth/link/GUESS", nil, header).Status == http.StatusTooManyRequests {
			refused++
		}
		tries++
	}
	if refused < 50 {
		t.Errorf("of %d tries %d were refused", tries, refused)
	}
	if a := ann.Get("/settings/accounts"); a.Status != http.StatusOK {
		t.Errorf("Ann, who is signed in: %d", a.Status)
	}
	header := http.Header{"X-Forwarded-For": {"198.51.100.1"}}
	if a := s.Visitor("").Do(http.MethodGet, "/auth/sign-in", nil, header); a.Status != http.StatusOK {
		t.Errorf("Ben, who comes from elsewhere through the same proxy: %d", a.Status)
	}
}

// Strangers who look at pages leave little behind: what the site keeps of them ends soon, a session of an agent lasts.
func TestStrangersAreForgotten(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme, allProviders(t))
	s.Visitor("").Get("/settings/accounts")
	s.Visitor("").Get("/auth/with/oidc")
	lives := func(longer time.Duration) (n int) {
		err := s.Pool.QueryRow(t.Context(), `SELECT count(*) FROM site_sessions WHERE expires_at > clock_timestamp() + $1::interval`, longer).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if kept, long := lives(0), lives(time.Hour); kept != 2 || long != 0 {
		t.Errorf("of two strangers %d sessions are kept, %d of them for more than an hour", kept, long)
	}
	s.Visitor("ann@acme.test")
	if long := lives(6 * 24 * time.Hour); long != 1 {
		t.Errorf("Ann has %d sessions that last", long)
	}
}

// Signing out everywhere ends all sessions, whatever the clocks of Parley's machines and of the database say, and
// nobody has to wait before signing in again.
func TestSignOutByAnyClock(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{-time.Hour, 0, time.Hour} {
		s := sitetest.Start(t, sitetest.Acme, func(o *site.Options) { o.Now = func() time.Time { return time.Now().Add(ahead) } })
		here, there := s.Visitor("ann@acme.test"), s.Visitor("ann@acme.test")
		if !signedIn(here) || !signedIn(there) {
			t.Errorf("%s ahead: she is not signed in", ahead)
		}
		here.Post("/auth/sign-out-everywhere", nil)
		if signedIn(here) || signedIn(there) {
			t.Errorf("%s ahead: a session stayed", ahead)
		}
		if !signedIn(s.Visitor("ann@acme.test")) {
			t.Errorf("%s ahead: she can't come back", ahead)
		}
	}
}
