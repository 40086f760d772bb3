package dashboard

import (
	"cmp"
	"errors"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"

	"parley/bot/web"
)

// screen is the template data of the dashboard: figures of the present, totals of a period with charts, and a table for
// each group, such as the agents. A filter from the URL limits them (see filter.go).
type screen struct {
	Filter   filter
	Form     form
	Now      Now
	Total    Figures
	Medians  Medians           // of Total
	Worst    map[string]string // URLs of the pages with the longest conversations, by Measure
	Share    string            // the percentage of resolved conversations that were abandoned
	Charts   []template.HTML
	Tables   []table
	Tagged   []TagCount
	Latest   []TaggedMessage // the messages that were tagged last
	File     string          // the URL of the figures as CSV
	Nothing  bool            // the period has no figures
	SomeDays string          // the period: "1 November to 20 November 2026"
	Backlog  string          // a warning about what has not been counted yet; "" if everything has
}

// table has the figures of a group, such as one row for each agent.
type table struct {
	ID    string
	Title string
	First string // the heading of the first column: "Agent"
	Rows  []tableRow
	More  int64 // the number of rows that are left out; the CSV file has them
}

type tableRow struct {
	Figures

	Name    string
	Link    string            // the URL of the dashboard for this row; "" if no filter selects it
	Worst   map[string]string // URLs of its longest conversations, by Measure; nil if no filter selects it
	Medians Medians

	value string // Sum.Value
}

// explained is the help text of the dashboard.
const explained = "How the team does: [what each figure counts, and who gets it](measures.md). " +
	"A team can be told of its week in its channel: *Tell how the week was*, on the page of the [team](/settings/teams)."

// show shows the dashboard.
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

	backlog, err := p.desk.Backlog(v.Context())
	if err != nil {
		return err
	}
	s.Backlog = backlog.describe()

	days, err := p.desk.Sums(v.Context(), q, plottedBy(f.From, f.To), nil)
	if err != nil {
		return err
	}
	for _, d := range days {
		s.Total.Add(d.Figures)
	}
	s.Share = percentWords(s.Total.Abandoned, s.Total.Resolved)

	if s.Tagged, s.Latest, err = p.desk.Tagged(v.Context(), v.Person.ID, q); err != nil {
		return err
	}
	for i := range s.Latest {
		s.Latest[i].At = s.Latest[i].At.In(v.Now().Location())
	}
	s.Nothing = len(days) == 0
	if !s.Nothing {
		if err := p.addDetails(v, &s, q, names, days); err != nil {
			return err
		}
	}

	return v.Show("dashboard", web.Screen{Title: "Figures", Help: explained, Data: s})
}

// addDetails adds the medians, the charts and the tables to the page. days has the figures of each day or week.
func (p pages) addDetails(v *web.Visit, s *screen, q Question, names Names, days []Sum) error {
	const everything Group = "" // the medians of all figures of the question
	medians, err := p.desk.Medians(v.Context(), q, everything, nil)
	if err != nil {
		return err
	}
	s.Medians = medians[""]

	s.Charts, err = p.draw(listPeriods(q.From, q.To, days))
	if err != nil {
		return err
	}
	s.Tables, err = p.makeTables(v, s.Filter, q, names)
	return err
}

// readRequest parses the filter of a request and checks that the person may see its figures. It returns errNotYours if
// not.
func (p pages) readRequest(v *web.Visit) (f filter, names Names, q Question, err error) {
	names, err = p.desk.Names(v.Context(), v.Person)
	if err != nil {
		return f, names, Question{}, err
	}
	f = readFilter(v, names)
	q, err = f.makeQuestion(v.Person, names)
	return f, names, q, err
}

// refuse responds to errNotYours with a page that explains it. It returns other errors unchanged.
func refuse(v *web.Visit, err error) error {
	if errors.Is(err, errNotYours) {
		return v.Refuse(http.StatusForbidden, "These are figures of others.", "You see your own figures and those of your teams; admins see all.")
	}
	return err
}

// longestAddresses returns the URLs of the pages with the longest conversations, by Measure.
func longestAddresses(f filter) map[string]string {
	all := map[string]string{}
	for _, m := range []Measure{FirstAnswer, NextAnswer, Resolving} {
		q := f.query()
		q.Set("time", string(m))
		all[string(m)] = longestPath + "?" + q.Encode()
	}
	return all
}

// groupsFor returns the groups by which figures with this filter can be split. Figures are stored by agent, tag, intent
// or mood, never by two of these together, so a filter by one of them rules out the others.
func groupsFor(f filter) []Group {
	if f.Of != "" {
		return []Group{ByTeam, ByAccount}
	}
	return []Group{ByAgent, ByTeam, ByAccount, ByTag, ByIntent, ByMood}
}

// makeTables returns a table for each group that has figures.
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

// busiestSums returns the figures of a group's members. There may be thousands of agents and tags, so for these it
// reads only the maxRows with the highest workload. more is the number of the others.
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

// addMedians adds the medians to the rows of a table.
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

// maxRows is the maximum number of rows of a table.
const maxRows = 50

// tableOf returns the table of a group, sorted by workload.
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
		isNone := (by == ByTeam || by == ByAccount) && r.value == "0"
		if isNone { // a filter can't select "no team": in a URL, 0 means all
			continue
		}
		narrowed := f.withGroup(by, r.value)
		r.Worst = longestAddresses(narrowed)
		r.Link = narrowed.addressOf(path)
	}
	return t
}
