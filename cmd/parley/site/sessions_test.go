package site_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/cmd/parley/site/sitetest"
	sites "parley/store/site"
)

// Whoever is an admin no more, or takes part no more, is kept from pages, forms and streams at once, without signing out,
// whatever tabs are open; whoever becomes an admin needs no new sign-in. With the role the session's token changes, so that
// one that was seen before is worth nothing.
//
func TestRolesCountAtOnce(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	ann, ben := s.Visitor("ann@acme.test"), s.Visitor("ben@acme.test")
	change := func(email string, roles ...string) {
		t.Helper()
		address := "/settings/agents/" + email
		f := formAt(ann.Get(address), address)
		if a := ann.Post(address, with(f.Values, url.Values{"roles": roles})); a.Status != http.StatusSeeOther {
			t.Fatalf("%s becomes %q: %d", email, roles, a.Status)
		}
	}
	token := ben.Cookie().Value
	change("ben@acme.test", "admin", "agent")
	if a := ben.Get("/settings/accounts"); a.Status != http.StatusOK {
		t.Errorf("Ben, who is an admin now: %d", a.Status)
	}
	if ben.Cookie().Value == token {
		t.Error("the token is that of before")
	}
	if a := s.Visitor("").Do(http.MethodGet, "/settings/me", nil, http.Header{"Cookie": {"parley_session=" + token}}); a.Status != http.StatusSeeOther {
		t.Errorf("with the token of before: %d", a.Status)
	}
	tab := ben.Get("/settings/new-tag").Forms()
	token = ben.Cookie().Value
	change("ben@acme.test", "agent")
	if a := ben.Post("/settings/new-tag", with(tab[len(tab)-1].Values, url.Values{"name": {"Sneaked in"}})); a.Status != http.StatusForbidden {
		t.Errorf("a form that was opened as an admin: %d", a.Status)
	}
	if a := ben.Get("/settings/me"); a.Status != http.StatusOK || ben.Cookie().Value == token {
		t.Errorf("Ben's own page: %d, with the token of before: %v", a.Status, ben.Cookie().Value == token)
	}
	stream := open(t, s, ben.Cookie(), "/inbox/live?list=all")
	out := "/settings/agents/ben@acme.test"
	if a := ann.Post(out+"/take-out", url.Values{"version": {ann.Get(out).Version()}}); a.Status != http.StatusSeeOther {
		t.Fatalf("taking Ben out: %d", a.Status)
	}
	if a := ben.Get("/inbox"); a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/auth/sign-in" {
		t.Errorf("Ben, who takes part no more: %d", a.Status)
	}
	if _, err := io.ReadAll(stream.Body); err != nil { // it ends
		t.Errorf("his stream: %v", err)
	}
}

// Who signs out is told nothing more by the pages that are open still, in this browser and, if it is everywhere, in all.
//
func TestStreamEndsWithItsSession(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	for i, out := range []string{"/auth/sign-out", "/auth/sign-out-everywhere"} {
		ben, other := s.Visitor("ben@acme.test"), s.Visitor("ben@acme.test")
		stream, elsewhere := open(t, s, ben.Cookie(), "/inbox/live?list=all"), open(t, s, other.Cookie(), "/inbox/live?list=all")
		told := bufio.NewReader(elsewhere.Body)
		told.ReadString('\n') //nolint:errcheck // the first stamp
		if a := ben.Post(out, nil); a.Status != http.StatusSeeOther {
			t.Fatalf("%s: %d", out, a.Status)
		}
		if _, err := s.Pool.Exec(t.Context(), `INSERT INTO conversations (id, account_id, team_id, status, subject, last_at, created_at)
			SELECT $1, a.id, a.team_id, 'open', 'x', now(), now() FROM accounts AS a WHERE name = 'support-mail'`, 4000+i); err != nil {
			t.Fatal(err)
		}
		if words, err := io.ReadAll(stream.Body); err != nil || strings.Count(string(words), "event: stamp") > 1 {
			t.Errorf("%s: the stream goes on: %v, %q", out, err, words)
		}
		rest := ""
		for again := true; again && !strings.Contains(rest, "event: stamp"); {
			line, err := told.ReadString('\n')
			rest, again = rest+line, err == nil
		}
		if strings.Contains(rest, "event: stamp") != (i == 0) {
			t.Errorf("%s: his other browser is told %q", out, rest)
		}
	}
}

// Who signs out while a page of theirs is still at work isn't signed in again when that page comes to its end and keeps
// the session as it knew it.
//
func TestSessionThatEndedStaysEnded(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	ben := s.Visitor("ben@acme.test")
	cookie := ben.Cookie()
	var token string
	var data []byte
	var expires time.Time
	if err := s.Pool.QueryRow(t.Context(), `SELECT token, data, expires_at FROM site_sessions ORDER BY expires_at DESC LIMIT 1`).Scan(&token, &data, &expires); err != nil {
		t.Fatal(err)
	}
	sessions := sites.Sessions{Pool: s.Pool}
	page := func() int {
		return s.Visitor("").Do(http.MethodGet, "/settings/me", nil, http.Header{"Cookie": {cookie.Name + "=" + cookie.Value}}).Status
	}
	keep := func() {
		t.Helper()
		if err := sessions.CommitCtx(t.Context(), token, data, expires); err != nil {
			t.Fatal(err)
		}
	}
	if keep(); page() != http.StatusOK {
		t.Fatal("the session is another one")
	}
	ben.Post("/auth/sign-out", nil)
	if keep(); page() != http.StatusSeeOther {
		t.Error("a page that came to its end late has signed Ben in again")
	}
	if err := sites.DropExpired(t.Context(), s.Pool); err != nil {
		t.Fatal(err)
	}
	if keep(); page() != http.StatusSeeOther {
		t.Error("what has expired was removed, and with it what kept Ben out")
	}
}

