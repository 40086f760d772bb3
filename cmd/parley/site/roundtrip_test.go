package site_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"parley/bridge/setup"
	"parley/channels"
	"parley/cmd/parley/app"
	"parley/cmd/parley/site/sitetest"
)

// Every key of parley.yaml has a value in testdata/everything.yaml, and a field on a page.
// Requirement R-211: Roles.
func TestEveryKeyIsOnAPage(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	everyKey(t, s)
	everyControl(t, pagesOf(s.Visitor("ann@acme.test"), "/settings", "/settings/me"))
}

// Every form of every page, sent as it was shown, leaves the set-up as it is. So do forms with fields that somebody
// added: a role, another agent's name, a secret, or keys of other entries.
// Requirement R-211: Roles.
// Requirement R-221: Pages for admins.
func TestRoundByForms(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	ann := s.Visitor("ann@acme.test")
	sent := map[string]bool{}
	before := exported(t, s)
	for address, page := range pagesOf(ann, "/settings", "/settings/me") {
		for _, form := range page.Forms() {
			route := routeOf(s, form.Method, form.Action)
			if form.Method != http.MethodPost || slices.Contains(doing(), route) {
				continue
			}
			if route == "" {
				t.Errorf("a form of %s is sent to %s, which is no route", address, form.Action)
			}
			sent[route] = true
			for _, tt := range []struct {
				name   string
				values url.Values
			}{
				{name: "as it was shown", values: form.Values},
				{name: "with fields that it doesn't have", values: with(form.Values, strangeValues(s, form))},
			} {
				what := fmt.Sprintf("%s of %s, sent %s", form.Action, address, tt.name)
				if a := ann.Post(form.Action, tt.values); a.Status >= http.StatusInternalServerError {
					t.Errorf("%s: status %d, want no error of Parley's", what, a.Status)
				}
				if after := exported(t, s); after != before {
					t.Errorf("%s, changes the set-up:\n%s", what, changed(before, after))
					before = after
				}
			}
		}
	}

	for _, r := range s.Pages.Routes() {
		isLeftOut := slices.Contains(slices.Concat(doing(), later()), r.Pattern)
		if strings.HasPrefix(r.Pattern, "POST ") && !sent[r.Pattern] && !isLeftOut {
			t.Errorf("no form of any page is sent to %s", r.Pattern)
		}
	}
}

// strangeValues returns values for all strangeFields that a form doesn't have.
func strangeValues(s *sitetest.Site, form sitetest.Form) url.Values {
	values := url.Values{}
	for _, name := range strangeFields(s) {
		_, hasValue := form.Values[name]
		hasField := slices.ContainsFunc(form.Fields, func(c sitetest.Control) bool { return c.Name == name })
		if !hasValue && !hasField {
			values.Set(name, strangeValue(name))
		}
	}
	return values
}

// entryKinds lists what a set-up has besides accounts.
func entryKinds() []string {
	return []string{
		setup.EntryCompany,
		setup.EntryAgent,
		setup.EntryTeam,
		setup.EntryTag,
		setup.EntryAutomation,
		setup.EntryTemplate,
		setup.EntryKnowledge,
	}
}

// everyKey fails the test if a key of parley.yaml has no value in everything, or no page.
func everyKey(t *testing.T, s *sitetest.Site) {
	t.Helper()
	entries := must(setup.Entries(t.Context(), s.Pool, app.Specs()))(t)
	given := func(kind, channel string, f setup.Field) bool {
		return slices.ContainsFunc(entries, func(e setup.Entry) bool {
			_, inside := e.Values[f.Path]
			for p := range e.Values {
				inside = inside || strings.HasPrefix(p, f.Path+".")
			}
			return e.Kind == kind && (channel == "" || e.Channel == channel) && (inside || slices.Contains(e.Stored, f.Path))
		})
	}

	for _, kind := range entryKinds() {
		for _, f := range setup.FieldsOf(kind, nil) {
			if !given(kind, "", f) {
				t.Errorf("testdata/everything.yaml has no value for %s of a %s", f.Path, kind)
			}
		}
	}

	for _, spec := range app.Specs() {
		for _, f := range setup.FieldsOf(setup.EntryAccount, &spec) {
			channel := ""
			if slices.ContainsFunc(spec.Fields, func(own channels.Field) bool { return strings.HasSuffix(f.Path, "."+own.Name) }) {
				channel = spec.Kind
			}
			if !given(setup.EntryAccount, channel, f) {
				t.Errorf("testdata/everything.yaml has no value for %s of an account of %s", f.Path, spec.Kind)
			}
		}
	}
}

