package site_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/jackc/pgx/v5"

	"parley/cmd/parley/site/sitetest"
	"parley/store"
	"parley/store/measure"
)

// acme is a company with two teams, of which Ben is in one.
const acme = sitetest.Acme + `
  - {name: billing-mail, kind: http, team: Billing, http: {secret: "billing-tops3cret", callback_url: "https://shop.test/billing"}}
`

func acmeWithBilling() string {
	return strings.Replace(acme, "accounts:", "  - {name: Billing, members: [ann@acme.test], slack_channel: C0BILLING}\naccounts:", 1)
}

// figures fills a site with what some conversations contributed.
type figures struct {
	site                *sitetest.Site
	support, billing    int64 // teams
	mail, shop, invoice int64 // accounts
	ann, ben            int64
}

func newFigures(t *testing.T) *figures {
	t.Helper()
	f := &figures{site: sitetest.Start(t, acmeWithBilling(), withInbox(t), withSlack)}
	f.progress("0, 0")
	for name, id := range map[string]*int64{"teams.Support": &f.support, "teams.Billing": &f.billing, "accounts.support-mail": &f.mail, "accounts.shop": &f.shop,
		"accounts.billing-mail": &f.invoice, "agents.Ann Lee": &f.ann, "agents.Ben Osei": &f.ben} {
		table, value, _ := strings.Cut(name, ".")
		if err := f.site.Pool.QueryRow(t.Context(), `SELECT id FROM `+table+` WHERE name = $1`, value).Scan(id); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return f
}

// progress says below which conversations all is still to be counted, and the medians of old days.
func (f *figures) progress(below string) {
	f.site.T.Helper()
	if _, err := f.site.Pool.Exec(f.site.T.Context(), `
		WITH b (again, old) AS (VALUES (`+below+`)), m AS (UPDATE measured SET below = (SELECT again FROM b))
		INSERT INTO measure_filling SELECT 1, old, '2026-01-01' FROM b ON CONFLICT (id) DO UPDATE SET below = EXCLUDED.below`); err != nil {
		f.site.T.Fatal(err)
	}
}

// keep lets a conversation contribute to the figures, and gives it a thread in Slack.
func (f *figures) keep(conversation store.ConversationID, subject string, l measure.Labels, shares ...measure.Share) {
	t := f.site.T
	t.Helper()
	l.ConversationID = conversation
	for i := range shares {
		shares[i].ConversationID = conversation
	}
	if l.Tags == nil {
		l.Tags = []string{}
	}
	err := store.InTx(t.Context(), f.site.Pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO conversations (id, account_id, subject, status, last_at, created_at, participants)
			VALUES ($1, $2, $3, 'resolved', now(), now(), '[{"key": "kim@example.org", "name": "Kim Example", "role": "to"}]')`, conversation, shares[0].AccountID, subject)
		if err == nil {
			_, err = tx.Exec(t.Context(), `INSERT INTO threads (conversation_id, account_id, channel, root) SELECT $1, id, 'C0SUPPORT', '1700000000.000100' FROM accounts WHERE kind = 'slack'`, conversation)
		}
		if err == nil {
			err = new(measure.Progress).Keep(t.Context(), tx, []measure.Labels{l}, shares)
		}
		if err == nil {
			err = new(measure.Progress).KeepTimes(t.Context(), tx, []measure.Labels{l}, singles(shares))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// singles are the times that shares sum up, each as long as their average.
func singles(shares []measure.Share) (list []measure.Single) {
	for _, s := range shares {
		for what, n := range map[measure.Time][3]int64{measure.FirstAnswer: {s.FirstCount, s.FirstSum, s.FirstSumOpen},
			measure.NextAnswer: {s.NextCount, s.NextSum, s.NextSumOpen}, measure.Ended: {s.Resolved, s.EndedSum, s.EndedSumOpen}} {
			for range n[0] {
				list = append(list, measure.Single{ConversationID: s.ConversationID, Day: s.Day, AccountID: s.AccountID, TeamID: s.TeamID, AgentID: s.AgentID,
					Time: what, Wall: n[1] / n[0], Open: n[2] / n[0]})
			}
		}
	}
	return list
}

func daysAgo(n int) string { return time.Now().AddDate(0, 0, -n).Format(time.DateOnly) } //nolint:forbidigo // the site's clock is this one

// some makes figures of a few weeks.
func (f *figures) some() {
	f.keep(4711, "Where is my order?", measure.Labels{Tags: []string{"Sales"}, Intent: "order_status"},
		measure.Share{Day: daysAgo(2), TeamID: store.TeamID(f.support), AccountID: store.AccountID(f.mail), Figures: measure.Figures{Opened: 1, MessagesIn: 2}},
		measure.Share{Day: daysAgo(2), TeamID: store.TeamID(f.support), AgentID: store.AgentID(f.ben), AccountID: store.AccountID(f.mail), Figures: measure.Figures{MessagesOut: 1, FirstCount: 1,
			FirstSum: 7200, FirstSumOpen: 1800, FirstWorst: 7200, FirstWorstOpen: 1800, Resolved: 1, EndedSum: 90000, EndedSumOpen: 9000, EndedWorst: 90000, EndedWorstOpen: 9000}})
	f.keep(4712, "الفاتورة", measure.Labels{Tags: []string{"Billing"}, Mood: "negative"},
		measure.Share{Day: daysAgo(1), TeamID: store.TeamID(f.billing), AccountID: store.AccountID(f.invoice), Figures: measure.Figures{Opened: 1, MessagesIn: 1}},
		measure.Share{Day: daysAgo(0), TeamID: store.TeamID(f.billing), AgentID: store.AgentID(f.ann), AccountID: store.AccountID(f.invoice), Figures: measure.Figures{MessagesOut: 3, FirstCount: 1,
			FirstSum: 60, FirstSumOpen: 60, FirstWorst: 60, FirstWorstOpen: 60, NextCount: 2, NextSum: 600, NextSumOpen: 600, NextWorst: 500, NextWorstOpen: 500}})
}

// R-230 R-231 R-232 R-233 R-236 R-237: an admin sees how everybody does, filters, and gets to what took longest.
func TestDashboard(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	b := f.site.Browser("ann@acme.test")
	b.Open("/settings/dashboard")
	b.Shows("Nothing was counted in this time.")
	b.Looks("dashboard-empty")
	f.some()
	b.Open("/settings/dashboard?days=7")
	b.Shows("By agent")
	for _, text := range []string{"Ben Osei", "Ann Lee", "nobody", "billing-mail", "order status", "negative", "15 min", "Time to resolve"} {
		b.Shows(text)
	}
	b.Looks("dashboard")
	b.Do("choose", chromedp.SetValue(chromedp.CSS("#f-team"), fmt.Sprint(f.support)), chromedp.SetValue(chromedp.CSS("#f-hours"), "all"))
	b.Press("form.filter button.main")
	b.Until("only Support is shown", "location.search.includes('team=') && !document.querySelector('main').innerText.includes('billing-mail\\t')")
	b.Shows("2 h")
	b.Press(`dl.tiles a[href*="time=first"]`)
	b.Shows("Waited longest for the first answer")
	b.Shows("#4711 Where is my order?")
	b.Until("it leads to the thread", `document.querySelector('a[href="https://acme.slack.com/archives/C0SUPPORT/p1700000000000100"]')`)
	b.Looks("longest")
}

// R-159 R-187 R-190 R-234 R-235: a year of many conversations, with long names and from right to left, still fits.
func TestDashboardOfMuch(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	for n := range int64(400) {
		tag := fmt.Sprintf("Tag number %d", n%60)
		if n%60 == 0 {
			tag = strings.Repeat("A very long name of a tag ", 3) + "أسئلة"
		}
		f.keep(store.ConversationID(1000+n), "x", measure.Labels{Tags: []string{tag}, Intent: fmt.Sprintf("intent_%d", n%20), Mood: []string{"", "negative", "frustrated"}[n%3]},
			measure.Share{Day: daysAgo(int(n * 7 % 360)), TeamID: store.TeamID(f.support), AgentID: store.AgentID([]int64{f.ann, f.ben}[n%2]), AccountID: store.AccountID(f.mail),
				Figures: measure.Figures{Opened: 1 + n%7, MessagesIn: 1 + n*n%13, MessagesOut: 1 + n*n%11, FirstCount: 1, FirstSum: n * n % 90000, FirstSumOpen: n * n % 9000,
					FirstWorst: n * n % 90000, FirstWorstOpen: n * n % 9000, Resolved: 1, EndedSum: n * 3000, EndedSumOpen: n * 900, EndedWorst: n * 3000, EndedWorstOpen: n * 900}})
	}
	b := f.site.Browser("ann@acme.test")
	b.Open("/settings/dashboard?days=365&hours=all")
	b.Shows("By tag")
	b.Looks("dashboard-much")
	b.Open("/settings/dashboard?days=28")
	b.Shows("By tag")
	b.Looks("dashboard-month")
}

// agents see their own figures and those of their teams, and nobody else's.
func TestWhoseFigures(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	f.some()
	ann, ben := f.site.Visitor("ann@acme.test"), f.site.Visitor("ben@acme.test")
	for _, tt := range []struct {
		query  string
		status int    // for Ben
		shows  string // to him
		hides  string
	}{
		{"", http.StatusOK, "30 min", "billing-mail</a>"},
		{fmt.Sprintf("agent=%d", f.ben), http.StatusOK, "30 min", "billing-mail</a>"},
		{fmt.Sprintf("team=%d", f.support), http.StatusOK, "order status", "billing-mail</a>"},
		{"tag=Sales", http.StatusOK, "30 min", "billing-mail</a>"},
		{"tag=Billing", http.StatusOK, "Nothing was counted", "billing-mail</a>"},
		{fmt.Sprintf("team=%d", f.billing), http.StatusForbidden, "These are figures of others.", "Ann Lee</a>"},
		{fmt.Sprintf("agent=%d", f.ann), http.StatusOK, "Nothing was counted", "billing-mail</a>"}, // in his teams she did nothing
		{fmt.Sprintf("team=%d&agent=%d", f.billing, f.ann), http.StatusForbidden, "These are figures of others.", "billing-mail</a>"},
		{fmt.Sprintf("account=%d", f.invoice), http.StatusOK, "Nothing was counted", "billing-mail</a>"},
	} {
		for _, page := range []string{"/settings/dashboard?days=7&", "/settings/dashboard/longest?days=7&time=first&", "/settings/dashboard/figures.csv?days=7&"} {
			if a := ann.Get(page + tt.query); a.Status != http.StatusOK {
				t.Errorf("%s%s: %d for an admin", page, tt.query, a.Status)
			}
			a := ben.Get(page + tt.query)
			if a.Status != tt.status {
				t.Errorf("%s%s: %d for an agent", page, tt.query, a.Status)
			}
			if strings.Contains(a.Body, "4712") || strings.HasPrefix(a.Header.Get("Content-Type"), "text/csv") && strings.Contains(a.Body, "billing-mail") || strings.Contains(a.Body, tt.hides) {
				t.Errorf("%s%s: shows what others did", page, tt.query)
			}
			if strings.HasPrefix(page, "/settings/dashboard?") && !strings.Contains(a.Body, tt.shows) {
				t.Errorf("%s%s: doesn't show %q", page, tt.query, tt.shows)
			}
		}
	}
}

// What stands in an address and can't be meant is passed over, and said; nothing of it becomes part of the page.
func TestOddFilters(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	f.some()
	ann := f.site.Visitor("ann@acme.test")
	for query, shows := range map[string]string{
		"days=0":                                   "“0” is no number of days",
		"days=99999999999999999999":                "By agent",
		"from=2026-13-01&to=x":                     "“2026-13-01” is no day like 2026-11-23. These are the last four weeks.",
		"from=2026-02-01&to=2026-01-01":            "the last one, 2026-01-01, is before the first, 2026-02-01",
		"from=0001-01-01&to=9999-12-31":            "are more than 800 days",
		"tag=<script>x</script>":                   "Nothing was counted",
		"agent=1&tag=Sales":                        "not for both at once",
		"intent=&of=intent":                        "By team",
		"intent=order_status&days=7":               "Intent: order status",
		"mood=negative&days=7":                     "Mood: negative",
		"team=-1":                                  "Nothing was counted",
		"hours=sometimes&account=' OR 1":           "By agent",
		"from=" + daysAgo(1) + "&to=" + daysAgo(1): "billing-mail",
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if a := ann.Get("/settings/dashboard?" + values.Encode()); a.Status != http.StatusOK || !strings.Contains(a.Body, shows) || strings.Contains(a.Body, "<script>x") {
			t.Errorf("%s: %d, not %q", query, a.Status, shows)
		}
	}
}

// R-159 R-230: a tag that was renamed has one row, in which counts what was counted by its former names, and so have the
// pages that are filtered by it.
func TestRenamedTagsFigures(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	share := func(n int64) measure.Share {
		return measure.Share{Day: daysAgo(1), TeamID: store.TeamID(f.support), AccountID: store.AccountID(f.mail), Figures: measure.Figures{Opened: n, Resolved: 1, EndedSum: 100 * n, EndedWorst: 100 * n}}
	}
	f.keep(1, "by its first name", measure.Labels{Tags: []string{"Lamps"}}, share(1))
	f.keep(2, "by its second name", measure.Labels{Tags: []string{"Broken lamps"}}, share(2))
	f.keep(3, "by its present name", measure.Labels{Tags: []string{"Lighting"}}, share(4))
	f.keep(4, "of another", measure.Labels{Tags: []string{"Billing"}}, share(8))
	if _, err := f.site.Pool.Exec(t.Context(), `INSERT INTO tags (name, color, formerly) VALUES ('Lighting', '#112233', '{Lamps,"Broken lamps"}')`); err != nil {
		t.Fatal(err)
	}
	ann := f.site.Visitor("ann@acme.test")
	file := ann.Get("/settings/dashboard/figures.csv?days=7&hours=all").Body
	if !strings.Contains(file, "\ntag,Lighting,7,0,3,") || strings.Contains(file, "amps") {
		t.Errorf("the file:\n%s", file)
	}
	if file = ann.Get("/settings/dashboard/figures.csv?days=7&hours=all&tag=Lighting").Body; !strings.Contains(file, "\nday,"+daysAgo(1)+",7,0,3,") {
		t.Errorf("the file of the tag:\n%s", file)
	}
	long := ann.Get("/settings/dashboard/longest?days=7&hours=all&time=ended&tag=Lighting")
	if !long.Has("by its first name") || !long.Has("by its second name") || !long.Has("by its present name") || long.Has("of another") {
		t.Error("the longest are not those of the tag")
	}
}

// a table shows those with the most to do; all are in the file.
func TestManyAgentsFigures(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	for n := range int64(60) {
		f.keep(store.ConversationID(100+n), "x", measure.Labels{}, measure.Share{Day: daysAgo(1), TeamID: store.TeamID(f.support), AgentID: store.AgentID(1000 + n), AccountID: store.AccountID(f.mail), Figures: measure.Figures{Opened: 1 + n}})
	}
	ann := f.site.Visitor("ann@acme.test")
	page := ann.Get("/settings/dashboard?days=7")
	if !page.Has("10 more are in") || page.Has("agent=1000&") || !page.Has("agent=1059&") {
		t.Error("the table doesn't show those with the most to do")
	}
	if file := ann.Get("/settings/dashboard/figures.csv?days=7").Body; strings.Count(file, "\nagent,") != 60 {
		t.Errorf("the file has %d agents", strings.Count(file, "\nagent,"))
	}
}

// what isn't counted yet is told on the page and in the file, in words; a median that isn't known is no number.
func TestFiguresBehind(t *testing.T) {
	t.Parallel()
	f := newFigures(t)
	f.keep(7, "x", measure.Labels{}, measure.Share{Day: daysAgo(1), TeamID: store.TeamID(f.support), AgentID: store.AgentID(f.ben), AccountID: store.AccountID(f.mail),
		Figures: measure.Figures{Resolved: 4, EndedSum: 400, EndedSumOpen: 400, FirstCount: 3, FirstSum: 90, FirstSumOpen: 90}})
	ann := f.site.Visitor("ann@acme.test")
	const page, file = "/settings/dashboard?days=7", "/settings/dashboard/figures.csv?days=7"
	for _, tt := range []struct{ progress, told string }{
		{"0, 0", ""},
		{"9, 9", "All conversations are being counted again"},
		{"0, 9", "Medians of old days are being counted"},
	} {
		f.progress(tt.progress)
		a, rows := ann.Get(page), ann.Get(file).Body
		if list, err := csv.NewReader(strings.NewReader(rows)).ReadAll(); err != nil || tt.told == "" && len(list) > 1 && list[1][0] == "note" {
			t.Errorf("%s: the file: %v\n%s", tt.progress, err, rows)
		}
		if tt.told != "" && (!a.Has(tt.told) || !strings.Contains(rows, "\nnote,\""+tt.told)) || tt.told == "" && a.Has(`class="note warn"`) {
			t.Errorf("%s: %q isn't told, or something is:\n%s", tt.progress, tt.told, rows)
		}
	}
	f.progress("0, 0")
	if a := ann.Get(page); a.Has("not known") {
		t.Error("a median is said to be not known, and is")
	}
	if _, err := f.site.Pool.Exec(t.Context(), `DELETE FROM measure_spreads`); err != nil { // as on days that were closed before there were medians
		t.Fatal(err)
	}
	if a := ann.Get(page); !a.Has("median not known") || !a.Has(`<span class="under">not known</span>`) {
		t.Error("nobody is told that medians are not known")
	}
	if rows := ann.Get(file).Body; !strings.Contains(rows, "not known,,not known\n") {
		t.Errorf("the file:\n%s", rows)
	}
	if _, err := f.site.Pool.Exec(t.Context(), `INSERT INTO measure_due (conversations, since) VALUES ('{7}', now() - interval '1 hour')`); err != nil {
		t.Fatal(err)
	}
	if a := ann.Get(page); !a.Has("Figures are 1 h behind") {
		t.Error("nobody is told that figures are behind")
	}
}

// Who worked on a conversation of an account with a channel of its own, and may not read it any more, sees how long it took, but
// neither what it is about nor whose it is.
//
func TestLongestOfAPrivateChannel(t *testing.T) {
	t.Parallel()
	f := &figures{site: sitetest.Start(t, deskCompany, withInbox(t))}
	f.progress("0, 0")
	id := func(sql string) (n int64) {
		if err := f.site.Pool.QueryRow(t.Context(), sql).Scan(&n); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		return n
	}
	ben, guards := id(`SELECT id FROM agents WHERE name = 'Ben Osei'`), id(`SELECT id FROM teams WHERE name = 'Guards'`)
	f.keep(4711, "Salary", measure.Labels{}, measure.Share{Day: daysAgo(1), TeamID: store.TeamID(guards), AgentID: store.AgentID(ben),
		AccountID: store.AccountID(id(`SELECT id FROM accounts WHERE name = 'guards-mail'`)),
		Figures:   measure.Figures{MessagesOut: 1, FirstCount: 1, FirstSum: 7200, FirstSumOpen: 1800, FirstWorst: 7200, FirstWorstOpen: 1800}})

	longest := func(email string, query string) string {
		a := f.site.Visitor(email).Get("/settings/dashboard/longest?days=7&hours=all&time=first&" + query)
		if a.Status != http.StatusOK || !a.Has("#4711") || !a.Has("2 h") {
			t.Errorf("%s: %d %s", email, a.Status, a.Body)
		}
		return a.Body
	}
	own, ofTeam := fmt.Sprint("agent=", ben), fmt.Sprint("team=", guards)
	if page := longest("ben@acme.test", own); strings.Contains(page, "Salary") || strings.Contains(page, "Kim") {
		t.Errorf("Ben sees %s", page)
	}
	if page := longest("cat@acme.test", ofTeam); !strings.Contains(page, "Salary") || !strings.Contains(page, "Kim Example") {
		t.Errorf("Cat, of the team, sees %s", page)
	}
	if _, err := f.site.Pool.Exec(t.Context(), `UPDATE conversations SET assignees = ARRAY[$1::bigint]`, ben); err != nil {
		t.Fatal(err)
	}
	if page := longest("ben@acme.test", own); !strings.Contains(page, "Salary") {
		t.Errorf("Ben, who has it, sees %s", page)
	}
}
