package dashboard

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bot/web"
	"parley/bridge"
)

// filter selects the figures that a page shows. It is the query of the page's URL, such as "days=28&hours=open&team=3".
// readFilter parses it, makeQuestion checks that the person may see these figures, and query formats it again.
type filter struct {
	Days     int    // the length of a period that ends today; 0 means the days From to To
	From, To string // yyyy-mm-dd, both included; always set
	Account  bridge.AccountID
	Team     bridge.TeamID
	Of       Group  // ByAgent, ByTag, ByIntent or ByMood: only figures of its member Value; "" means all figures
	Value    string // the member, as in Sum.Value
	Hours    string // hoursOpen or hoursAll
	Problem  string // which part of the query was ignored, and why, as text for the page; "" if nothing was ignored
	Instead  string // what is shown instead of the ignored part, as text for the page
	OwnTeams bool   // limited to the viewer's own teams; set by makeQuestion, never part of the query
}

// ofAll is the Instead of an account or team that isn't valid.
const ofAll = "These are the figures of all."

// Values of filter.Hours.
const (
	hoursOpen = "open" // business hours
	hoursAll  = "all"  // around the clock
)

const (
	defaultDays = 28
	maxDays     = 800
)

// readFilter parses the query of a request. It ignores invalid parameters and reports the last one in Problem and
// Instead.
func readFilter(v *web.Visit, names Names) filter {
	f := filter{Days: defaultDays, Hours: hoursOpen}
	if v.Value("hours") == hoursAll {
		f.Hours = hoursAll
	}
	f.Account = bridge.AccountID(f.readID(v, "account"))
	f.Team = bridge.TeamID(f.readID(v, "team"))
	f.readPeriod(v, names)
	f.readGroup(v)
	return f
}

// readID parses the id of an account or a team. It returns 0, which means all, if the parameter is missing or invalid.
func (f *filter) readID(v *web.Visit, name string) int64 {
	value := v.Value(name)
	id := parseNumber(value)
	if id == 0 && value != "" && value != "0" {
		f.Problem, f.Instead = fmt.Sprintf("“%s” isn't a number of the %s.", shape.Clip(value), name), ofAll
	}
	return id
}

// readPeriod parses the period: "days=28" means the 28 days until today, "from=2026-11-01&to=2026-11-20" these days.
//
// The form always sends both. It also sends the dates that it was rendered with as "was". If from and to differ from
// these, somebody has edited them, and they win. Otherwise days wins.
func (f *filter) readPeriod(v *web.Visit, names Names) {
	daysText := v.Value("days")
	from, to := v.Value("from"), v.Value("to")
	hasDates := from+to != ""
	was := v.Value("was")
	areDatesEdited := hasDates && was != "" && was != from+" "+to
	if areDatesEdited {
		daysText = ""
	}

	days := parseNumber(daysText)
	isInRange := days > 0 && days <= maxDays
	switch {
	case isInRange:
		f.Days = int(days)
	case daysText != "":
		f.ignoreDays(fmt.Sprintf("“%s” isn't a number of days from 1 to %d.", shape.Clip(daysText), maxDays))
	}

	f.From, f.To = f.daysUntilToday(v.Now(), names)
	if daysText == "" && hasDates {
		f.readDates(from, to)
	}
}

// readGroup parses the filter by agent, tag, intent or mood: "agent=7" means one agent. An empty value normally means
// all. The form can't send the intent or mood "", which means unknown, that way, so it sends "of=intent&intent=".
func (f *filter) readGroup(v *web.Visit) {
	for _, g := range []Group{ByAgent, ByTag, ByIntent, ByMood} {
		value := v.Value(string(g))
		mayBeEmpty := (g == ByIntent || g == ByMood) && v.Value("of") == string(g)
		isAsked := v.Request.Form.Has(string(g)) && (value != "" || mayBeEmpty)
		if !isAsked {
			continue
		}
		if f.Of != "" {
			f.Problem = "Figures are kept for an agent or for a tag, not for both at once."
			f.Instead = "These are the " + string(f.Of) + "'s."
			continue
		}
		f.Of, f.Value = g, value
	}
}

// daysUntilToday returns the first and the last day of the last f.Days days. Today is the day in the accounts' time
// zones, not in the viewer's. If these zones have different dates now, the period is a day longer, so that it covers
// all f.Days days of each account.
func (f *filter) daysUntilToday(now time.Time, names Names) (from, to string) {
	for _, account := range names.Accounts {
		isChosen := f.Account == 0 || f.Account == bridge.AccountID(account.ID)
		if !isChosen {
			continue
		}

		today := now.In(cmp.Or(names.Zones[bridge.AccountID(account.ID)], time.UTC))
		first, last := today.AddDate(0, 0, 1-f.Days).Format(time.DateOnly), today.Format(time.DateOnly)
		if from == "" || first < from {
			from = first
		}
		to = max(to, last)
	}

	if to == "" { // no account matches
		today := now.UTC()
		return today.AddDate(0, 0, 1-f.Days).Format(time.DateOnly), today.Format(time.DateOnly)
	}
	return from, to
}

// readDates parses the first and the last day of a period. It keeps the current period if they are invalid.
func (f *filter) readDates(from, to string) {
	first, problem := web.ReadDay(from, time.UTC)
	last, problemLast := web.ReadDay(to, time.UTC)
	days := int(last.Sub(first)/(24*time.Hour)) + 1
	problem = cmp.Or(problem, problemLast)
	switch {
	case from == "" || to == "":
		problem = "write both the first and the last one, from and to."
	case problem != "":
	case days < 1:
		problem = "the last one, " + to + ", is before the first, " + from + "."
	case days > maxDays:
		problem = fmt.Sprintf("%s to %s are more than %d days.", from, to, maxDays)
	}
	if problem != "" {
		f.ignoreDays(problem)
		return
	}

	f.Days = 0
	f.From = from
	f.To = to
}

