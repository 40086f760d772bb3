package site_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"parley/cmd/parley/site/sitetest"
	"parley/store"
)

func directoryOf(t *testing.T, s *sitetest.Site) store.Directory {
	t.Helper()
	return must(store.LoadDirectory(t.Context(), s.Pool))(t)
}

func tagOf(t *testing.T, s *sitetest.Site, name string) *store.Tag {
	t.Helper()
	tags := directoryOf(t, s).Tags
	if i := slices.IndexFunc(tags, func(tag store.Tag) bool { return tag.Name == name }); i >= 0 {
		return &tags[i]
	}
	return nil
}

// An admin makes a tag, is told what is wrong beside the field, gives another one a new name and takes one out.
// Requirement R-152: New tags with colours.
// Requirement R-153: Change and delete tags.
// Requirement R-157: Kinds of tags.
// Requirement R-161: Labels that stand out.
func TestTagPages(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	b := s.Walk("ann@acme.test")
	b.Open("/settings/tags")
	b.Shows("Follow-up Required")
	b.Looks("tags")

	b.Press("a[href='/settings/new-tag']")
	b.Write("#f-name", "Sales team")
	b.Press("form.page button")
	b.Shows("There is already “Sales”.")
	b.Write("#f-name", "Spare, Parts")
	b.Write("#f-description", "What breaks & <what> it costs")
	b.Choose("#f-color", "#0f766e")
	b.Choose("#f-kind", "label")
	b.Press("form.page button")
	b.Shows("has a comma")
	b.Holds("#f-description", "What breaks & <what> it costs")
	b.Holds("#f-kind", "label")
	b.Holds("#f-color", "#0f766e")
	b.Has("#f-name[aria-invalid=true]")
	b.Looks("tag-refused")

	b.Write("#f-name", "Spare  Parts")
	b.Press("form.page button")
	b.Shows("What breaks & <what> it costs")
	if got := tagOf(t, s, "Spare Parts"); got == nil || got.Color != "#0f766e" || got.Kind != store.TagLabel {
		t.Errorf("stored: %+v", got)
	}

	b.Press("a[href='/settings/tags/Sales']")
	b.Write("#f-name", "Billing")
	b.Press("form.page button")
	b.Shows("There is one of that name already")
	b.Write("#f-name", "مبيعات وأسئلة")
	b.Press("form.page button")
	b.Has("a[href='/settings/new-tag']")
	b.Shows("مبيعات")
	if got := tagOf(t, s, "مبيعات وأسئلة"); got == nil || !slices.Equal(got.Formerly, []string{"Sales"}) || tagOf(t, s, "Sales") != nil {
		t.Errorf("renamed: %+v", got)
	}
	b.Looks("tags-right-to-left")

	ann := s.Visitor("ann@acme.test")
	for _, c := range []struct {
		name, to, formerly string
		want               []string
	}{
		{"مبيعات وأسئلة", "مبيعات وأسئلة", "Vertrieb", []string{"Sales", "Vertrieb"}}, // none is forgotten
		{"مبيعات وأسئلة", "Ventas", "Sales\r\nVertrieb", []string{"Sales", "Vertrieb", "مبيعات وأسئلة"}},
		{"Ventas", "Ventas", "Support", []string{"Sales", "Vertrieb", "مبيعات وأسئلة", "Support"}},
	} {
		path := "/settings/tags/" + url.PathEscape(c.name)
		a := ann.Post(path, url.Values{"version": {ann.Get(path).Version()}, "name": {c.to}, "formerly": {c.formerly}})
		if got := tagOf(t, s, c.to); a.Status != http.StatusSeeOther || got == nil || !slices.Equal(got.Formerly, c.want) {
			t.Errorf("%s with the former names %q: %d, %+v", c.to, c.formerly, a.Status, got)
		}
	}
	if tagOf(t, s, "Support") != nil {
		t.Error("a tag that became another one is still one of its own")
	}

	page := ann.Get("/settings/tags/Urgent")
	if a := ann.Post("/settings/tags/Urgent/take-out", url.Values{"version": {"0000"}}); a.Status != http.StatusSeeOther ||
		!ann.Get("/settings/tags").Has("Somebody else changed this while you did. Look at it, then press again.") {
		t.Errorf("taking out what was changed meanwhile: %d", a.Status)
	}

	ann.Post("/settings/tags/Urgent/take-out", url.Values{"version": {page.Version()}})
	if got := tagOf(t, s, "Urgent"); got.Active {
		t.Error("it can still be chosen")
	}
	if ann.Get("/settings/tags").Has(">Urgent<") {
		t.Error("it is still listed")
	}
}

