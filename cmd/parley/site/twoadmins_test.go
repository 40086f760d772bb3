package site_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/cmd/parley/site/sitetest"
	"parley/store"
	"parley/store/credential"
)

// unversioned lists the forms that overwrite nothing that somebody else may have changed: they make something new, or ask
// somebody, or change only who is signed in where.
func unversioned() []string {
	return []string{
		"POST /auth/sign-out",
		"POST /auth/sign-out-everywhere",
		"POST /settings/add-mailbox",
		"POST /settings/add-number/{kind}",
		"POST /settings/new-account/{kind}",
		"POST /settings/new-agent",
		"POST /settings/new-tag",
		"POST /settings/new-team",
		"POST /settings/new-template",
		"POST /settings/tokens",
		"POST /settings/ai/try",
		"POST /settings/health",
		"POST /settings/mailboxes/{name}/connect",
		"POST /settings/mailboxes/{name}/test",
		"POST /settings/numbers/{name}/check",
		"POST /settings/first-steps/agents",
	}
}

// giveTokens keeps credentials of both chats, in the name of another admin.
func giveTokens(t *testing.T, s *sitetest.Site) {
	t.Helper()
	err := store.InTx(t.Context(), s.Pool, func(tx pgx.Tx) error {
		sealer := sitetest.Sealer(t)
		slack := credential.Save(t.Context(), tx, sealer, credential.Credential{Kind: "slack", Home: "T1", Author: "cy@acme.test"})
		teams := credential.Save(t.Context(), tx, sealer, credential.Credential{Kind: "teams", Home: "E1", Author: "cy@acme.test"})
		return errors.Join(slack, teams)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Whoever changes something that somebody else has changed since its page was opened is told, on every page that has
// such a form, and nothing is changed.
//
func TestTwoAdminsOnEveryPage(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	giveTokens(t, s)
	ann := s.Visitor("ann@acme.test")
	before := exported(t, s)
	routes := map[string]bool{}
	for address, page := range pagesOf(ann, "/settings", "/settings/me") {
		for _, form := range page.Forms() {
			if form.Values.Get("version") == "" {
				if route := routeOf(s, form.Method, form.Action); form.Method == http.MethodPost && !slices.Contains(unversioned(), route) {
					t.Errorf("%s of %s: its form has no version", route, address)
				}
				continue
			}
			values := with(form.Values, nil)
			values.Set("version", strings.Repeat("0", len(values.Get("version"))))
			routes[routeOf(s, form.Method, form.Action)] = true
			a := ann.Post(form.Action, values)
			if a.Status != http.StatusUnprocessableEntity && a.Status != http.StatusSeeOther {
				t.Errorf("%s of %s: %d", form.Action, address, a.Status)
			}
			if shown := follow(ann, a); !shown.Has("Somebody else changed this while you did") {
				t.Errorf("%s of %s doesn't say so: %d", form.Action, address, a.Status)
			}
			if after := exported(t, s); after != before {
				t.Fatalf("%s of %s changed the set-up:\n%s", form.Action, address, changed(before, after))
			}
		}
	}
	if len(routes) < 15 {
		t.Errorf("only %d kinds of forms have a version: %v", len(routes), routes)
	}
	kept := listCredentials(t, s)
	if len(kept) != 2 {
		t.Errorf("the credentials of %d chats are kept, want 2", len(kept))
	}
	for _, c := range kept {
		if c.Author != "cy@acme.test" {
			t.Errorf("the credentials of %s are those of %s, want cy@acme.test's as before", c.Kind, c.Author)
		}
	}
	if route := "POST /settings/first-steps/disconnect"; !routes[route] {
		t.Errorf("%s: no form with a version was found", route)
	}
	asking := []string{"/connect", "/webhook", "/test", "/check"} // at a provider; they change no entry
	for _, r := range s.Pages.Routes() {
		method, path, _ := strings.Cut(r.Pattern, " ")
		changesEntry := method == http.MethodPost && strings.Contains(path, "{name}") && !slices.Contains(asking, path[strings.LastIndex(path, "/"):])
		if changesEntry && !routes[r.Pattern] {
			t.Errorf("%s: no form with a version was found", r.Pattern)
		}
	}
}