// open opens a stream with a session, which is closed when the test ends.
func open(t *testing.T, s *sitetest.Site, cookie *http.Cookie, path string) *http.Response {
	t.Helper()
	a, err := tryOpen(t, s, cookie, path)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// tryOpen is open for goroutines of a test, which mustn't end it.
func tryOpen(t *testing.T, s *sitetest.Site, cookie *http.Cookie, path string) (*http.Response, error) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	if err != nil {
		return nil, err
	}
	r.AddCookie(cookie)
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = a.Body.Close() })
	return a, nil
}

// A thousand tabs of one agent take nothing from the others: few get a stream, the rest are told to come back later, and
// pages and streams of a colleague go on.
//
func TestManyStreams(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	ann, ben := s.Visitor("ann@acme.test"), s.Visitor("ben@acme.test")
	cookie := ben.Cookie()
	type answer struct {
		status int
		later  string
		err    error
	}
	answers := make(chan answer)
	for range 1000 {
		go func() {
			a, err := tryOpen(t, s, cookie, "/inbox/live?list=all")
			if err != nil {
				answers <- answer{err: err}
				return
			}
			answers <- answer{status: a.StatusCode, later: a.Header.Get("Retry-After")}
		}()
	}
	streams := 0
	for range 1000 {
		switch a := <-answers; {
		case a.err != nil:
			t.Error("a tab:", a.err)
		case a.status == http.StatusOK:
			streams++
		case a.status != http.StatusServiceUnavailable || a.later == "":
			t.Errorf("a tab too many: %d, later %q", a.status, a.later)
		}
	}
	if streams == 0 || streams > 20 {
		t.Errorf("%d streams of one agent", streams)
	}
	if a := ann.Get("/inbox?list=all"); a.Status != http.StatusOK {
		t.Errorf("Ann's inbox: %d", a.Status)
	}
	if a := open(t, s, ann.Cookie(), "/inbox/live?list=all"); a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/event-stream") {
		t.Errorf("Ann's stream: %d", a.StatusCode)
	}
}

// Two admins add the same at the same moment: one of them does, the other is told so and loses nothing.
func TestAddedTwiceAtOnce(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	ann, too := s.Visitor("ann@acme.test"), s.Visitor("ann@acme.test")
	for path, form := range map[string]url.Values{
		"/settings/new-tag":             {"name": {"Twins"}, "color": {"#112233"}},
		"/settings/new-team":            {"name": {"Twins"}, "slack_channel": {"C0TWINS"}},
		"/settings/new-agent":           {"email": {"twin@acme.test"}, "name": {"Twin"}},
		"/settings/new-template":        {"accounts": {"shop"}, "language": {"de"}, "name": {"twins"}, "body": {"Hello"}},
		"/settings/new-account/http":    {"name": {"twin-shop"}, "http.secret": {"tops3cret"}, "http.callback_url": {"https://shop.test/c"}},
		"/settings/add-mailbox/servers": {"email.address": {"twins@twins.test"}, "email.imap.host": {"imap.acme.test"}, "email.imap.port": {"993"}, "email.imap.password": {"p"}, "email.smtp.host": {"smtp.acme.test"}, "email.smtp.port": {"587"}, "untested": {"yes"}},
	} {
		answers := make(chan sitetest.Answer)
		for _, v := range []*sitetest.Visitor{ann, too} {
			go func() { answers <- v.Post(path, form) }()
		}
		added, told := 0, 0
		for range 2 {
			switch a := <-answers; {
			case a.Status == http.StatusSeeOther:
				added++
			case a.Status == http.StatusUnprocessableEntity && (a.Has("There is one of that name already") || a.Has("just now") || a.Has("The account twins takes messages from there already")):
				told++
			default:
				t.Errorf("%s: %d %s", path, a.Status, a.Body)
			}
		}
		if added != 1 || told != 1 {
			t.Errorf("%s: %d added, %d told", path, added, told)
		}
	}
	again := url.Values{"email.address": {"Help@acme.test"}, "email.imap.host": {"imap.acme.test"}, "email.imap.port": {"993"}, "email.imap.password": {"p"}, "email.smtp.host": {"smtp.acme.test"}, "email.smtp.port": {"587"}, "untested": {"yes"}}
	if a := ann.Post("/settings/add-mailbox/servers", again); a.Status != http.StatusUnprocessableEntity || !a.Has("The account support-mail takes messages from there already") {
		t.Errorf("a mailbox that is there: %d to %s", a.Status, a.Header.Get("Location"))
	}
}
