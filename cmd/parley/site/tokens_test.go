package site_test

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store/restore"
)

var shownToken = regexp.MustCompile(`value="(parley_[A-Z0-9]+)"`)

// newToken makes a token on the page.
func newToken(t *testing.T, v *sitetest.Visitor, scope string) string {
	t.Helper()
	a := v.Post("/settings/tokens", url.Values{"name": {"for " + scope}, "scope": {scope}, "days": {"7"}})
	found := shownToken.FindStringSubmatch(a.Body)
	if found == nil {
		t.Fatalf("no token of %s: %d %s", scope, a.Status, a.Body)
	}
	return found[1]
}

// ask sends a request as a program does.
func ask(v *sitetest.Visitor, method, path, token, body string) sitetest.Answer {
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}} // as curl does
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	return v.Send(method, path, strings.NewReader(body), header)
}

// The examples of docs/api.md do what the page says.
func TestAPIExamples(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	s := sitetest.Start(t, ranks())
	ann, program := s.Visitor("ann@acme.test"), s.Visitor("")
	file := strings.Replace(ask(program, "GET", "/api/setup", newToken(t, ann, "setup"), "").Body, "company: Acme", "company: Acme & Sons", 1)
	scopes := map[string]string{"figures.csv": "figures", "log.csv": "log", "setup": "setup"}
	line := regexp.MustCompile(`^curl( -X PUT)? -H "Authorization: Bearer \$TOKEN"( --data-binary @parley.yaml)? "\$PARLEY(/api/([a-z.]+)[^"]*)"$`)
	wants := map[string]string{"figures.csv": "by,name,new,", "log.csv": "at,by,what,", "setup": "company: Acme"}
	ran := 0
	for text := range strings.Lines(string(page)) {
		if !strings.HasPrefix(text, "curl") {
			continue
		}
		m := line.FindStringSubmatch(strings.TrimSpace(text))
		if m == nil {
			t.Errorf("this test can't read: %s", text)
			continue
		}
		ran++
		method, scope, body, want := "GET", scopes[m[4]], "", wants[m[4]]
		if m[1] != "" {
			method, scope, body, want = "PUT", "apply", file, "company"
		}
		if a := ask(program, method, m[3], newToken(t, ann, scope), body); a.Status != http.StatusOK || !strings.Contains(a.Body, want) {
			t.Errorf("%s%d %s", text, a.Status, a.Body)
		}
		if done := strings.Contains(exported(t, s), "Acme & Sons"); method == "PUT" && done == strings.Contains(m[3], "dry_run") {
			t.Errorf("%safter it the company is renamed: %v", text, done)
		}
	}
	if ran < 5 {
		t.Errorf("%d examples", ran)
	}
	if log := ann.Get("/settings/log.csv"); !log.Has("by the API token for apply:\n~ company") {
		t.Errorf("the log doesn't name the token:\n%s", log.Body)
	}
}

// A token opens what it is for and nothing else, no session opens that, it is read from the header alone, and it ends when
// it is revoked, when it has expired, and when its maker may no more. Nothing that is stored is the token.
//
func TestTokens(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, ranks(), withoutRateLimit())
	ann, cy, program := s.Visitor("ann@acme.test"), s.Visitor("cy@acme.test"), s.Visitor("")
	paths := map[string]string{"figures": "/api/figures.csv", "log": "/api/log.csv", "setup": "/api/setup"}
	all := map[string]string{}
	for scope := range paths {
		all[scope] = newToken(t, cy, scope)
	}
	all["apply"] = newToken(t, ann, "apply")
	if a := cy.Post("/settings/tokens", url.Values{"name": {"x"}, "scope": {"apply"}, "days": {"7"}}); a.Status != http.StatusUnprocessableEntity || shownToken.MatchString(a.Body) {
		t.Errorf("an admin makes a token that applies: %d", a.Status)
	}
	for scope, token := range all {
		for of, path := range paths {
			want := http.StatusForbidden
			if scope == of || scope == "apply" && of == "setup" {
				want = http.StatusOK
			}
			if a := ask(program, "GET", path, token, ""); a.Status != want || a.Header.Get("Set-Cookie") != "" {
				t.Errorf("%s by a token of %s: %d", path, scope, a.Status)
			}
			if a := program.Get(path + "?token=" + token + "&access_token=" + token); a.Status != http.StatusUnauthorized || a.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s by a token in the address: %d", path, a.Status)
			}
		}
		if a := ask(program, "GET", "/settings/agents", token, ""); a.Status != http.StatusSeeOther {
			t.Errorf("a page by a token: %d", a.Status)
		}
	}
	for _, path := range paths {
		if a := ann.Get(path); a.Status != http.StatusUnauthorized {
			t.Errorf("%s by a session: %d", path, a.Status)
		}
	}
	file := ask(program, "GET", "/api/setup", all["setup"], "")
	for _, secret := range append(sitetest.Secrets(), "password", "${") {
		if file.Has(secret) {
			t.Errorf("the set-up has %s:\n%s", secret, file.Body)
		}
	}
	if a := ask(program, "PUT", "/api/setup", all["setup"], "company: X"); a.Status != http.StatusForbidden {
		t.Errorf("applied by a token that reads: %d", a.Status)
	}
	if a := ask(program, "PUT", "/api/setup", all["apply"], file.Body); a.Status != http.StatusOK || !a.Has("nothing to change") {
		t.Errorf("applied as it was read: %d %s", a.Status, a.Body)
	}
	for what, text := range map[string]string{"a fault": "agents: [{email: x}]", "this machine's environment": "company: ${PATH}", "the last super-admin": "agents: [{email: ann@acme.test, roles: [admin]}]"} {
		if a := ask(program, "PUT", "/api/setup", all["apply"], text); a.Status != http.StatusUnprocessableEntity || !a.Has("Nothing was changed") || a.Has(os.Getenv("PATH")) {
			t.Errorf("%s: %d %s", what, a.Status, a.Body)
		}
	}
	stored := 0
	if err := s.Pool.QueryRow(t.Context(), `SELECT count(*) FROM api_tokens WHERE convert_from(decode(encode(hash, 'hex'), 'escape'), 'UTF8') LIKE '%parley_%' OR length(hash) <> 32`).Scan(&stored); err != nil || stored > 0 {
		t.Errorf("%d tokens are stored, %v", stored, err)
	}
	page := ann.Get("/settings/tokens")
	for scope, token := range all {
		if page.Has(token) || ann.Get("/settings/log.csv").Has(token) {
			t.Errorf("the token of %s is shown again", scope)
		}
	}
	ending(t, s, ann, all)
}

