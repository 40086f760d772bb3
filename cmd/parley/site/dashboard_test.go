package site_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"parley/cmd/parley/site/sitetest"
	"parley/store"
	"parley/store/measure"
	"parley/store/storetest"
)

// An admin sees how everybody does, filters, and gets to what took longest.
//
func TestDashboard(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	b := f.Walk("ann@acme.test")
	b.Open("/settings/dashboard")
	b.Shows("Nothing was counted in this time.")
	b.Looks("dashboard-empty")

	f.keepTwo()
	b.Open("/settings/dashboard?days=7")
	b.Shows("By agent")
	for _, text := range []string{
		"Ben Osei",
		"Ann Lee",
		"nobody",
		"billing-mail",
		"order status",
		"negative",
		"15 min",
		"Time to resolve",
	} {
		b.Shows(text)
	}
	f.tagMessage()
	b.Open("/settings/dashboard?days=7")
	b.Shows("Tagged messages")
	b.Shows("Complaint 1")
	b.Shows("Where is it?")
	b.Looks("dashboard")

	b.Choose("#f-team", fmt.Sprint(f.support))
	b.Choose("#f-hours", "all")
	b.Press("form.filter button.main")
	b.Shows("2 h")

	b.Press(`dl.tiles a[href*="time=first"]`)
	b.Shows("Waited longest for the first answer")
	b.Shows("#4711 Where is my order?")
	b.Has("a[href='https://acme.slack.com/archives/C0SUPPORT/p1700000000000100']")
	b.Looks("longest")
}

// figuresPages are the pages, and the file, that show figures.
func figuresPages() (dashboard, longest, file string) {
	return "/settings/dashboard?days=7&", "/settings/dashboard/longest?days=7&time=first&", "/settings/dashboard/figures.csv?days=7&"
}

// Agents see their own figures and those of their teams, and nobody else's. Admins see all.
//
func TestWhoseFigures(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	f.keepTwo()
	ann, ben := f.Visitor("ann@acme.test"), f.Visitor("ben@acme.test")
	dashboard, longest, file := figuresPages()
	for _, tt := range []struct {
		name       string
		query      string
		wantStatus int    // for Ben
		wantShown  string // to him on the dashboard
		wantHidden string // from him, besides conversation 4712
	}{
		{name: "all", query: "", wantStatus: http.StatusOK, wantShown: "30 min", wantHidden: "billing-mail</a>"},
		{
			name:       "his own",
			query:      fmt.Sprintf("agent=%d", f.ben),
			wantStatus: http.StatusOK,
			wantShown:  "30 min",
			wantHidden: "billing-mail</a>",
		},
		{
			name:       "his team's",
			query:      fmt.Sprintf("team=%d", f.support),
			wantStatus: http.StatusOK,
			wantShown:  "order status",
			wantHidden: "billing-mail</a>",
		},
		{name: "a tag of his team", query: "tag=Sales", wantStatus: http.StatusOK, wantShown: "30 min", wantHidden: "billing-mail</a>"},
		{
			name:       "a tag of another team",
			query:      "tag=Billing",
			wantStatus: http.StatusOK,
			wantShown:  "Nothing was counted",
			wantHidden: "billing-mail</a>",
		},
		{
			name:       "another team's",
			query:      fmt.Sprintf("team=%d", f.billing),
			wantStatus: http.StatusForbidden,
			wantShown:  "These are figures of others.",
			wantHidden: "Ann Lee</a>",
		},
		{
			name:       "a colleague's, who did nothing in his teams",
			query:      fmt.Sprintf("agent=%d", f.ann),
			wantStatus: http.StatusOK,
			wantShown:  "Nothing was counted",
			wantHidden: "billing-mail</a>",
		},
		{
			name:       "a colleague's in another team",
			query:      fmt.Sprintf("team=%d&agent=%d", f.billing, f.ann),
			wantStatus: http.StatusForbidden,
			wantShown:  "These are figures of others.",
			wantHidden: "billing-mail</a>",
		},
		{
			name:       "another team's account",
			query:      fmt.Sprintf("account=%d", f.billingMail),
			wantStatus: http.StatusOK,
			wantShown:  "Nothing was counted",
			wantHidden: "billing-mail</a>",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, page := range []string{dashboard, longest, file} {
				wantStatus(t, page+tt.query+", for an admin", ann.Get(page+tt.query), http.StatusOK)
				a := ben.Get(page + tt.query)
				wantStatus(t, page+tt.query+", for an agent", a, tt.wantStatus)
				wantHidden(t, page+tt.query, a, "4712", tt.wantHidden)
			}
			wantShown(t, "the dashboard", ben.Get(dashboard+tt.query), tt.wantShown)
			if a := ben.Get(file + tt.query); strings.HasPrefix(a.Header.Get("Content-Type"), "text/csv") {
				wantHidden(t, "the file", a, "billing-mail")
			}
		})
	}
}

// Ben worked on a conversation of an account with a channel of its own, and may not read it any more. He sees how
// long it took, but neither its subject nor its customer. Cat, who is of its team, sees all, and so does Ben once he
// has the conversation.
//
func TestLongestOfAPrivateChannel(t *testing.T) {
	t.Parallel()
	f := &figures{t: t, Site: sitetest.Start(t, deskCompany, withInbox(t))}
	f.setProgress(progress{})
	ben, guards := f.id("agents", "Ben Osei"), f.id("teams", "Guards")
	f.keep(contribution{
		conversation: 4711,
		subject:      "Salary",
		shares: []measure.Share{{
			Day:       f.daysAgo(1),
			TeamID:    store.TeamID(guards),
			AgentID:   store.AgentID(ben),
			AccountID: store.AccountID(f.id("accounts", "guards-mail")),
			Figures: measure.Figures{
				MessagesOut:    1,
				FirstCount:     1,
				FirstSum:       7200,
				FirstSumOpen:   1800,
				FirstWorst:     7200,
				FirstWorstOpen: 1800,
			},
		}},
	})

	longest := func(email, query string) sitetest.Answer {
		t.Helper()
		a := f.Visitor(email).Get("/settings/dashboard/longest?days=7&hours=all&time=first&" + query)
		wantStatus(t, "the longest for "+email, a, http.StatusOK)
		wantShown(t, "the longest for "+email, a, "#4711", "2 h")
		return a
	}
	ofBen, ofGuards := fmt.Sprint("agent=", ben), fmt.Sprint("team=", guards)

	wantHidden(t, "for Ben", longest("ben@acme.test", ofBen), "Salary", "Kim")
	wantShown(t, "for Cat, of the team", longest("cat@acme.test", ofGuards), "Salary", "Kim Example")
	storetest.Exec(t, f.Pool, `UPDATE conversations SET assignees = ARRAY[$1::bigint]`, ben)
	wantShown(t, "for Ben, who has the conversation", longest("ben@acme.test", ofBen), "Salary")
}
