package site_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

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
	b := f.Browser("ann@acme.test")
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
	b.Looks("dashboard")

	b.Do("choose", chromedp.SetValue(chromedp.CSS("#f-team"), fmt.Sprint(f.support)), chromedp.SetValue(chromedp.CSS("#f-hours"), "all"))
	b.Press("form.filter button.main")
	b.Until("only Support is shown",
		"location.search.includes('team=') && !document.querySelector('main').innerText.includes('billing-mail\\t')")
	b.Shows("2 h")

	b.Press(`dl.tiles a[href*="time=first"]`)
	b.Shows("Waited longest for the first answer")
	b.Shows("#4711 Where is my order?")
	b.Until("it leads to the thread", `document.querySelector('a[href="https://acme.slack.com/archives/C0SUPPORT/p1700000000000100"]')`)
	b.Looks("longest")
}

// A year with many conversations, long names and text from right to left still fits on the page.
//
func TestDashboardOfMuch(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	for n := range int64(400) {
		tag := fmt.Sprintf("Tag number %d", n%60)
		if n%60 == 0 {
			tag = strings.Repeat("A very long name of a tag ", 3) + "أسئلة"
		}
		agents := []store.AgentID{f.ann, f.ben}
		moods := []string{"", "negative", "frustrated"}
		f.keep(contribution{
			conversation: store.ConversationID(1000 + n),
			labels:       measure.Labels{Tags: []string{tag}, Intent: fmt.Sprintf("intent_%d", n%20), Mood: moods[n%3]},
			shares: []measure.Share{{
				Day:       f.daysAgo(int(n * 7 % 360)),
				TeamID:    f.support,
				AgentID:   agents[n%2],
				AccountID: f.supportMail,
				Figures: measure.Figures{
					Opened: 1 + n%7, MessagesIn: 1 + n*n%13, MessagesOut: 1 + n*n%11,
					FirstCount: 1, FirstSum: n * n % 90000, FirstSumOpen: n * n % 9000, FirstWorst: n * n % 90000, FirstWorstOpen: n * n % 9000,
					Resolved: 1, EndedSum: n * 3000, EndedSumOpen: n * 900, EndedWorst: n * 3000, EndedWorstOpen: n * 900,
				},
			}},
		})
	}

	b := f.Browser("ann@acme.test")
	b.Open("/settings/dashboard?days=365&hours=all")
	b.Shows("By tag")
	b.Looks("dashboard-much")
	b.Open("/settings/dashboard?days=28")
	b.Shows("By tag")
	b.Looks("dashboard-month")
	b.Paper()
	if cut := b.Value(`String([...document.querySelectorAll("nav, main .scroll")].filter((e) =>
		e.checkVisibility() && e.scrollWidth > e.clientWidth && getComputedStyle(e).overflowX !== "visible").length)`); cut != "0" {
		t.Errorf("%s parts of the page are cut off on paper", cut)
	}
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

// A filter in an address that makes no sense, such as days=0, is passed over. Its text never becomes markup of the
// page.
func TestOddFilters(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	f.keepTwo()
	ann := f.Visitor("ann@acme.test")
	for _, tt := range []struct {
		query string
		want  string
	}{
		{query: "days=0", want: "“0” isn't a number of days"},
		{query: "days=99999999999999999999", want: "By agent"},
		{query: "from=2026-13-01&to=x", want: "“2026-13-01” isn't a day like 2026-11-23. These are the last four weeks."},
		{query: "from=2026-02-01&to=2026-01-01", want: "the last one, 2026-01-01, is before the first, 2026-02-01"},
		{query: "from=0001-01-01&to=9999-12-31", want: "are more than 800 days"},
		{query: "tag=<script>x</script>", want: "Nothing was counted"},
		{query: "agent=1&tag=Sales", want: "not for both at once"},
		{query: "intent=&of=intent", want: "By team"},
		{query: "intent=order_status&days=7", want: "Intent: order status"},
		{query: "mood=negative&days=7", want: "Mood: negative"},
		{query: "team=-1", want: "Nothing was counted"},
		{query: "hours=sometimes&account=' OR 1", want: "By agent"},
		{query: "days=28&was=A B&from=" + f.daysAgo(1) + "&to=" + f.daysAgo(1), want: "<details open><summary>Other days"}, // typed into the form
		{query: "days=28&was=2026-01-01 2026-01-07&from=2026-01-01&to=2026-01-07", want: `<option value="28" selected>`},
		{query: "days=7&was=2026-01-01 2026-01-07&from=&to=", want: `<option value="7" selected>`}, // other days were emptied
		{query: "from=" + f.daysAgo(1) + "&to=" + f.daysAgo(1), want: "billing-mail"},
	} {
		t.Run(tt.query, func(t *testing.T) {
			values := must(url.ParseQuery(tt.query))(t)
			a := ann.Get("/settings/dashboard?" + values.Encode())
			wantStatus(t, "the dashboard", a, http.StatusOK)
			wantShown(t, "the dashboard", a, tt.want)
			wantHidden(t, "the dashboard", a, "<script>x")
		})
	}
}

// A tag that was renamed has one row, which includes what was counted under its former names. Pages that are filtered
// by the tag include it, too.
//
func TestRenamedTagsFigures(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	for i, c := range []contribution{
		{subject: "by its first name", labels: measure.Labels{Tags: []string{"Lamps"}}},
		{subject: "by its second name", labels: measure.Labels{Tags: []string{"Broken lamps"}}},
		{subject: "by its present name", labels: measure.Labels{Tags: []string{"Lighting"}}},
		{subject: "by another spelling", labels: measure.Labels{Tags: []string{"lighting"}}},
		{subject: "of another", labels: measure.Labels{Tags: []string{"Billing"}}},
	} {
		opened := int64(1) << i // 1, 2, 4, 8 and 16: each sum tells what is in it
		c.conversation = store.ConversationID(i + 1)
		c.shares = []measure.Share{f.ofSupport(measure.Figures{
			Opened:     opened,
			Resolved:   1,
			EndedSum:   100 * opened,
			EndedWorst: 100 * opened,
		})}
		f.keep(c)
	}
	storetest.Exec(t, f.Pool, `INSERT INTO tags (name, color, formerly) VALUES ('Lighting', '#112233', '{Lamps,"Broken lamps",lighting}')`)
	ann := f.Visitor("ann@acme.test")

	all := ann.Get("/settings/dashboard/figures.csv?days=7&hours=all")
	wantShown(t, "the file", all, "\ntag,Lighting,15,0,4,")
	wantHidden(t, "the file", all, "amps", "lighting")
	ofTag := ann.Get("/settings/dashboard/figures.csv?days=7&hours=all&tag=Lighting")
	wantShown(t, "the file of the tag", ofTag, "\nday,"+f.daysAgo(1)+",15,0,4,")
	longest := ann.Get("/settings/dashboard/longest?days=7&hours=all&time=ended&tag=Lighting")
	wantShown(t, "the longest of the tag", longest, "by its first name", "by its second name", "by its present name", "by another spelling")
	wantHidden(t, "the longest of the tag", longest, "of another")
}

// A table shows the agents with the most to do, and the file has all of them.
//
func TestManyAgentsFigures(t *testing.T) {
	t.Parallel()
	const agents = 60 // agent 1000 has the least to do, agent 1059 the most
	f := newFigures(t)
	for n := range int64(agents) {
		share := f.ofSupport(measure.Figures{Opened: 1 + n})
		share.AgentID = store.AgentID(1000 + n)
		f.keep(contribution{conversation: store.ConversationID(100 + n), shares: []measure.Share{share}})
	}
	ann := f.Visitor("ann@acme.test")
	page := ann.Get("/settings/dashboard?days=7")
	wantShown(t, "the table", page, "10 more are in", "agent=1059&")
	wantHidden(t, "the table", page, "agent=1000&")
	file := ann.Get("/settings/dashboard/figures.csv?days=7").Body
	if n := strings.Count(file, "\nagent,"); n != agents {
		t.Errorf("the file has %d agents, want %d", n, agents)
	}
}

const (
	weekPage = "/settings/dashboard?days=7"
	weekFile = "/settings/dashboard/figures.csv?days=7"
)

// keepAnswered adds a conversation with times of Ben's.
func (f *figures) keepAnswered() {
	f.t.Helper()
	share := f.ofSupport(measure.Figures{
		Resolved: 4, EndedSum: 400, EndedSumOpen: 400,
		FirstCount: 3, FirstSum: 90, FirstSumOpen: 90,
	})
	share.AgentID = f.ben
	f.keep(contribution{conversation: 7, shares: []measure.Share{share}})
}

// While figures are being counted again, the page and the file say so in words.
//
func TestFiguresThatAreCountedAgain(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	f.keepAnswered()
	ann := f.Visitor("ann@acme.test")
	for _, tt := range []struct {
		name     string
		progress progress
		want     string
	}{
		{name: "conversations", progress: progress{countBelow: 9, mediansBelow: 9}, want: "All conversations are being counted again"},
		{name: "medians", progress: progress{mediansBelow: 9}, want: "Medians of old days are being counted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f.setProgress(tt.progress)
			wantShown(t, "the page", ann.Get(weekPage), tt.want)
			file := ann.Get(weekFile)
			wantShown(t, "the file", file, "\nnote,\""+tt.want)
			readCSV(t, file)
		})
	}
}

// When all is counted, neither the page nor the file has a note.
//
func TestFiguresThatAreComplete(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	f.keepAnswered()
	ann := f.Visitor("ann@acme.test")
	wantHidden(t, "the page", ann.Get(weekPage), `class="note warn"`, "not known")
	rows := readCSV(t, ann.Get(weekFile))
	if len(rows) > 1 && rows[1][0] == "note" {
		t.Errorf("the file has the note %q, want none", rows[1])
	}
}

// Days that were closed before Parley kept medians have none. The page and the file then say that it isn't known, in
// place of a number.
//
func TestUnknownMedians(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	f.keepAnswered()
	storetest.Exec(t, f.Pool, `DELETE FROM measure_spreads`)
	ann := f.Visitor("ann@acme.test")
	wantShown(t, "the page", ann.Get(weekPage), "median not known", `<span class="under">not known</span>`)
	wantShown(t, "the file", ann.Get(weekFile), "not known,,not known\n")
}

//
func TestFiguresAreBehind(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	storetest.Exec(t, f.Pool, `INSERT INTO measure_due (conversations, since) VALUES ('{7}', now() - interval '1 hour')`)
	wantShown(t, "the page", f.Visitor("ann@acme.test").Get(weekPage), "Figures are 1 h behind")
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
