package dashboard

import (
	"cmp"
	"errors"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/web"
)

// screen is what the page shows.
type screen struct {
	Filter   filter
	Form     form
	Now      Now
	Total    Figures
	Half     Medians           // of Total
	Worst    map[string]string // addresses of the longest
	Share    string            // of what was resolved, what was abandoned
	Charts   []template.HTML
	Tables   []table
	File     string // address of the figures as a file
	Nothing  bool
	SomeDays string // which days, in words
	Behind   string // what isn't counted yet
}

// form is the filter's.
type form struct {
	Periods  []web.Choice
	Accounts []web.Choice
	Teams    []web.Choice
	Agents   []web.Choice
	Tags     []web.Choice
	Hours    []web.Choice
	Of       string // what else the page is filtered by, in words
	Without  string // the address without it
}

// table is the figures of a group.
type table struct {
	ID    string
	Title string
	First string // what its rows are
	Rows  []tableRow
	More  int64 // rows that are left out: the file has them
}

type tableRow struct {
	Figures

	Name  string
	Link  string
	Worst map[string]string
	Half  Medians

	value string // which of the group it is
}

const explained = "How the team does. What each figure counts, and who gets it, is in `docs/measures.md`. A team can be told of its week in its channel: *Tell how the week was*, on the page of the team."

func (p pages) show(v *web.Visit) error {
	f, names, q, err := p.asked(v)
	if err != nil {
		return refused(v, err)
	}
	s := screen{Filter: f, Form: formOf(f, names, v.Person), Worst: worst(f), File: f.address(filePath), SomeDays: daysInWords(f.From, f.To)}
	if s.Now, err = p.desk.Now(v.Context(), q); err != nil {
		return err
	}
	behind, err := p.desk.Behind(v.Context())
	if err != nil {
		return err
	}
	s.Behind = behind.words()
	days, err := p.desk.Sums(v.Context(), q, plottedBy(f.From, f.To), nil)
	if err != nil {
		return err
	}
	for _, d := range days {
		s.Total.Add(d.Figures)
	}
	s.Share, s.Nothing = share(s.Total.Abandoned, s.Total.Resolved), len(days) == 0
	if !s.Nothing {
		medians, err := p.desk.Medians(v.Context(), q, "", nil)
		if err != nil {
			return err
		}
		s.Half = medians[""]
		if s.Charts, err = p.draw(periods(f.From, f.To, days)); err != nil {
			return err
		}
		if s.Tables, err = p.tables(v, f, q, names); err != nil {
			return err
		}
	}
	return v.Show("dashboard", web.Screen{Title: "Dashboard", Help: explained, Data: s})
}

// asked reads what is asked for. Errors: errNotYours.
func (p pages) asked(v *web.Visit) (filter, Names, Question, error) {
	f := readFilter(v)
	names, err := p.desk.Names(v.Context())
	if err != nil {
		return f, names, Question{}, err
	}
	q, err := f.question(v.Person, names)
	return f, names, q, err
}

func refused(v *web.Visit, err error) error {
	if errors.Is(err, errNotYours) {
		return v.Refuse(http.StatusForbidden, "These are figures of others.", "You see your own figures and those of your teams; admins see all.")
	}
	return err
}

// worst returns the addresses of the longest conversations.
func worst(f filter) map[string]string {
	all := map[string]string{}
	for _, m := range []Measure{FirstAnswer, NextAnswer, Resolving} {
		q := f.query()
		q.Set("time", string(m))
		all[string(m)] = longestPath + "?" + q.Encode()
	}
	return all
}

// Add adds other figures.
func (f *Figures) Add(o Figures) {
	f.New, f.Reopened, f.Resolved, f.Abandoned, f.In, f.Out = f.New+o.New, f.Reopened+o.Reopened, f.Resolved+o.Resolved, f.Abandoned+o.Abandoned, f.In+o.In, f.Out+o.Out
	f.First.add(o.First)
	f.Next.add(o.Next)
	f.Ended.add(o.Ended)
}

