package site_test

import (
	"fmt"
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/channels/emulator"
	"parley/cmd/parley/app"
	"parley/cmd/parley/demo"
	"parley/cmd/parley/lab"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store/storetest"
)

// An admin gets from an empty database to the first customer's mail in a thread of Teams, using only the pages. Only
// the registration and the upload of the package are done at Microsoft.
// Requirement R-273: Agents by a channel's members.
func TestFirstMailInAThreadOfTeams(t *testing.T) {
	t.Parallel()
	listen := must(emulator.FreeAddress(t.Context()))(t)
	w := world(t, demo.CompanyOptions{PublicURL: "http://" + listen, TeamsOptions: demo.TeamsOptions{Teams: true, NoSlack: true}})

	env := app.Env{DatabaseURL: storetest.Reused(t).Config().ConnString(), Data: t.TempDir(), Listen: listen, PublicURL: "https://" + listen, Teams: app.TeamsEnv{
		LoginURL: w.Teams.LoginURL(), OpenIDURL: w.Teams.OpenIDURL(), GraphURL: w.Teams.GraphURL(), ServiceURLs: []string{w.Teams.ServiceURL()}}}
	db, a := parley(t, env)
	link, err := site.FirstLink(t.Context(), db.Pool, "http://"+a.Address())
	if err != nil || link == "" {
		t.Fatalf("no link for the first admin: %v", err)
	}

	// The first admin follows the link.
	pages := sitetest.At(t, db.Pool, "http://"+a.Address())
	b := &stepper{t: t, Walker: pages.Walk(""), more: 1}
	b.Open(strings.TrimPrefix(link, "http://"+a.Address()))
	b.fill("#f-name", "Ann Lee")
	b.fill("#f-email", "ann@acme.test")
	b.click("form.page button.main")
	b.Shows("1. Connect Slack or Microsoft Teams")

	// She connects Teams.
	b.click("details:has(#f-app_id) > summary")
	b.fill("#f-app_id", w.Teams.AppID())
	b.fill("#f-tenant_id", w.Teams.TenantID())
	b.fill("#f-app_password", w.Teams.AppPassword())
	b.click(`form[action$="/teams"] button`)
	b.Shows("Microsoft Teams is connected with what ann@acme.test gave")
	b.Looks("first-steps-teams")
	b.Holds("[name=package_id]", w.Teams.AppID())

	// The package, which TestTeamsAppFile checks, is uploaded at Microsoft.
	check(t, w.Install(t.Context()))

	// She makes a team of a channel.
	b.fill("#f-channel", "#support")
	b.click(`form[action$="/team"] button`)
	b.Shows("Who answers for Support")
	b.Shows("Ben Katz")
	b.Looks("first-steps-members-teams")
	b.click("form.page button.main")
	b.Shows("joined the team.")

	// She adds the mailbox, and a customer writes.
	b.addMailbox(w)
	customerWrites(t, w)
	waitUntil(t, "the mail is a thread", func() bool { return inTeamsThread(w.Teams, firstWords) })
	b.Open("/settings/first-steps")
	b.seesIt()
	if pages.Visitor("ann@acme.test").Get("/settings/first-steps").Has(w.Teams.AppPassword()) {
		t.Error("the page shows a secret")
	}
}

// inTeamsThread reports whether a text is in a thread of the team's channel.
func inTeamsThread(s *teamsfake.Server, text string) bool {
	for _, root := range s.Roots(lab.TeamsSupport) {
		for _, m := range s.Thread(lab.TeamsSupport, root.ID) {
			if strings.Contains(fmt.Sprintf("%+v", *m), text) {
				return true
			}
		}
	}
	return false
}
