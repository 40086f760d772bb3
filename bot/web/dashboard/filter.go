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

	"parley/bot/typed"
	"parley/bot/web"
	"parley/bridge"
)

// filter says which figures a page shows. It stands in the query of the page's address: "days=28&hours=open&team=3".
// readFilter reads it, makeQuestion checks whether the person may ask for these figures, and query writes it.
type filter struct {
	Days     int    // the length of a period that ends today; 0 if only From and To say which days
	From, To string // yyyy-mm-dd
	Account  bridge.AccountID
	Team     bridge.TeamID
	Of       Group  // only the figures of one member of this group are shown; "" for all figures
	Value    string // which member; see ByAgent and the others
	Hours    string // hoursOpen or hoursAll
	Problem  string // which part of the address was ignored, and why, for people; "" if nothing was
	Instead  string // what is shown instead of the ignored part, for people
	OwnTeams bool   // only what was done in the reader's own teams is shown; no address says so (see makeQuestion)
}

// ofAll is Instead if the address names no existing account or team.
const ofAll = "These are the figures of all."

// Values of the address for Hours.
const (
	hoursOpen = "open"
	hoursAll  = "all"
)

const (
	defaultDays = 28
	maxDays     = 800
)

// readFilter reads the filter of an address. It ignores what it can't read, and says so in Problem and Instead.
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

// readID reads the number of an account or a team; 0, or nothing, stands for all.
func (f *filter) readID(v *web.Visit, name string) int64 {
	value := v.Value(name)
	id := parseNumber(value)
	if id == 0 && value != "" && value != "0" {
		f.Problem, f.Instead = fmt.Sprintf("“%s” isn't a number of the %s.", typed.Clip(value), name), ofAll
	}
	return id
}

// readPeriod reads which days are shown: "days=28" means 28 days until today, "from=2026-11-01&to=2026-11-20" these. If
// both are there, days counts, unless somebody typed other days into the form. "was" says which days the form had.
func (f *filter) readPeriod(v *web.Visit, names Names) {
	asked := v.Value("days")
	from, to := v.Value("from"), v.Value("to")
	hasDays := from+to != ""
	was := v.Value("was")
	areTypedAnew := hasDays && was != "" && was != from+" "+to
	if areTypedAnew {
		asked = ""
	}

	days := parseNumber(asked)
	isInRange := days > 0 && days <= maxDays
	switch {
	case isInRange:
		f.Days = int(days)
	case asked != "":
		f.ignoreDays(fmt.Sprintf("“%s” isn't a number of days from 1 to %d.", typed.Clip(asked), maxDays))
	}

	f.From, f.To = f.daysUntilToday(v.Now(), names)
	if asked == "" && hasDays {
		f.readDays(from, to)
	}
}

// readGroup reads whose figures are shown: "agent=7" means those of one agent. "of=intent&intent=" means those of
// conversations whose intent nobody knows.
func (f *filter) readGroup(v *web.Visit) {
	for _, g := range []Group{ByAgent, ByTag, ByIntent, ByMood} {
		value := v.Value(string(g))
		mayBeEmpty := (g == ByIntent || g == ByMood) && v.Value("of") == string(g)
		isAsked := v.Request.Form.Has(string(g)) && (value != "" || mayBeEmpty)
		switch {
		case !isAsked:
		case f.Of == "":
			f.Of, f.Value = g, value
		default:
			f.Problem = "Figures are kept for an agent or for a tag, not for both at once."
			f.Instead = "These are the " + string(f.Of) + "'s."
		}
	}
}

// daysUntilToday returns the first and the last day of a period that ends today. Today is the day in the accounts'
// zones, not in the reader's. If it is already tomorrow in some of these zones, the period is a day longer, so that
// it is complete for each account.
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

	if to == "" { // there are no such accounts
		today := now.UTC()
		return today.AddDate(0, 0, 1-f.Days).Format(time.DateOnly), today.Format(time.DateOnly)
	}
	return from, to
}

func (f *filter) readDays(from, to string) {
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

// ignoreDays notes that the days of the address don't count, and why.
func (f *filter) ignoreDays(problem string) {
	f.Problem, f.Instead = "These days can't be shown: "+problem, "These are the last four weeks."
}

// parseNumber reads a number; 0 if s is none.
func parseNumber(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// query writes the filter as the query of an address.
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

// valueOf returns the value of a group by which figures are filtered, as an address has it; "" if by none.
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
	case ByDay, ByWeek: // no figures are filtered by these
	}
	return ""
}

func (f filter) addressOf(page string) string { return page + "?" + f.query().Encode() }

// Address returns the address of the page with the figures of a team for some days (yyyy-mm-dd). public is the public address
// without a final slash. The team 0 stands for all.
func Address(public string, team bridge.TeamID, from, to string) string {
	return public + filter{From: from, To: to, Team: team, Hours: hoursOpen}.addressOf(path)
}

// withGroup returns the filter, narrowed to one value of a group.
func (f filter) withGroup(by Group, value string) filter {
	switch by {
	case ByDay, ByWeek: // they are plotted, and have no rows that lead anywhere
	case ByAccount:
		f.Account = bridge.AccountID(parseNumber(value))
	case ByTeam:
		f.Team = bridge.TeamID(parseNumber(value))
	case ByAgent, ByTag, ByIntent, ByMood:
		f.Of, f.Value = by, value
	}
	return f
}

// errNotYours means that an agent asked for figures of others.
var errNotYours = errors.New("dashboard: figures of others")

// makeQuestion turns a filter into a question that the person may ask. Admins may ask for everything, agents
// for their own figures and those of their own teams. If an agent's filter names neither, it is set to the agent's
// own figures. Errors: errNotYours.
func (f *filter) makeQuestion(p web.Person, names Names) (Question, error) {
	own := strconv.FormatInt(int64(p.ID), 10)
	namesNobody := f.Team == 0 && f.Of == ""
	if !p.Admin && namesNobody {
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
	case f.Team == 0 && len(ownTeams) > 0: // for example one tag: as far as the own teams used it
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

// replaceOfAll replaces the text ofAll for an agent, who is shown less than the figures of all.
func (f *filter) replaceOfAll(text string) {
	if f.Instead == ofAll {
		f.Instead = text
	}
}

// describe says in words what figures are filtered by besides their days; "" if by nothing else.
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