func (t *Times) add(o Times) { t.Count, t.Seconds = t.Count+o.Count, t.Seconds+o.Seconds }

func formOf(f filter, names Names, p web.Person) form {
	choose := func(chosen int64, first string, all []Named) []web.Choice {
		list := []web.Choice{{Value: "", Text: first, Chosen: chosen == 0}}
		for _, n := range all {
			list = append(list, web.Choice{Value: strconv.FormatInt(n.ID, 10), Text: n.Name, Chosen: n.ID == chosen})
		}
		return list
	}
	var teams []Named
	for _, t := range names.Teams {
		if p.Admin || slices.Contains(t.Members, p.ID) {
			teams = append(teams, t.Named)
		}
	}
	var agent int64
	if f.Of == ByAgent {
		agent = number(f.Value)
	}
	agents := names.Agents
	if !p.Admin {
		agents = []Named{{int64(p.ID), p.Name}}
	}
	out := form{Accounts: choose(int64(f.Account), "All accounts", names.Accounts), Teams: choose(int64(f.Team), "All teams", teams), Agents: choose(agent, "Everybody", agents),
		Tags: []web.Choice{{Text: "Any", Chosen: f.Of != ByTag}}, Hours: []web.Choice{{Value: hoursOpen, Text: "Business hours", Chosen: f.Hours == hoursOpen},
			{Value: hoursAll, Text: "By the clock", Chosen: f.Hours == hoursAll}}}
	for _, tag := range names.Tags {
		out.Tags = append(out.Tags, web.Choice{Value: tag, Text: tag, Chosen: f.Of == ByTag && f.Value == tag})
	}
	for _, d := range []int{1, 7, 28, 91, 365} {
		out.Periods = append(out.Periods, web.Choice{Value: strconv.Itoa(d), Text: map[int]string{1: "Today", 7: "7 days", 28: "4 weeks", 91: "13 weeks", 365: "A year"}[d], Chosen: f.Days == d})
	}
	out.Periods = append(out.Periods, web.Choice{Text: "Other days", Chosen: f.Days == 0})
	if f.Days > 0 && !slices.ContainsFunc(out.Periods, func(c web.Choice) bool { return c.Chosen }) {
		out.Periods = append(out.Periods, web.Choice{Value: strconv.Itoa(f.Days), Text: strconv.Itoa(f.Days) + " days", Chosen: true})
	}
	if f.Of == ByIntent || f.Of == ByMood {
		out.Of, out.Without = title(f.Of)+": "+namer(f.Of, names)(f.Value), filter{Days: f.Days, From: f.From, To: f.To, Account: f.Account, Team: f.Team, Hours: f.Hours}.address(path)
	}
	return out
}

func title(g Group) string {
	return map[Group]string{ByAccount: "Account", ByTeam: "Team", ByAgent: "Agent", ByTag: "Tag", ByIntent: "Intent", ByMood: "Mood"}[g]
}

// namer returns what people read for each of a group.
func namer(by Group, names Names) func(value string) string {
	switch by {
	case ByIntent:
		return intentName
	case ByMood:
		return moodName
	case ByAccount:
		return named(names.Accounts, "a former account")
	case ByAgent:
		return named(append([]Named{{ID: 0, Name: "nobody"}}, names.Agents...), "a former agent")
	case ByTeam:
		var teams []Named
		for _, t := range names.Teams {
			teams = append(teams, t.Named)
		}
		return named(teams, "no team")
	case ByDay, ByWeek, ByTag:
	}
	return func(value string) string { return value }
}

// named finds names by numbers; what has none is called other.
func named(all []Named, other string) func(value string) string {
	known := make(map[string]string, len(all))
	for _, n := range all {
		known[strconv.FormatInt(n.ID, 10)] = n.Name
	}
	return func(value string) string { return cmp.Or(known[value], other) }
}

