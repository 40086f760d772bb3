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

// screen is what dashboard.html shows.
type screen struct {
	Filter   filter
	Form     form
	Now      Now
	Total    Figures
	Medians  Medians           // of Total
	Worst    map[string]string // addresses of the longest conversations, by Measure
	Share    string            // the share of what was resolved that was abandoned
	Charts   []template.HTML
	Tables   []table
	File     string // the address of the figures as a file
	Nothing  bool   // nothing happened on these days
	SomeDays string // the days of the figures, in words
	Behind   string // what isn't counted yet, in words
}

// table is the figures of a group.
type table struct {
	ID    string
	Title string
	First string // what its rows are
	Rows  []tableRow
	More  int64 // the number of rows that are left out; the file has them
}

type tableRow struct {
	Figures

	Name    string
	Link    string
	Worst   map[string]string // addresses of its longest conversations, by Measure; nil if no address can say which these are
	Medians Medians

	value string // the value in the group, as Sum has it
}

const explained = "How the team does. " +
	"What each figure counts, and who gets it, is in the documentation, under “What the figures of the team count”. " +
	"A team can be told of its week in its channel: *Tell how the week was*, on the page of the team."

// show shows the page of the figures.
func (p pages) show(v *web.Visit) error {
	f, names, q, err := p.readRequest(v)
	if err != nil {
		return refuse(v, err)
	}

	s := screen{
		Filter:   f,
		Form:     formOf(f, names, v.Person),
		Worst:    longestAddresses(f),
		File:     f.addressOf(filePath),
		SomeDays: daysInWords(f.From, f.To),
	}
	if s.Now, err = p.desk.Now(v.Context(), q); err != nil {
		return err
	}

	behind, err := p.desk.Behind(v.Context())
	if err != nil {
		return err
	}

	s.Behind = behind.describe()
	days, err := p.desk.Sums(v.Context(), q, plottedBy(f.From, f.To), nil)
	if err != nil {
		return err
	}

	for _, d := range days {
		s.Total.Add(d.Figures)
	}

	s.Share = percentWords(s.Total.Abandoned, s.Total.Resolved)
	s.Nothing = len(days) == 0
	if !s.Nothing {
		medians, err := p.desk.Medians(v.Context(), q, "", nil)
		if err != nil {
			return err
		}

		s.Medians = medians[""]
		if s.Charts, err = p.draw(listPeriods(f.From, f.To, days)); err != nil {
			return err
		}
		if s.Tables, err = p.makeTables(v, f, q, names); err != nil {
			return err
		}
	}

	return v.Show("dashboard", web.Screen{Title: "Dashboard", Help: explained, Data: s})
}

// readRequest reads the filter of the address, and which figures the person may ask for with it. Errors: errNotYours.
func (p pages) readRequest(v *web.Visit) (f filter, names Names, q Question, err error) {
	names, err = p.desk.Names(v.Context(), v.Person)
	if err != nil {
		return f, names, Question{}, err
	}
	f = readFilter(v, names)
	q, err = f.makeQuestion(v.Person, names)
	return f, names, q, err
}

// refuse answers errNotYours with a page that says so. It returns all other errors.
func refuse(v *web.Visit, err error) error {
	if errors.Is(err, errNotYours) {
		return v.Refuse(http.StatusForbidden, "These are figures of others.", "You see your own figures and those of your teams; admins see all.")
	}
	return err
}

// longestAddresses returns the addresses of the pages with the longest conversations, by Measure.
func longestAddresses(f filter) map[string]string {
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
	f.New += o.New
	f.Reopened += o.Reopened
	f.Resolved += o.Resolved
	f.Abandoned += o.Abandoned
	f.In += o.In
	f.Out += o.Out
	f.First.add(o.First)
	f.Next.add(o.Next)
	f.Ended.add(o.Ended)
}

func (t *Times) add(o Times) {
	t.Count += o.Count
	t.Seconds += o.Seconds
}

// groupTitle returns what people call one member of a group; "" for days and weeks, which have no table.
func groupTitle(g Group) string {
	return map[Group]string{ByAccount: "Account", ByTeam: "Team", ByAgent: "Agent", ByTag: "Tag", ByIntent: "Intent", ByMood: "Mood"}[g]
}