// ignoreDays reports that the requested period is invalid, and why.
func (f *filter) ignoreDays(problem string) {
	f.Problem, f.Instead = "These days can't be shown: "+problem, "These are the last four weeks."
}

// parseNumber returns the decimal number s, or 0 if s isn't one.
func parseNumber(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// query formats the filter as the query of a URL.
func (f filter) query() url.Values {
	q := url.Values{}
	if f.Days > 0 {
		q.Set("days", strconv.Itoa(f.Days))
	} else {
		q.Set("from", f.From)
		q.Set("to", f.To)
	}

	q.Set("hours", f.Hours)
	if f.Account != 0 {
		q.Set("account", strconv.FormatInt(int64(f.Account), 10))
	}
	if f.Team != 0 {
		q.Set("team", strconv.FormatInt(int64(f.Team), 10))
	}

	if f.Of != "" {
		q.Set(string(f.Of), f.Value)
		if f.Value == "" {
			q.Set("of", string(f.Of))
		}
	}

	return q
}

// valueOf returns the member of a group to which figures are limited, as in Sum.Value; "" means all members.
func (f filter) valueOf(by Group) string {
	switch by {
	case ByAccount:
		if f.Account != 0 {
			return strconv.FormatInt(int64(f.Account), 10)
		}
	case ByTeam:
		if f.Team != 0 {
			return strconv.FormatInt(int64(f.Team), 10)
		}
	case ByAgent, ByTag, ByIntent, ByMood:
		if f.Of == by {
			return f.Value
		}
	case ByDay, ByWeek: // From and To say which days
	}
	return ""
}

// addressOf returns the URL of a page with this filter. page is the page's URL without a query.
func (f filter) addressOf(page string) string { return page + "?" + f.query().Encode() }

// Address returns the URL of the dashboard of a team, or of all teams if team is 0. from and to are the first and the
// last day, yyyy-mm-dd. public is Parley's public URL without a trailing slash.
func Address(public string, team bridge.TeamID, from, to string) string {
	return public + filter{From: from, To: to, Team: team, Hours: hoursOpen}.addressOf(path)
}

// withGroup returns a copy of the filter that is limited to one member of a group.
func (f filter) withGroup(by Group, value string) filter {
	switch by {
	case ByDay, ByWeek: // days and weeks are plotted, not linked
	case ByAccount:
		f.Account = bridge.AccountID(parseNumber(value))
	case ByTeam:
		f.Team = bridge.TeamID(parseNumber(value))
	case ByAgent, ByTag, ByIntent, ByMood:
		f.Of, f.Value = by, value
	}
	return f
}

// errNotYours is returned to agents who ask for figures that only admins may see.
var errNotYours = errors.New("dashboard: figures of others")

// makeQuestion converts the filter to a Question and checks permissions. Admins may see everything. Agents may
// see their own figures and those of their teams. An agent's filter is changed where it asks for more without naming
// anybody: without a team and a group, to the agent's own figures; with only a group such as a tag, to the agent's
// teams. All other figures of others return errNotYours.
func (f *filter) makeQuestion(p web.Person, names Names) (Question, error) {
	own := strconv.FormatInt(int64(p.ID), 10)
	isUnlimited := f.Team == 0 && f.Of == ""
	if !p.Admin && isUnlimited {
		f.Of, f.Value = ByAgent, own
	}

	q := Question{
		From:    f.From,
		To:      f.To,
		Open:    f.Hours == hoursOpen,
		Account: f.Account,
		Of:      f.Of,
		Value:   f.Value,
		Renamed: names.Renamed,
	}
	if f.Team != 0 {
		q.Teams = []bridge.TeamID{f.Team}
	}

	ownTeams := names.teamsOf(p.ID)
	switch {
	case p.Admin:
		return q, nil
	case f.Of == ByAgent && f.Value == own:
		f.replaceOfAll("These are your own.")
		return q, nil
	case slices.Contains(ownTeams, f.Team):
		return q, nil
	case f.Team == 0 && len(ownTeams) > 0:
		q.Teams, f.OwnTeams = ownTeams, true
		f.replaceOfAll("These are those of your teams.")
		return q, nil
	}
	return q, errNotYours
}

// teamsOf returns the teams that an agent is in.
func (n Names) teamsOf(agent bridge.AgentID) []bridge.TeamID {
	var list []bridge.TeamID
	for _, t := range n.Teams {
		if slices.Contains(t.Members, agent) {
			list = append(list, bridge.TeamID(t.ID))
		}
	}
	return list
}

// replaceOfAll corrects the text ofAll for an agent, who doesn't see the figures of all.
func (f *filter) replaceOfAll(text string) {
	if f.Instead == ofAll {
		f.Instead = text
	}
}

// describe returns the filter without its period as text, such as "Team: Billing, Tag: refund".
func (f filter) describe(names Names) string {
	var list []string
	add := func(by Group, value string) {
		list = append(list, groupTitle(by)+": "+nameFinderOf(by, names)(value))
	}
	if f.Account != 0 {
		add(ByAccount, strconv.FormatInt(int64(f.Account), 10))
	}
	if f.Team != 0 {
		add(ByTeam, strconv.FormatInt(int64(f.Team), 10))
	}
	if f.OwnTeams {
		list = append(list, groupTitle(ByTeam)+": yours")
	}
	if f.Of != "" {
		add(f.Of, f.Value)
	}

	return strings.Join(list, ", ")
}