// groupsFor are the groups by which figures can be split up.
func groupsFor(f filter) []Group {
	list := []Group{ByTeam, ByAccount}
	if f.Of == "" {
		list = append([]Group{ByAgent}, append(list, ByTag, ByIntent, ByMood)...)
	}
	return list
}

// tables splits the figures up by each group that has more than one row, or says something by itself.
func (p pages) tables(v *web.Visit, f filter, q Question, names Names) ([]table, error) {
	var list []table
	for _, by := range groupsFor(f) {
		sums, more, err := p.busiest(v, q, by, names)
		if err != nil {
			return nil, err
		}
		t := tableOf(f, by, sums, names)
		t.More += more
		if len(t.Rows) == 0 {
			continue
		}
		if err := p.addMedians(v, q, by, t.Rows); err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// busiest asks for the figures of a group. Of agents and tags, of which a company has thousands, it asks only for those
// that a table shows; more is how many others there are.
func (p pages) busiest(v *web.Visit, q Question, by Group, names Names) (sums []Sum, more int64, err error) {
	if by != ByAgent && by != ByTag {
		sums, err = p.desk.Sums(v.Context(), q, by, nil)
		return sums, 0, err
	}
	work, err := p.desk.Work(v.Context(), q, by)
	if err != nil || len(work) == 0 {
		return nil, 0, err
	}
	values := slices.Collect(maps.Keys(work))
	if len(values) > mostRows {
		name := namer(by, names)
		slices.SortFunc(values, func(a, b string) int {
			return cmp.Or(cmp.Compare(work[b], work[a]), strings.Compare(name(a), name(b)), strings.Compare(a, b))
		})
		values, more = values[:mostRows], int64(len(values)-mostRows)
	}
	sums, err = p.desk.Sums(v.Context(), q, by, values)
	return sums, more, err
}

// addMedians asks for the medians of the rows that are shown.
func (p pages) addMedians(v *web.Visit, q Question, by Group, rows []tableRow) error {
	var values []string
	for _, r := range rows {
		values = append(values, r.value)
	}
	medians, err := p.desk.Medians(v.Context(), q, by, values)
	for i := range rows {
		rows[i].Half = medians[rows[i].value]
	}
	return err
}

// mostRows is how many rows a table shows: those with the most to do.
const mostRows = 50

// tableOf makes the table of a group.
func tableOf(f filter, by Group, sums []Sum, names Names) table {
	t := table{ID: "by-" + string(by), Title: "By " + strings.ToLower(title(by)), First: title(by)}
	name := namer(by, names)
	for _, s := range sums {
		t.Rows = append(t.Rows, tableRow{Figures: s.Figures, Name: name(s.Value), value: s.Value})
	}
	slices.SortStableFunc(t.Rows, func(a, b tableRow) int {
		return cmp.Or(cmp.Compare(b.New+b.In+b.Out+b.Resolved, a.New+a.In+a.Out+a.Resolved), strings.Compare(a.Name, b.Name))
	})
	if more := len(t.Rows) - mostRows; more > 0 {
		t.Rows, t.More = t.Rows[:mostRows], int64(more)
	}
	for i := range t.Rows {
		r := &t.Rows[i]
		to := f.with(by, r.value)
		r.Worst = worst(to)
		if by != ByTeam && by != ByAccount || r.value != "0" {
			r.Link = to.address(path)
		}
	}
	return t
}

func daysInWords(from, to string) string {
	first, _ := time.Parse(time.DateOnly, from)
	last, _ := time.Parse(time.DateOnly, to)
	switch {
	case from == to:
		return last.Format("2 January 2006")
	case first.Year() == last.Year():
		return first.Format("2 January") + " to " + last.Format("2 January 2006")
	}
	return first.Format("2 January 2006") + " to " + last.Format("2 January 2006")
}