// nameFinderOf returns the function that finds the name, for people, of a value of a group.
func nameFinderOf(by Group, names Names) func(value string) string {
	switch by {
	case ByIntent:
		return intentName
	case ByMood:
		return moodName
	case ByAccount:
		return nameFinder(names.Accounts, "a former account")
	case ByAgent:
		return nameFinder(append([]Named{{ID: 0, Name: "nobody"}}, names.Agents...), "a former agent")
	case ByTeam:
		teams := []Named{{ID: 0, Name: "no team"}}
		for _, t := range names.Teams {
			teams = append(teams, t.Named)
		}
		return nameFinder(teams, "a former team")
	case ByDay, ByWeek, ByTag:
	}

	return func(value string) string { return value }
}

// nameFinder returns a function that finds names by numbers as text. Numbers without a name are called other.
func nameFinder(all []Named, other string) func(value string) string {
	known := make(map[string]string, len(all))
	for _, n := range all {
		known[strconv.FormatInt(n.ID, 10)] = n.Name
	}
	return func(value string) string { return cmp.Or(known[value], other) }
}

// groupsFor returns the groups by which figures with this filter can be split up.
func groupsFor(f filter) []Group {
	if f.Of != "" { // figures are kept for one of these groups at a time
		return []Group{ByTeam, ByAccount}
	}
	return []Group{ByAgent, ByTeam, ByAccount, ByTag, ByIntent, ByMood}
}

// makeTables splits the figures up by each group, and leaves out groups without any.
func (p pages) makeTables(v *web.Visit, f filter, q Question, names Names) ([]table, error) {
	var list []table
	for _, by := range groupsFor(f) {
		sums, more, err := p.busiestSums(v, q, by, names)
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

// busiestSums asks for the figures of a group. A company may have thousands of agents and tags, so of these it asks
// only for the maxRows that had the most to do. more is the number of the others.
func (p pages) busiestSums(v *web.Visit, q Question, by Group, names Names) (sums []Sum, more int64, err error) {
	if by != ByAgent && by != ByTag {
		sums, err = p.desk.Sums(v.Context(), q, by, nil)
		return sums, 0, err
	}

	work, err := p.desk.Work(v.Context(), q, by)
	if err != nil || len(work) == 0 {
		return nil, 0, err
	}

	values := slices.Collect(maps.Keys(work))
	if len(values) > maxRows {
		name := nameFinderOf(by, names)
		slices.SortFunc(values, func(a, b string) int {
			return cmp.Or(cmp.Compare(work[b], work[a]), strings.Compare(name(a), name(b)), strings.Compare(a, b))
		})

		more = int64(len(values) - maxRows)
		values = values[:maxRows]
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
	if err != nil {
		return err
	}
	for i := range rows {
		rows[i].Medians = medians[rows[i].value]
	}
	return nil
}

// maxRows is how many rows a table shows: those with the most to do.
const maxRows = 50

func tableOf(f filter, by Group, sums []Sum, names Names) table {
	t := table{ID: "by-" + string(by), Title: "By " + strings.ToLower(groupTitle(by)), First: groupTitle(by)}
	name := nameFinderOf(by, names)
	for _, s := range sums {
		t.Rows = append(t.Rows, tableRow{Figures: s.Figures, Name: name(s.Value), value: s.Value})
	}

	work := func(r tableRow) int64 { return r.New + r.In + r.Out + r.Resolved }
	slices.SortStableFunc(t.Rows, func(a, b tableRow) int {
		return cmp.Or(cmp.Compare(work(b), work(a)), strings.Compare(a.Name, b.Name))
	})

	if more := len(t.Rows) - maxRows; more > 0 {
		t.Rows = t.Rows[:maxRows]
		t.More = int64(more)
	}

	for i := range t.Rows {
		r := &t.Rows[i]
		mayBeNone := by == ByTeam || by == ByAccount
		isNone := mayBeNone && r.value == "0" // which an address can't say: it would lead to the figures of all
		if !isNone {
			narrowed := f.withGroup(by, r.value)
			r.Worst = longestAddresses(narrowed)
			r.Link = narrowed.addressOf(path)
		}
	}
	return t
}

// daysInWords writes a time from its first day to its last; both are yyyy-mm-dd. readFilter takes nothing else for days.
func daysInWords(from, to string) string {
	first, _ := time.Parse(time.DateOnly, from)
	last, _ := time.Parse(time.DateOnly, to)
	if from == to {
		return last.Format("2 January 2006")
	}
	if first.Year() == last.Year() {
		return first.Format("2 January") + " to " + last.Format("2 January 2006")
	}
	return first.Format("2 January 2006") + " to " + last.Format("2 January 2006")
}
