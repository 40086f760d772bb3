package site_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/cmd/parley/site/sitetest"
	"parley/store/measure"
	"parley/store/storetest"
)

// filterForm returns the dashboard's form that filters the figures.
func filterForm(t *testing.T, page sitetest.Answer) *sitetest.Form {
	t.Helper()
	form := formAt(page, "/settings/dashboard")
	if form == nil {
		t.Fatalf("the page has no filter:\n%s", page.Body)
	}
	return form
}

// The form of the filter has the value by which figures are filtered, even if it isn't in its lists otherwise. So it
// says whose figures are shown, and a click on another period keeps the filter.
// Requirement R-233: By agent and team.
func TestFormKeepsTheFilter(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	f.keepTwo()
	ann := f.Visitor("ann@acme.test")
	tests := []struct {
		name     string
		field    string
		value    string
		wantText string
	}{
		{name: "an agent", field: "agent", value: fmt.Sprint(f.ben), wantText: "Ben Osei"},
		{name: "nobody", field: "agent", value: "0", wantText: "nobody"},
		{name: "an agent who is gone", field: "agent", value: "4242", wantText: "a former agent"},
		{name: "a tag that is gone", field: "tag", value: "Lamps", wantText: "Lamps"},
		{name: "a team that is gone", field: "team", value: "4242", wantText: "a former team"},
		{name: "an account that is gone", field: "account", value: "4242", wantText: "a former account"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			page := ann.Get("/settings/dashboard?" + url.Values{"days": {"7"}, tt.field: {tt.value}}.Encode())

			wantStatus(t, "the dashboard", page, http.StatusOK)
			wantShown(t, "the dashboard", page, fmt.Sprintf(`<option value="%s" selected>%s</option>`, tt.value, tt.wantText))
			if got := filterForm(t, page).Values.Get(tt.field); got != tt.value {
				t.Errorf("the form sends %s=%q, want %q", tt.field, got, tt.value)
			}
		})
	}
}

// The account of a private channel is offered only to admins and to the members of its team.
func TestFormOffersNoClosedAccount(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, deskCompany, withInbox(t))
	for who, want := range map[string]bool{"ann@acme.test": true, "ben@acme.test": false, "cat@acme.test": true} {
		v := s.Visitor(who)
		page := v.Get("/settings/dashboard")
		if got := strings.Contains(page.Body, ">guards-mail</option>"); got != want {
			t.Errorf("guards-mail is offered to %s: %t, want %t", who, got, want)
		}

		// Trying out numbers doesn't show the account's name, either.
		for id := range 20 {
			page := v.Get(fmt.Sprintf("/settings/dashboard?account=%d", id))
			if strings.Contains(page.Body, "guards-mail") && !want {
				t.Errorf("%s reads the name of account %d, guards-mail", who, id)
			}
		}
	}
}

// Without a filter the form sends no agent, team, account or tag.
func TestFormWithoutFilter(t *testing.T) {
	t.Parallel()
	f := newFigures(t)

	form := filterForm(t, f.Visitor("ann@acme.test").Get(weekPage))

	for _, field := range []string{"agent", "team", "account", "tag"} {
		if got := form.Values.Get(field); got != "" {
			t.Errorf("the form sends %s=%q, want none", field, got)
		}
	}
}

// The row of conversations without a team has no link, because no address shows these conversations alone.
// Requirement R-233: By agent and team.
func TestRowWithoutTeamLeadsNowhere(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	ofNoTeam := f.ofSupport(measure.Figures{FirstCount: 1, FirstSum: 60, FirstSumOpen: 60, FirstWorst: 60, FirstWorstOpen: 60})
	ofNoTeam.TeamID = 0
	f.keep(contribution{conversation: 4713, shares: []measure.Share{ofNoTeam}})

	page := f.Visitor("ann@acme.test").Get(weekPage)

	_, table, _ := strings.Cut(page.Body, `<h2 id="by-team">`)
	_, row, isThere := strings.Cut(table, `<th scope="row" dir="auto">no team</th>`)
	if !isThere {
		t.Fatalf("there is no row without a team:\n%s", page.Body)
	}
	row, _, _ = strings.Cut(row, "</tr>")
	if !strings.Contains(row, "1 min") {
		t.Errorf("the row lacks the time of its first answer, 1 min:\n%s", row)
	}
	if strings.Contains(row, "<a ") {
		t.Errorf("the row has a link, want none:\n%s", row)
	}
}

// The figures of a team that is gone have a row of their own, beside the row of no team. It has a link to them.
// Requirement R-233: By agent and team.
func TestRowOfFormerTeam(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	const former = 4242
	ofFormer := f.ofSupport(measure.Figures{Opened: 1})
	ofFormer.TeamID = former
	f.keep(contribution{conversation: 4713, shares: []measure.Share{ofFormer}})

	page := f.Visitor("ann@acme.test").Get(weekPage)

	address := fmt.Sprintf("/settings/dashboard?days=7&amp;hours=open&amp;team=%d", former)
	wantShown(t, "the dashboard", page, fmt.Sprintf(`<th scope="row" dir="auto"><a href="%s">a former team</a></th>`, address))
}

// If figures are only of the agent's own teams, the page says so, and doesn't call them the figures of all.
// Requirement R-233: By agent and team.
func TestFiguresOfOwnTeamsSaySo(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	f.keepTwo()
	ben := f.Visitor("ben@acme.test")
	dashboard, longest, _ := figuresPages()
	for _, tt := range []struct{ page, want string }{
		{page: dashboard + "tag=Sales", want: ">Your teams</option>"},
		{page: longest + "tag=Sales", want: "Team: yours, Tag: Sales"},
		{page: dashboard + "team=abc", want: "“abc” isn't a number of the team. These are your own."},
		{page: dashboard + "account=abc&tag=Sales", want: "“abc” isn't a number of the account. These are those of your teams."},
	} {
		a := ben.Get(tt.page)
		wantShown(t, tt.page, a, tt.want)
		wantHidden(t, tt.page, a, "All teams", "the figures of all.")
	}
}

// A customer without a name, who is known by an id of the provider, is listed with the phone number.
func TestLongestShowsThePhoneNumber(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	f.keepTwo()
	storetest.Exec(t, f.Pool, `
		UPDATE conversations SET participants = '[{"key": "US.1349", "phone": "+491715550100", "role": "to"}]'
		WHERE id = 4711`)
	longest := f.Visitor("ann@acme.test").Get("/settings/dashboard/longest?days=7&hours=all&time=first")
	wantShown(t, "the longest", longest, "491715550100")
	wantHidden(t, "the longest", longest, "US.1349")
}
