package site_test

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/cmd/parley/site/sitetest"
	"parley/store"
)

// A form on a page of the settings has a version of what it shows. When it is sent, the version says whether somebody
// else has changed that since.

// unversioned lists the forms that need no version, because they overwrite nothing that somebody else may have changed.
func unversioned() []string {
	return []string{
		// They change only who is signed in where.
		"POST /auth/sign-out",
		"POST /auth/sign-out-everywhere",

		// They make something new.
		"POST /settings/add-mailbox",
		"POST /settings/add-number/{kind}",
		"POST /settings/new-account/{kind}",
		"POST /settings/new-agent",
		"POST /settings/new-automation",
		"POST /settings/new-canned-reply",
		"POST /settings/new-tag",
		"POST /settings/new-team",
		"POST /settings/new-template",
		"POST /settings/customers/{id}", // one that exists has a version
		"POST /settings/customers-file",
		"POST /settings/tokens",

		// It is an act in conversations, which knows when its page was read.
		"POST /inbox",

		// They ask a chat, a provider or a model.
		"POST /settings/first-steps/agents",
		"POST /settings/ai/try",
		"POST /settings/accounts/{name}/rules/try",
		"POST /settings/health",
		"POST /settings/accounts/{name}/connect",
		"POST /settings/accounts/{name}/test",
	}
}

// otherAdmin is the admin who connected the chats.
const otherAdmin = "cy@acme.test"

// connectChats stores credentials of Slack and Teams, in the name of otherAdmin.
func connectChats(t *testing.T, s *sitetest.Site) {
	t.Helper()
	check(t, store.InTx(t.Context(), s.Pool, func(tx pgx.Tx) error {
		sealer := sitetest.Sealer(t)
		slack := store.SaveCredential(t.Context(), tx, sealer, store.Credential{Kind: "slack", Home: "T1", Author: otherAdmin})
		teams := store.SaveCredential(t.Context(), tx, sealer, store.Credential{Kind: "teams", Home: "E1", Author: otherAdmin})
		return errors.Join(slack, teams)
	}))
}

// settingsForm is a form that is sent by POST, with where it was found.
type settingsForm struct {
	page   string // its address
	route  string // that answers the form
	action string
	values url.Values
}

// version is what the form says about the state that it shows; "" if it has none.
func (f settingsForm) version() string { return f.values.Get("version") }

// listSettingsForms returns the forms of all pages of the settings.
func listSettingsForms(s *sitetest.Site, v *sitetest.Visitor) (list []settingsForm) {
	for address, page := range pagesOf(v, "/settings", "/settings/me") {
		for _, form := range page.Forms() {
			if form.Method != http.MethodPost {
				continue
			}
			list = append(list, settingsForm{
				page:   address,
				route:  routeOf(s, form.Method, form.Action),
				action: form.Action,
				values: form.Values,
			})
		}
	}
	return list
}

// sendStale sends a form with the version of another state.
func sendStale(v *sitetest.Visitor, f settingsForm) sitetest.Answer {
	values := with(f.values, nil)
	// No state has this version. It is as long as a true one, so that it is refused for what it says, not for its
	// form.
	values.Set("version", strings.Repeat("0", len(f.version())))
	return v.Post(f.action, values)
}

// An admin who changes something that somebody else has changed since the page was opened is told so, and changes
// nothing. This holds for every page that has such a form.
// Requirement R-221: Pages for admins.
func TestTwoAdminsOnEveryPage(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	connectChats(t, s)
	ann := s.Visitor("ann@acme.test")
	forms := listSettingsForms(s, ann)

	t.Run("a form that overwrites something has a version", func(t *testing.T) {
		for _, f := range forms {
			if f.version() == "" && !slices.Contains(unversioned(), f.route) {
				t.Errorf("%s on %s has no version", f.route, f.page)
			}
		}
	})
	t.Run("each kind of form was found", func(t *testing.T) { checkEachKindFound(t, s, forms) })
	t.Run("a stale form says so and changes nothing", func(t *testing.T) {
		before := exported(t, s)
		for _, f := range forms {
			if f.version() == "" {
				continue
			}
			a := sendStale(ann, f)
			// A form that fills no page of its own answers with a redirect to a page that says what happened.
			if a.Status != http.StatusUnprocessableEntity && a.Status != http.StatusSeeOther {
				t.Errorf("%s on %s: got status %d, want 422 or 303", f.action, f.page, a.Status)
			}
			if want := "Somebody else changed this while you did"; !follow(ann, a).Has(want) {
				t.Errorf("%s on %s, status %d: the page that follows lacks %q", f.action, f.page, a.Status, want)
			}
			if after := exported(t, s); after != before {
				t.Fatalf("%s on %s changed the set-up:\n%s", f.action, f.page, changed(before, after))
			}
		}
		checkChatsAreConnected(t, s)
	})
}

// checkChatsAreConnected checks that the credentials are those that connectChats stored.
func checkChatsAreConnected(t *testing.T, s *sitetest.Site) {
	t.Helper()
	kept := listCredentials(t, s)
	if len(kept) != 2 {
		t.Errorf("the credentials of %d chats are kept, want 2", len(kept))
	}
	for _, c := range kept {
		if c.Author != otherAdmin {
			t.Errorf("the credentials of %s are those of %s, want %s's as before", c.Kind, c.Author, otherAdmin)
		}
	}
}

// checkEachKindFound checks that the forms with a version are of many kinds, and that those of each route that
// changes one entry are among them. Forms that aren't found aren't tested.
func checkEachKindFound(t *testing.T, s *sitetest.Site, forms []settingsForm) {
	t.Helper()
	found := map[string]bool{} // by route
	for _, f := range forms {
		if f.version() != "" {
			found[f.route] = true
		}
	}
	const fewest = 15 // there are more; a site with fewer was not read whole
	if len(found) < fewest {
		t.Errorf("found %d kinds of forms with a version, want at least %d: %v", len(found), fewest, found)
	}
	if route := "POST /settings/first-steps/disconnect"; !found[route] {
		t.Errorf("found no form of %s with a version", route)
	}
	for _, r := range s.Pages.Routes() {
		if changesOneEntry(r.Pattern) && !found[r.Pattern] {
			t.Errorf("found no form of %s with a version", r.Pattern)
		}
	}
}

// changesOneEntry reports whether a route changes the entry that its path names. Routes that ask the provider of an
// entry change nothing of it.
func changesOneEntry(pattern string) bool {
	method, address, _ := strings.Cut(pattern, " ")
	namesEntry := strings.Contains(address, "{name}")
	asksProvider := slices.Contains([]string{"connect", "webhook", "test", "check", "try"}, path.Base(address))
	return method == http.MethodPost && namesEntry && !asksProvider
}