// People and teams: somebody joins, becomes an admin, gets into a team, and leaves.
// Requirement R-124: Teams with members and channels.
// Requirement R-211: Roles.
// Requirement R-220: A log that nobody changes.
func TestPeoplePages(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	b := s.Walk("ann@acme.test")
	b.Open("/settings/agents")
	b.Looks("people")

	b.Press("a[href='/settings/new-agent']")
	b.Write("#f-email", "eve")
	b.Write("#f-zone", "Mars/Crater")
	b.Press("form.page button")
	b.Shows("isn't an e-mail address")
	b.Shows("isn't a time zone")
	b.Looks("person-refused")

	b.Write("#f-email", "eve@acme.test")
	b.Write("#f-name", "Eve Wolfeschlegelsteinhausenbergerdorff-Abdulrahman")
	b.Write("#f-zone", "Asia/Kathmandu")
	b.Write("#f-slack", "U0EVE")
	b.Press("input[name=roles][value=admin]")
	b.Press("form.page button")
	b.Shows("Wolfeschlegel")
	b.Looks("people-long")

	b.Open("/settings/teams")
	b.Looks("teams")
	b.Press("a[href='/settings/teams/Support']")
	b.Press("input[value='eve@acme.test']")
	b.Press("input[value='ben@acme.test']")
	b.Write("#f-emoji", "shipit: resolve\neyes: nonsense")
	b.Looks("team")
	b.Press("form.page button")
	b.Shows("nonsense")
	b.Has("#f-emoji-problem")
	b.Write("#f-emoji", "shipit: resolve\neyes: none")
	b.Press("form.page button")
	b.Has("a[href='/settings/new-team']")

	d := directoryOf(t, s)
	if len(d.Teams[0].Members) != 2 || d.Teams[0].Emoji["shipit"] != "resolve" || d.Teams[0].Emoji["eyes"] != "none" {
		t.Errorf("team: %+v", d.Teams[0])
	}

	ann := s.Visitor("ann@acme.test")
	version := ann.Get("/settings/teams/Support").Version()
	ann.Post("/settings/teams/Support/take-out", url.Values{"version": {version}})
	if !ann.Get("/settings/teams").Has("belongs to this team") {
		t.Error("a team with accounts was taken out")
	}

	page := ann.Get("/settings/agents/eve@acme.test")
	ann.Post("/settings/agents/eve@acme.test/take-out", url.Values{"version": {page.Version()}})
	d = directoryOf(t, s)
	i := slices.IndexFunc(d.Agents, func(a store.Agent) bool { return a.Email == "eve@acme.test" })
	if d.Agents[i].Active || len(d.Teams[0].Members) != 1 {
		t.Errorf("Eve is still there: %+v %+v", d.Agents[i], d.Teams[0])
	}

	twoHomes := url.Values{"name": {"Night"}, "slack_channel": {"C1"}, "teams_channel": {"19:x@thread.tacv2"}}
	if a := ann.Post("/settings/new-team", twoHomes); a.Status != http.StatusUnprocessableEntity ||
		!a.Has("channels in two places") {
		t.Errorf("a team with two homes: %d", a.Status)
	}
	if a := ann.Post("/settings/new-team", url.Values{"name": {"Night / Day"}, "slack_channel": {"C1"}}); a.Status != http.StatusSeeOther {
		t.Errorf("another team: %d %s", a.Status, a.Body)
	}
}
