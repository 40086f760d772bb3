package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"parley/cmd/parley/site/sitetest"
)

// ranks is Acme with a super-admin, Ann, an admin, Cy, and an agent, Ben.
func ranks() string {
	return strings.NewReplacer("roles: [admin]", "roles: [super_admin]",
		"teams:\n", "  - {email: cy@acme.test, name: Cy, roles: [admin], slack: U0CY}\nteams:\n").Replace(sitetest.Acme)
}

// A super-admin makes admins and takes them out; an admin does neither, not to himself, not by taking an admin's user in a
// chat for another's; nobody takes the last super-admin out. Each of them answers customers as everybody does.
//
func TestRoles(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, ranks())
	ann, cy := s.Visitor("ann@acme.test"), s.Visitor("cy@acme.test")
	// change sends the form of an agent with other values; forge adds what the form does not offer.
	change := func(v *sitetest.Visitor, who string, values url.Values) sitetest.Answer {
		t.Helper()
		path := "/settings/agents/" + who
		page := v.Get(path)
		form := formAt(page, path)
		if form == nil {
			t.Fatalf("%s has no form: %s", path, page.Body)
		}
		return v.Post(path, with(form.Values, values))
	}
	for _, c := range []struct {
		by    *sitetest.Visitor
		who   string
		shown bool
	}{{cy, "ann@acme.test", false}, {cy, "cy@acme.test", false}, {cy, "ben@acme.test", true},
		{ann, "cy@acme.test", true}, {ann, "ben@acme.test", true}, {ann, "ann@acme.test", false}} { // Ann is the last super-admin
		if got := c.by.Get("/settings/agents/" + c.who).Has("Take out"); got != c.shown {
			t.Errorf("%s, of whom it is offered to take her out: %v", c.who, got)
		}
	}
	before := exported(t, s)
	for what, a := range map[string]sitetest.Answer{
		"himself":                 change(cy, "cy@acme.test", url.Values{"roles": {"super_admin"}}),
		"an agent an admin":       change(cy, "ben@acme.test", url.Values{"roles": {"admin"}}),
		"the super-admin nothing": change(cy, "ann@acme.test", url.Values{"roles": {"agent"}}),
		"himself her in Slack":    change(cy, "cy@acme.test", url.Values{"slack": {"U0ANN"}}),
		"her another in Slack":    change(cy, "ann@acme.test", url.Values{"slack": {"U0THIEF"}}),
		"her gone":                cy.Post("/settings/agents/ann@acme.test/take-out", url.Values{"version": {cy.Get("/settings/agents/ann@acme.test").Version()}}),
		"a new admin":             cy.Post("/settings/new-agent", url.Values{"email": {"dora@acme.test"}, "name": {"Dora"}, "roles": {"admin"}}),
	} {
		if a.Status >= http.StatusInternalServerError {
			t.Errorf("an admin makes %s: %d", what, a.Status)
		}
	}
	if after := exported(t, s); after != before {
		t.Errorf("an admin changed:\n%s", changed(before, after))
	}
	if a := change(cy, "ben@acme.test", url.Values{"name": {"Benjamin"}}); a.Status != http.StatusSeeOther {
		t.Errorf("an admin changes a name: %d %s", a.Status, a.Body)
	}
	if a := change(ann, "ann@acme.test", url.Values{"roles": {"admin"}}); a.Status != http.StatusUnprocessableEntity || !a.Has("Nobody else is a super-admin") {
		t.Errorf("the last one: %d", a.Status)
	}
	if a := change(ann, "ben@acme.test", url.Values{"roles": {"super_admin"}}); a.Status != http.StatusSeeOther {
		t.Errorf("another super-admin: %d %s", a.Status, a.Body)
	}
	if a := change(ann, "ann@acme.test", url.Values{"roles": {"agent"}}); a.Status != http.StatusSeeOther {
		t.Errorf("she is one no more: %d %s", a.Status, a.Body)
	}
	if a := ann.Get("/settings/agents"); a.Status != http.StatusForbidden {
		t.Errorf("and still opens the page: %d", a.Status)
	}
}

// While nobody is named super-admin, as before there was this role, every admin counts as one, and nobody is locked out:
// a parley.yaml of then can still be applied. The page says so, and naming one tells whom it costs the right.
//
func TestNobodyIsNamedSuperAdmin(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	s.Apply(`agents: [{email: cy@acme.test, name: Cy, roles: [admin]}]`)
	cy := s.Visitor("cy@acme.test")
	if a := cy.Get("/settings/agents"); !a.Has("Nobody is named super-admin") || !a.Has("super-admin</div>") && !a.Has("· super-admin") {
		t.Errorf("the page: %s", a.Body)
	}
	path := "/settings/agents/ann@acme.test"
	form := formAt(cy.Get(path), path)
	a := follow(cy, cy.Post(path, with(form.Values, url.Values{"roles": {"super_admin"}})))
	if !a.Has("From now on only ann@acme.test can name admins, and cy@acme.test no more.") {
		t.Errorf("naming one: %d %s", a.Status, a.Body)
	}
	if a := cy.Post("/settings/first-steps/disconnect", url.Values{"chat": {"slack"}}); a.Status != http.StatusForbidden {
		t.Errorf("Cy still disconnects chats: %d", a.Status)
	}
	s.Apply(sitetest.Acme[:strings.Index(sitetest.Acme, "teams:")] + "  - {email: cy@acme.test, roles: [super_admin]}")
	if !strings.Contains(exported(t, s), "roles: [super_admin]") {
		t.Errorf("exported:\n%s", exported(t, s))
	}
}

// Two super-admins who take each other out at the same moment don't leave Parley without one.
//
func TestLastTwoSuperAdmins(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, ranks())
	s.Apply(`agents: [{email: cy@acme.test, roles: [super_admin]}]`)
	var posts []func()
	for who, other := range map[string]string{"ann@acme.test": "cy@acme.test", "cy@acme.test": "ann@acme.test"} {
		path := "/settings/agents/" + other
		v := s.Visitor(who)
		form := formAt(v.Get(path), path)
		posts = append(posts, func() { v.Post(path, with(form.Values, url.Values{"roles": {"agent"}})) })
	}
	var both sync.WaitGroup // once both have their forms
	for _, post := range posts {
		both.Go(post)
	}
	both.Wait()
	if !strings.Contains(exported(t, s), "roles: [super_admin]") {
		t.Errorf("nobody is a super-admin:\n%s", exported(t, s))
	}
}
