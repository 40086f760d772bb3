package site_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store"
	"parley/store/storetest"
)

// These tests are about the API, which programs use with a token that an admin has made on the page for that. In
// startRanks Ann is a super-admin, Cy an admin, and Ben an agent.

var shownToken = regexp.MustCompile(`value="(parley_[A-Z0-9]+)"`)

// The scopes of tokens: what a token may be used for.
const (
	figuresScope = "figures"
	logScope     = "log"
	setupScope   = "setup" // reads parley.yaml
	applyScope   = "apply" // reads and changes it
)

// apiPath returns what a token of a scope reads.
func apiPath(scope string) string {
	switch scope {
	case figuresScope:
		return "/api/v1/figures.csv"
	case logScope:
		return "/api/v1/log.csv"
	}
	return "/api/v1/setup"
}

// makeToken sends the form that makes a token.
func makeToken(v *sitetest.Visitor, scope string) sitetest.Answer {
	return v.Post("/settings/tokens", url.Values{"name": {"for " + scope}, "scope": {scope}, "days": {"7"}})
}

// newToken makes a token on the page, which shows it once.
func newToken(t *testing.T, v *sitetest.Visitor, scope string) string {
	t.Helper()
	page := makeToken(v, scope)
	found := shownToken.FindStringSubmatch(page.Body)
	if found == nil {
		t.Fatalf("no token of the scope %s was made: %d %s", scope, page.Status, page.Body)
	}
	return found[1]
}

// newTokenOf makes a token of a scope, by an agent who may: Ann where it takes a super-admin, else Cy.
func newTokenOf(t *testing.T, s *sitetest.Site, scope string) string {
	t.Helper()
	if scope == applyScope {
		return newToken(t, s.Visitor("ann@acme.test"), scope)
	}
	return newToken(t, s.Visitor("cy@acme.test"), scope)
}

// program sends requests as a program does, with a token of the API.
type program struct {
	visitor *sitetest.Visitor // without a session
	token   string            // "" means none
}

// get asks for a path.
func (p program) get(path string) sitetest.Answer { return p.send(http.MethodGet, path, "") }

// putSetup sends a parley.yaml to be applied.
func (p program) putSetup(query, yaml string) sitetest.Answer {
	return p.send(http.MethodPut, "/api/v1/setup"+query, yaml)
}

func (p program) send(method, path, body string) sitetest.Answer {
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}} // as curl does
	if p.token != "" {
		header.Set("Authorization", "Bearer "+p.token)
	}
	return p.visitor.Send(method, path, strings.NewReader(body), header)
}

// newProgram returns a program with a token.
func newProgram(s *sitetest.Site, token string) program {
	return program{visitor: s.Visitor(""), token: token}
}

// A token opens what its scope is for, and nothing else. One that applies a set-up reads it, too. No answer starts a
// session.
// Requirement R-221: Pages for admins.
func TestTokenOpensItsScope(t *testing.T) {
	t.Parallel()
	s := startRanks(t)
	for _, tt := range []struct {
		scope     string
		wantOpens []string
	}{
		{scope: figuresScope, wantOpens: []string{"/api/v1/figures.csv"}},
		{scope: logScope, wantOpens: []string{"/api/v1/log.csv"}},
		{scope: setupScope, wantOpens: []string{"/api/v1/setup"}},
		{scope: applyScope, wantOpens: []string{"/api/v1/setup"}},
	} {
		t.Run(tt.scope, func(t *testing.T) {
			p := newProgram(s, newTokenOf(t, s, tt.scope))
			for _, path := range []string{"/api/v1/figures.csv", "/api/v1/log.csv", "/api/v1/setup"} {
				a := p.get(path)
				want := http.StatusForbidden
				if slices.Contains(tt.wantOpens, path) {
					want = http.StatusOK
				}
				wantStatus(t, path, a, want)
				if cookie := a.Header.Get("Set-Cookie"); cookie != "" {
					t.Errorf("%s sets the cookie %q, want none", path, cookie)
				}
			}
			wantSignIn(t, "a page, with the token", p.get("/settings/agents"))
		})
	}
}