// everyControl fails the test if a key of parley.yaml can be given on no page. It tells on which pages each can.
func everyControl(t *testing.T, pages map[string]sitetest.Answer) {
	t.Helper()
	given := map[string][]string{} // the pages, by the paths of keys
	for address, page := range pages {
		for _, form := range page.Forms() {
			for _, c := range form.Fields {
				for path := c.Name; path != ""; path = path[:max(strings.LastIndex(path, "."), 0)] {
					given[path] = append(given[path], address)
				}
			}
		}
	}

	look := func(kind, below string, fields []setup.Field) {
		for _, f := range fields {
			on := slices.DeleteFunc(slices.Clone(given[f.Path]), func(address string) bool {
				return !strings.HasPrefix(address, "/settings/"+below)
			})
			slices.Sort(on)
			if len(on) == 0 {
				t.Errorf("%s of %s can be given on no page", f.Path, kind)
				continue
			}
			t.Logf("%s: %s on %v", kind, f.Path, on)
		}
	}

	for _, kind := range entryKinds() {
		below := ""
		if kind == setup.EntryKnowledge {
			below = "ai"
		}
		look(kind, below, setup.FieldsOf(kind, nil))
	}
	for _, spec := range app.Specs() {
		look(spec.Kind, "", setup.FieldsOf(setup.EntryAccount, &spec))
	}
}

// strangeFields are names that a form may be sent with by somebody who wants more than it offers.
func strangeFields(s *sitetest.Site) []string {
	names := []string{
		"role",
		"admin",
		"is_admin",
		"agent",
		"agent_id",
		"id",
		"account_id",
		"kind",
		"channel",
		"active",
		"author",
		"remove",
		"was",
		"secrets",
		"config",
	}
	for _, kind := range entryKinds() {
		for _, f := range setup.FieldsOf(kind, nil) {
			names = append(names, f.Path)
		}
	}
	for _, spec := range app.Specs() {
		for _, f := range setup.FieldsOf(setup.EntryAccount, &spec) {
			names = append(names, f.Path)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// strangeValue returns a value that would have an effect if Parley read the field.
func strangeValue(name string) string {
	switch name {
	case "roles", "role":
		return "admin"
	case "members", "email":
		return "ben@acme.test"
	case "mode":
		return "live"
	case "agent_id", "id", "account_id", "agent":
		return "1"
	}
	return "true"
}

// moreThanOffered are values that somebody sends besides what a form offers.
func moreThanOffered() url.Values {
	return url.Values{
		"mode":        {"live"},
		"paused":      {"true"},
		"settings.ai": {"on"},
		"roles":       {"admin"},
		"email":       {"ann@acme.test"},
		"slack":       {"U0ANN"},
		"members":     {"ben@acme.test"},
	}
}

// An account that is added gets what the form offers and no more: it begins in watch mode and without settings,
// whatever else is sent.
// Requirement R-221: Pages for admins.
func TestNewAccountHasNothingBesidesTheForm(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string // of the account that is made
		path string
		form url.Values
	}{
		{
			name: "second",
			path: "/settings/new-account/http",
			form: url.Values{
				"name":              {"second"},
				"team":              {"Support"},
				"http.secret":       {"tops3cret-of-the-second"},
				"http.callback_url": {"https://shop.test/b"},
			},
		},
		{name: "third", path: "/settings/add-mailbox/servers", form: mailboxForm("third@acme.test")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := startEverything(t)
			added := s.Visitor("ann@acme.test").Post(tt.path, with(tt.form, moreThanOffered()))
			wantStatus(t, "adding the account", added, http.StatusSeeOther)
			entries := must(setup.Entries(t.Context(), s.Pool, app.Specs()))(t)
			i := slices.IndexFunc(entries, func(e setup.Entry) bool { return e.Name == tt.name })
			if i < 0 {
				t.Fatal("the set-up doesn't have the account")
			}
			account := entries[i]
			if mode := account.Value("mode"); mode != "watch" {
				t.Errorf("it begins in mode %q, want watch", mode)
			}
			if paused, ai := account.Value("paused"), account.Value("settings.ai"); paused != "" || ai != "" {
				t.Errorf("it begins with paused %q and settings.ai %q, want neither", paused, ai)
			}
		})
	}
}

// An agent's own page gives no role, and changes nobody else.
// Requirement R-221: Pages for admins.
func TestOwnPageHasNothingBesidesTheForm(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	ben := s.Visitor("ben@acme.test")
	before := exported(t, s)
	const ownPage = "/settings/me"
	form := formAt(ben.Get(ownPage), ownPage)
	if form == nil {
		t.Fatalf("%s has no form that is sent there", ownPage)
	}
	ben.Post(ownPage, with(form.Values, moreThanOffered()))
	if after := exported(t, s); after != before {
		t.Errorf("Ben's page changed the set-up:\n%s", changed(before, after))
	}
	wantStatus(t, "a page for admins", ben.Get("/settings/agents"), http.StatusForbidden)
}
