package site_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"parley/channels/emulator"
	"parley/cmd/parley/site/sitetest"
	"parley/store/storetest"
)

// These tests are about what a session may do when its agent's role changes, or when it ends, and about the streams
// by which open pages are told of changes.

const allStream = "/inbox/live?list=all"

// changeRoles gives an agent other roles, by the form of that agent's page.
func changeRoles(t *testing.T, s *sitetest.Site, email string, roles ...string) {
	t.Helper()
	ann := s.Visitor("ann@acme.test")
	path := "/settings/agents/" + email
	form := formAt(ann.Get(path), path)
	if form == nil {
		t.Fatalf("the page of %s has no form", email)
	}
	changed := ann.Post(path, with(form.Values, url.Values{"roles": roles}))
	wantStatus(t, fmt.Sprintf("giving %s the roles %q", email, roles), changed, http.StatusSeeOther)
}

// takeOut takes an agent out, by the form of that agent's page.
func takeOut(t *testing.T, s *sitetest.Site, email string) {
	t.Helper()
	ann := s.Visitor("ann@acme.test")
	path := "/settings/agents/" + email
	wantStatus(t, "taking out "+email, ann.Post(path+"/take-out", url.Values{"version": {ann.Get(path).Version()}}), http.StatusSeeOther)
}

// An agent who becomes an admin has an admin's rights at once, without signing in anew. The session gets a new token,
// and the former one opens nothing.
// Requirement R-221: Pages for admins.
func TestNewAdminIsAdminAtOnce(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	ben := s.Visitor("ben@acme.test")
	former := ben.Cookie().Value
	changeRoles(t, s, "ben@acme.test", "admin", "agent")
	wantStatus(t, "Ben, who is an admin now", ben.Get("/settings/accounts"), http.StatusOK)
	if ben.Cookie().Value == former {
		t.Error("Ben's session has the token of before, want a new one")
	}
	withFormer := http.Header{"Cookie": {"parley_session=" + former}}
	wantStatus(t, "with the token of before", s.Visitor("").Do(http.MethodGet, "/settings/me", nil, withFormer), http.StatusSeeOther)
}

// An agent who is no admin any more is kept from admins' forms at once, even from one that is already open. The
// session goes on with a new token.
// Requirement R-221: Pages for admins.
func TestFormerAdminIsNoAdminAtOnce(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	changeRoles(t, s, "ben@acme.test", "admin", "agent")
	ben := s.Visitor("ben@acme.test")
	form := formAt(ben.Get("/settings/new-tag"), "/settings/new-tag")
	if form == nil {
		t.Fatal("the page has no form for a new tag")
	}
	former := ben.Cookie().Value
	changeRoles(t, s, "ben@acme.test", "agent")

	a := ben.Post("/settings/new-tag", with(form.Values, url.Values{"name": {"Sneaked in"}}))
	wantStatus(t, "a form that was opened as an admin", a, http.StatusForbidden)
	wantStatus(t, "his own page", ben.Get("/settings/me"), http.StatusOK)
	if ben.Cookie().Value == former {
		t.Error("Ben's session has the token of before, want a new one")
	}
}

// An agent who is taken out is signed out at once, and the streams of open pages end.
// Requirement R-221: Pages for admins.
func TestSessionAndStreamOfFormerAgentEnd(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	ben := s.Visitor("ben@acme.test")
	stream := openStream(t, s, ben.Cookie(), allStream)
	takeOut(t, s, "ben@acme.test")
	wantSignIn(t, "Ben's inbox", ben.Get("/inbox"))
	if _, err := io.Copy(io.Discard, stream.Body); err != nil {
		t.Errorf("Ben's stream ended with %v, want an orderly end", err)
	}
}

// stamp is how a stream tells a page that something has changed. Each stream begins with one.
const stamp = "event: stamp"

// twoBrowsers are Ben's two browsers, each with a stream.
type twoBrowsers struct {
	ben       *sitetest.Visitor // in the first
	here      *http.Response
	elsewhere *bufio.Reader // after its first line
}