// Who asks what a file would change in other words than the page of docs tells is refused, and changes nothing.
func TestApplyByUnknownWords(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, ranks())
	token, program := newToken(t, s.Visitor("ann@acme.test"), "apply"), s.Visitor("")
	for _, query := range []string{"dry_run=true", "dry-run=yes", "dry_run", "dry_run=no&dry_run=yes", "prune=no;dry_run=yes", "dry_run=%zz", "prune=1"} {
		if a := ask(program, "PUT", "/api/setup?"+query, token, "company: Other"); a.Status != http.StatusBadRequest || !a.Has("Nothing was changed") {
			t.Errorf("%s: %d %s", query, a.Status, a.Body)
		}
	}
	if a := ask(program, "PUT", "/api/setup?dry_run=yes&prune=no", token, "company: Other"); a.Status != http.StatusOK || !a.Has("Other") {
		t.Errorf("tried: %d %s", a.Status, a.Body)
	}
	if got := exported(t, s); strings.Contains(got, "Other") {
		t.Errorf("it was changed:\n%s", got)
	}
}

// Who is taken out, and taken in again later, has no session, no link and no token from before.
func TestTakenInAgain(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, ranks())
	ann, cy, program := s.Visitor("ann@acme.test"), s.Visitor("cy@acme.test"), s.Visitor("")
	token := newToken(t, cy, "setup")
	link, err := site.SignInLink(t.Context(), s.Pool, s.URL, "cy@acme.test")
	if err != nil {
		t.Fatal(err)
	}
	path := "/settings/agents/cy@acme.test"
	if a := ann.Post(path+"/take-out", url.Values{"version": {ann.Get(path).Version()}}); a.Status != http.StatusSeeOther {
		t.Fatalf("taking out: %d %s", a.Status, a.Body)
	}
	s.Apply(`agents: [{email: cy@acme.test, name: Cy, roles: [admin]}]`)
	if a := ask(program, "GET", "/api/setup", token, ""); a.Status != http.StatusUnauthorized {
		t.Errorf("the token: %d", a.Status)
	}
	if a := cy.Get("/settings/agents"); a.Status != http.StatusSeeOther {
		t.Errorf("the session: %d", a.Status)
	}
	if a := program.Get(strings.TrimPrefix(link, s.URL)); a.Status == http.StatusOK {
		t.Errorf("the link: %d", a.Status)
	}
	if a := s.Visitor("cy@acme.test").Get("/settings/agents"); a.Status != http.StatusOK {
		t.Errorf("signed in again: %d", a.Status)
	}
}

