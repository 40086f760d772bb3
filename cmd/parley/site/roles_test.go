package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"parley/cmd/parley/site/sitetest"
)

// The people of ranks.
const (
	superAdmin = "ann@acme.test"
	admin      = "cy@acme.test"
	agent      = "ben@acme.test"
)

// ranks is Acme with a super-admin, an admin and an agent.
func ranks() string {
	return strings.NewReplacer(
		"roles: [admin]", "roles: [super_admin]",
		"teams:\n", "  - {email: "+admin+", name: Cy, roles: [admin], slack: U0CY}\nteams:\n",
	).Replace(sitetest.Acme)
}

// agentPage returns the address of the page of somebody who answers customers.
func agentPage(email string) string { return "/settings/agents/" + email }

// changeAgent sends the form on somebody's page with other values, also those that the form doesn't offer.
func changeAgent(t *testing.T, v *sitetest.Visitor, email string, values url.Values) sitetest.Answer {
	t.Helper()
	page := v.Get(agentPage(email))
	form := formAt(page, agentPage(email))
	if form == nil {
		t.Fatalf("%s has no form: %s", agentPage(email), page.Body)
	}
	return v.Post(agentPage(email), with(form.Values, values))
}

// A super-admin may take out everybody but the last super-admin, an admin only agents.
// Requirement R-211: Roles.
func TestWhoMayTakeOutWhom(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, ranks())
	for _, tt := range []struct {
		name string
		by   string
		who  string
		want bool
	}{
		{name: "an admin, a super-admin", by: admin, who: superAdmin, want: false},
		{name: "an admin, himself", by: admin, who: admin, want: false},
		{name: "an admin, an agent", by: admin, who: agent, want: true},
		{name: "a super-admin, an admin", by: superAdmin, who: admin, want: true},
		{name: "a super-admin, an agent", by: superAdmin, who: agent, want: true},
		{name: "the last super-admin, herself", by: superAdmin, who: superAdmin, want: false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := s.Visitor(tt.by).Get(agentPage(tt.who)).Has("Remove this"); got != tt.want {
				t.Errorf("the page offers to take the person out: %t, want %t", got, tt.want)
			}
		})
	}
}

// An admin can make nobody an admin and himself no super-admin, neither by the forms nor by giving somebody's user in
// a chat to another agent. What he sends anyway changes nothing.
// Requirement R-211: Roles.
func TestAdminMakesNoAdmins(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, ranks())
	cy := s.Visitor(admin)
	for _, tt := range []struct {
		name string
		send func(t *testing.T) sitetest.Answer
	}{
		{name: "himself a super-admin", send: func(t *testing.T) sitetest.Answer {
			return changeAgent(t, cy, admin, url.Values{"roles": {"super_admin"}})
		}},
		{name: "an agent an admin", send: func(t *testing.T) sitetest.Answer {
			return changeAgent(t, cy, agent, url.Values{"roles": {"admin"}})
		}},
		{name: "the super-admin an agent", send: func(t *testing.T) sitetest.Answer {
			return changeAgent(t, cy, superAdmin, url.Values{"roles": {"agent"}})
		}},
		{name: "the super-admin's user in Slack his own", send: func(t *testing.T) sitetest.Answer {
			return changeAgent(t, cy, admin, url.Values{"slack": {"U0ANN"}})
		}},
		{name: "another's user in Slack the super-admin's", send: func(t *testing.T) sitetest.Answer {
			return changeAgent(t, cy, superAdmin, url.Values{"slack": {"U0THIEF"}})
		}},
		{name: "the super-admin gone", send: func(*testing.T) sitetest.Answer {
			page := cy.Get(agentPage(superAdmin))
			return cy.Post(agentPage(superAdmin)+"/take-out", url.Values{"version": {page.Version()}})
		}},
		{name: "somebody new an admin", send: func(*testing.T) sitetest.Answer {
			return cy.Post("/settings/new-agent", url.Values{"email": {"dora@acme.test"}, "name": {"Dora"}, "roles": {"admin"}})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := exported(t, s)
			if a := tt.send(t); a.Status >= http.StatusInternalServerError {
				t.Errorf("got status %d, want no internal error", a.Status)
			}
			if after := exported(t, s); after != before {
				t.Errorf("the admin changed the set-up:\n%s", changed(before, after))
			}
		})
	}
}

// Requirement R-211: Roles.
func TestLastSuperAdminStaysOne(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, ranks())

	a := changeAgent(t, s.Visitor(superAdmin), superAdmin, url.Values{"roles": {"admin"}})

	if a.Status != http.StatusUnprocessableEntity {
		t.Errorf("got status %d, want 422", a.Status)
	}
	if want := "Nobody would be a super-admin any more"; !a.Has(want) {
		t.Errorf("the page lacks %q: %s", want, a.Body)
	}
}

// startWithoutSuperAdmin starts a site with two admins, of whom none is named super-admin, as before there was this role.
func startWithoutSuperAdmin(t *testing.T) *sitetest.Site {
	t.Helper()
	s := sitetest.Start(t, sitetest.Acme)
	s.Apply(`agents: [{email: cy@acme.test, name: Cy, roles: [admin]}]`)
	return s
}

// While nobody is named super-admin, every admin counts as one, so that a parley.yaml from before there was this role
// locks nobody out. The page says so.
// Requirement R-211: Roles.
func TestEachAdminIsASuperAdminWhileNobodyIsNamed(t *testing.T) {
	t.Parallel()
	s := startWithoutSuperAdmin(t)

	page := s.Visitor(admin).Get("/settings/agents")

	if want := "Nobody is named super-admin"; !page.Has(want) {
		t.Errorf("the page lacks %q: %s", want, page.Body)
	}
	wantShown(t, "the list", page, `<span class="pill good">super-admin</span>`)
	isMarked := page.Has("super-admin</div>") || page.Has("· super-admin") // alone, or after other words
	if !isMarked {
		t.Errorf("the page marks nobody as super-admin: %s", page.Body)
	}
}

// Two super-admins who take the role from each other at the same moment don't leave Parley without one.
// Requirement R-211: Roles.
func TestLastTwoSuperAdmins(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, ranks())
	s.Apply(`agents: [{email: cy@acme.test, roles: [super_admin]}]`)
	var posts []func()
	for _, tt := range []struct{ by, who string }{
		{by: "ann@acme.test", who: "cy@acme.test"},
		{by: "cy@acme.test", who: "ann@acme.test"},
	} {
		v := s.Visitor(tt.by)
		form := formAt(v.Get(agentPage(tt.who)), agentPage(tt.who))
		posts = append(posts, func() { v.Post(agentPage(tt.who), with(form.Values, url.Values{"roles": {"agent"}})) })
	}

	var both sync.WaitGroup // begins once both have their forms
	for _, post := range posts {
		both.Go(post)
	}
	both.Wait()

	if file := exported(t, s); !strings.Contains(file, "roles: [super_admin]") {
		t.Errorf("nobody is a super-admin:\n%s", file)
	}
}