func openTwoBrowsers(t *testing.T, s *sitetest.Site) twoBrowsers {
	t.Helper()
	b := twoBrowsers{ben: s.Visitor("ben@acme.test")}
	b.here = openStream(t, s, b.ben.Cookie(), allStream)
	b.elsewhere = bufio.NewReader(openStream(t, s, s.Visitor("ben@acme.test").Cookie(), allStream).Body)
	must(b.elsewhere.ReadString('\n'))(t)
	return b
}

// openConversation adds a conversation, of which streams tell.
func openConversation(t *testing.T, s *sitetest.Site) {
	t.Helper()
	storetest.Exec(t, s.Pool, `
		INSERT INTO conversations (id, account_id, team_id, status, subject, last_at, created_at)
		SELECT 4000, a.id, a.team_id, 'open', 'x', now(), now() FROM accounts AS a WHERE name = 'support-mail'`)
}

// wantStreamEnded reads a stream to its end, and checks that it has told of no change since its first stamp.
func wantStreamEnded(t *testing.T, stream *http.Response) {
	t.Helper()
	told, err := io.ReadAll(stream.Body)
	if err != nil {
		t.Errorf("the stream ended with %v, want an orderly end", err)
	}
	if strings.Count(string(told), stamp) > 1 {
		t.Errorf("the stream has told of a change after signing out:\n%s", told)
	}
}

// tellsOfChange reads a stream until it tells of a change, or ends.
func tellsOfChange(stream *bufio.Reader) bool {
	for {
		line, err := stream.ReadString('\n')
		if strings.Contains(line, stamp) {
			return true
		}
		if err != nil {
			return false
		}
	}
}

// Signing out ends the streams of the pages that are open in this browser. The stream of another browser goes on.
// Requirement R-221: Pages for admins.
func TestStreamEndsWithItsSession(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	b := openTwoBrowsers(t, s)
	wantStatus(t, "signing out", b.ben.Post("/auth/sign-out", nil), http.StatusSeeOther)
	openConversation(t, s)
	wantStreamEnded(t, b.here)
	if !tellsOfChange(b.elsewhere) {
		t.Error("the other browser's stream ended, want it to tell of the new conversation")
	}
}

// openStream opens a stream with a session. It is closed when the test ends.
func openStream(t *testing.T, s *sitetest.Site, cookie *http.Cookie, path string) *http.Response {
	t.Helper()
	return must(tryOpenStream(t, s, cookie, path))(t)
}

// tryOpenStream is openStream for goroutines of a test, which mustn't end it.
func tryOpenStream(t *testing.T, s *sitetest.Site, cookie *http.Cookie, path string) (*http.Response, error) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	if err != nil {
		return nil, err
	}
	r.AddCookie(cookie)
	client := emulator.NewClient()
	client.Timeout = 0 // a stream stays open
	a, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = a.Body.Close() })
	return a, nil
}

// What somebody typed isn't lost when the session has ended meanwhile. The page says that nothing was saved, and
// sends the form again once they have signed in in another tab.
// Requirement R-221: Pages for admins.
func TestFormOutlivesItsSession(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	b := s.Browser("ann@acme.test")
	b.Open("/settings/new-tag")
	b.Write("[name=name]", "Typed for an hour")
	storetest.Exec(t, s.Pool, `DELETE FROM site_sessions`)
	b.Press("main form button")
	b.Shows("You are signed out, so nothing was saved.")
	b.Looks("signed-out")

	b.Value(fmt.Sprintf("fetch(%q, {method: 'POST'}).then((answer) => { window.signedIn = answer.ok }); ''", s.Link("ann@acme.test")))
	b.Until("Ann signs in, in another tab", "window.signedIn")
	b.Do("reload the page", chromedp.Reload())
	b.Until("the tag is saved", "!location.pathname.includes('new-tag')")
	b.Shows("Typed for an hour")
}