// What signed somebody in counts for nothing in a database that was restored: it may have been ended since the backup.
func TestRestoredSignsNobodyIn(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, ranks())
	ann, program := s.Visitor("ann@acme.test"), s.Visitor("")
	token := newToken(t, ann, "setup")
	link, err := site.SignInLink(t.Context(), s.Pool, s.URL, "ann@acme.test")
	if err == nil {
		err = restore.Begin(t.Context(), s.Pool, "test")
	}
	if err == nil {
		_, err = restore.Finish(t.Context(), s.Pool, time.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	if a := ask(program, "GET", "/api/setup", token, ""); a.Status != http.StatusUnauthorized {
		t.Errorf("the token: %d", a.Status)
	}
	if a := ann.Get("/settings/agents"); a.Status != http.StatusSeeOther {
		t.Errorf("the session: %d", a.Status)
	}
	if a := program.Get(strings.TrimPrefix(link, s.URL)); a.Status == http.StatusOK {
		t.Errorf("the link: %d", a.Status)
	}
}

// However many tokens are made, the page shows those at work: nobody hides one behind others.
func TestTokensAtWorkAreShown(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, ranks())
	ann := s.Visitor("ann@acme.test")
	newToken(t, ann, "setup")
	add := func(n int, expires string) {
		t.Helper()
		if _, err := s.Pool.Exec(t.Context(), `INSERT INTO api_tokens (name, hash, scope, agent_id, expires_at)
			SELECT 'more', sha256((random()::text || n)::bytea), 'log', id, now() + $2::interval FROM agents, generate_series(1, $1) AS n WHERE email = 'ann@acme.test'`, n, expires); err != nil {
			t.Fatal(err)
		}
	}
	add(500, "-1 second")
	if a := ann.Get("/settings/tokens"); !a.Has("for setup") {
		t.Error("a token at work is not shown")
	}
	newToken(t, ann, "log")
	add(98, "1 day")
	if a := ann.Post("/settings/tokens", url.Values{"name": {"x"}, "scope": {"log"}, "days": {"7"}}); a.Status != http.StatusUnprocessableEntity || !a.Has("too many tokens") {
		t.Errorf("one too many: %d %s", a.Status, a.Body)
	}
}

// ending ends tokens in each way.
func ending(t *testing.T, s *sitetest.Site, ann *sitetest.Visitor, all map[string]string) {
	t.Helper()
	program := s.Visitor("")
	exec := func(sql string) {
		t.Helper()
		if _, err := s.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	var id string
	if err := s.Pool.QueryRow(t.Context(), `SELECT id::text FROM api_tokens WHERE scope = 'log'`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	if a := follow(ann, ann.Post("/settings/tokens/"+id+"/revoke", nil)); !a.Has("It opens nothing from now on") {
		t.Errorf("revoking: %d", a.Status)
	}
	if a := follow(ann, ann.Post("/settings/tokens/"+id+"/revoke", nil)); !a.Has("ended already") {
		t.Errorf("revoking again: %d", a.Status)
	}
	exec(`UPDATE api_tokens SET expires_at = now() - interval '1 second' WHERE scope = 'figures'`)
	exec(`UPDATE agents SET roles = '{agent}' WHERE email = 'cy@acme.test'`)
	exec(`UPDATE agents SET roles = '{super_admin,admin}' WHERE email = 'ben@acme.test'`)
	exec(`UPDATE agents SET active = false WHERE email = 'ann@acme.test'`)
	if a := s.Visitor("ben@acme.test").Get("/settings/tokens"); strings.Count(a.Body, "may not do this any more") != 1 || !a.Has("cy@acme.test may not do this any more") {
		t.Errorf("a token that opens nothing, since its maker is no admin any more: %d %s", a.Status, a.Body)
	}
	for scope, want := range map[string]int{"log": http.StatusUnauthorized, "figures": http.StatusUnauthorized, "setup": http.StatusForbidden, "apply": http.StatusUnauthorized} {
		path := map[string]string{"log": "/api/log.csv", "figures": "/api/figures.csv"}[scope]
		if path == "" {
			path = "/api/setup"
		}
		if a := ask(program, "GET", path, all[scope], ""); a.Status != want {
			t.Errorf("%s, ended: %d, want %d", scope, a.Status, want)
		}
	}
}

// Whoever tries tokens is slowed down, and so is a program that asks without a pause; the other goes on.
func TestTokensAreSlowedDown(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, ranks())
	ann, program := s.Visitor("ann@acme.test"), s.Visitor("")
	token := newToken(t, ann, "setup")
	busy := func(token string) bool {
		for range 1000 {
			if a := ask(program, "GET", "/api/setup", token, ""); a.Status == http.StatusTooManyRequests {
				return a.Header.Get("Retry-After") != ""
			}
		}
		return false
	}
	if !busy("parley_GUESSED") {
		t.Error("nobody minds guessing")
	}
	if a := ask(program, "GET", "/api/setup", token, ""); a.Status != http.StatusOK {
		t.Errorf("a program whose neighbour guesses: %d", a.Status)
	}
}

// The page of tokens, empty, with the token that is shown this once, and with some that have ended.
func TestTokensPage(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, ranks())
	b := s.Browser("ann@acme.test")
	b.Open("/settings/tokens")
	b.Shows("No program has a token.")
	b.Looks("tokens-empty")
	b.Write("#f-name", "Nightly figures of the warehouse")
	b.Press(".bar button.main")
	b.Shows("Copy it now")
	b.Looks("tokens-new")
	b.Open("/settings/agents")
	b.Looks("people-roles")
}