// A token is read from the header alone, because addresses end up in the logs of others.
// Requirement R-221: Pages for admins.
func TestTokenInAddressIsNotRead(t *testing.T) {
	t.Parallel()
	s := startRanks(t)
	for _, scope := range []string{figuresScope, logScope, setupScope, applyScope} {
		token := newTokenOf(t, s, scope)
		a := newProgram(s, "").get(apiPath(scope) + "?token=" + token + "&access_token=" + token)
		wantStatus(t, "a token of "+scope+" in the address", a, http.StatusUnauthorized)
		if a.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("the refusal of a token of %s in the address has no header WWW-Authenticate", scope)
		}
	}
}

// Requirement R-221: Pages for admins.
func TestSessionDoesNotOpenAPI(t *testing.T) {
	t.Parallel()
	ann := startRanks(t).Visitor("ann@acme.test")
	for _, scope := range []string{figuresScope, logScope, setupScope} {
		wantStatus(t, apiPath(scope), ann.Get(apiPath(scope)), http.StatusUnauthorized)
	}
}

// Only a super-admin makes a token that applies a set-up.
// Requirement R-221: Pages for admins.
func TestAdminMakesNoTokenThatApplies(t *testing.T) {
	t.Parallel()
	page := makeToken(startRanks(t).Visitor("cy@acme.test"), applyScope)
	wantStatus(t, "the answer", page, http.StatusUnprocessableEntity)
	if token := shownToken.FindString(page.Body); token != "" {
		t.Errorf("the page shows a token: %s", token)
	}
}

// A token is shown when it is made, and nowhere again. What is stored is a hash.
// Requirement R-221: Pages for admins.
func TestTokenIsShownOnce(t *testing.T) {
	t.Parallel()
	s := startRanks(t)
	ann := s.Visitor("ann@acme.test")
	token := newToken(t, ann, setupScope)
	wantHidden(t, "the page", ann.Get("/settings/tokens"), token)
	wantHidden(t, "the log", ann.Get("/settings/log.csv"), token)
	const readable = `SELECT count(*) FROM api_tokens
		WHERE convert_from(decode(encode(hash, 'hex'), 'escape'), 'UTF8') LIKE '%parley_%' OR length(hash) <> 32`
	if n := countRowsOf(t, s, readable); n != 0 {
		t.Errorf("%d tokens are stored readable, want hashes alone", n)
	}
}

// A token that is revoked opens nothing from then on.
// Requirement R-221: Pages for admins.
func TestRevokedToken(t *testing.T) {
	t.Parallel()
	s := startRanks(t)
	ann := s.Visitor("ann@acme.test")
	p := newProgram(s, newTokenOf(t, s, logScope))
	revoke := fmt.Sprintf("/settings/tokens/%d/revoke", countRowsOf(t, s, `SELECT id::int FROM api_tokens`))
	wantShown(t, "revoking", follow(ann, ann.Post(revoke, nil)), "It opens nothing from now on")
	wantShown(t, "revoking again", follow(ann, ann.Post(revoke, nil)), "ended already")
	wantStatus(t, "with the token", p.get(apiPath(logScope)), http.StatusUnauthorized)
}

// A token opens nothing while the agent who made it is no admin. The page says so of that token, and of no other.
// Requirement R-221: Pages for admins.
func TestTokenOfFormerAdmin(t *testing.T) {
	t.Parallel()
	s := startRanks(t)
	p := newProgram(s, newToken(t, s.Visitor("cy@acme.test"), setupScope))
	newToken(t, s.Visitor("ann@acme.test"), setupScope)
	storetest.Exec(t, s.Pool, `UPDATE agents SET roles = '{agent}' WHERE email = 'cy@acme.test'`)
	wantStatus(t, "with the token", p.get(apiPath(setupScope)), http.StatusForbidden)

	page := s.Visitor("ann@acme.test").Get("/settings/tokens")
	wantShown(t, "the page", page, "cy@acme.test may not do this any more")
	if n := strings.Count(page.Body, "may not do this any more"); n != 1 {
		t.Errorf("the page says of %d tokens that their makers may not do this any more, want of one", n)
	}
}

// An agent who is taken out and taken in again later has no session, link or token from before.
func TestTakenInAgain(t *testing.T) {
	t.Parallel()
	s := startRanks(t)
	ann, cy := s.Visitor("ann@acme.test"), s.Visitor("cy@acme.test")
	p, link := newProgram(s, newToken(t, cy, setupScope)), signInLink(t, s, "cy@acme.test")
	path := "/settings/agents/cy@acme.test"
	wantStatus(t, "taking Cy out", ann.Post(path+"/take-out", url.Values{"version": {ann.Get(path).Version()}}), http.StatusSeeOther)
	s.Apply(`agents: [{email: cy@acme.test, name: Cy, roles: [admin]}]`)

	wantSignedOut(t, p, cy, link)
	wantStatus(t, "Cy, signed in anew", s.Visitor("cy@acme.test").Get("/settings/agents"), http.StatusOK)
}

// Sessions, links and tokens open nothing in a database that was restored, because they may have been ended since the
// backup.
func TestRestoredSignsNobodyIn(t *testing.T) {
	t.Parallel()
	s := startRanks(t)
	ann := s.Visitor("ann@acme.test")
	p, link := newProgram(s, newToken(t, ann, setupScope)), signInLink(t, s, "ann@acme.test")
	check(t, store.BeginRestore(t.Context(), s.Pool, "test"))
	must(store.FinishRestore(t.Context(), s.Pool, time.Now()))(t)
	wantSignedOut(t, p, ann, link)
}

// signInLink returns the path of a link such as parley admin-link prints.
func signInLink(t *testing.T, s *sitetest.Site, email string) string {
	t.Helper()
	link := must(site.SignInLink(t.Context(), s.Pool, s.URL, email))(t)
	return strings.TrimPrefix(link, s.URL)
}

// wantSignedOut checks that an admin's token for the set-up, her session and her link open nothing.
func wantSignedOut(t *testing.T, p program, session *sitetest.Visitor, link string) {
	t.Helper()
	wantStatus(t, "with the token", p.get(apiPath(setupScope)), http.StatusUnauthorized)
	wantStatus(t, "in the session", session.Get("/settings/agents"), http.StatusSeeOther)
	if a := p.visitor.Get(link); a.Status == http.StatusOK {
		t.Errorf("the link has status %d, want a refusal", a.Status)
	}
}

// A program that tries tokens is slowed down. Another program on the same machine goes on, and people there can sign
// in.
func TestTryingTokensIsSlowedDown(t *testing.T) {
	t.Parallel()
	const guesses = 1000
	s := sitetest.Start(t, ranks())
	honest := newProgram(s, newToken(t, s.Visitor("ann@acme.test"), setupScope))
	guesser := newProgram(s, "parley_GUESSED")
	refusal := guesser.get("/api/v1/setup")
	for n := 1; n < guesses && refusal.Status != http.StatusTooManyRequests; n++ {
		refusal = guesser.get("/api/v1/setup")
	}
	wantStatus(t, fmt.Sprintf("after at most %d guesses", guesses), refusal, http.StatusTooManyRequests)
	if refusal.Header.Get("Retry-After") == "" {
		t.Error("the refusal has no header Retry-After")
	}
	wantStatus(t, "a program whose neighbour guesses", honest.get("/api/v1/setup"), http.StatusOK)
	wantStatus(t, "somebody who signs in beside it", s.Visitor("").Get("/auth/sign-in"), http.StatusOK)
}
