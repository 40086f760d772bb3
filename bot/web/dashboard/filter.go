package dashboard

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"time"

	"parley/bot/web"
	"parley/bridge"
)

// filter is what stands in the address of a page.
type filter struct {
	Days     int    // the period ends today and has so many days; 0 = From and To say it
	From, To string // yyyy-mm-dd
	Account  bridge.AccountID
	Team     bridge.TeamID
	Of       Group
	Value    string
	Hours    string // hoursOpen or hoursAll
	Problem  string // what of the address was passed over, and why
}

// Values of the address for Hours.
const (
	hoursOpen = "open"
	hoursAll  = "all"
)

const (
	usualDays = 28
	mostDays  = 800
)

// readFilter reads the filter of an address. What it can't read it passes over, and says so.
func readFilter(v *web.Visit) filter {
	f := filter{Days: usualDays, Hours: hoursOpen, Account: bridge.AccountID(number(v.Value("account"))), Team: bridge.TeamID(number(v.Value("team")))}
	if v.Value("hours") == hoursAll {
		f.Hours = hoursAll
	}
	today := v.Now()
	if n := number(v.Value("days")); n > 0 && n <= mostDays {
		f.Days = int(n)
	}
	f.From, f.To = today.AddDate(0, 0, 1-f.Days).Format(time.DateOnly), today.Format(time.DateOnly)
	if from, to := v.Value("from"), v.Value("to"); v.Value("days") == "" && from+to != "" {
		f.readDays(from, to)
	}
	for _, g := range []Group{ByAgent, ByTag, ByIntent, ByMood} {
		value := v.Value(string(g))
		chosen := v.Request.Form.Has(string(g)) && (value != "" || v.Value("of") == string(g))
		switch {
		case chosen && f.Of == "":
			f.Of, f.Value = g, value
		case chosen:
			f.Problem = "Figures are kept for an agent or for a tag, not for both at once: these are the " + string(f.Of) + "'s."
		}
	}
	return f
}

// readDays takes the first and the last day.
func (f *filter) readDays(from, to string) {
	first, errFirst := time.Parse(time.DateOnly, from)
	last, errLast := time.Parse(time.DateOnly, to)
	days := int(last.Sub(first)/(24*time.Hour)) + 1
	if errFirst != nil || errLast != nil || days < 1 || days > mostDays {
		f.Problem = "These days can't be shown: write the first and the last one, at most " + strconv.Itoa(mostDays) + " days. These are the last four weeks."
		return
	}
	f.Days, f.From, f.To = 0, from, to
}

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// query writes the filter as it stands in an address.
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

// address returns the address of a page with this filter.
func (f filter) address(page string) string { return page + "?" + f.query().Encode() }

// Address is the page with the figures of a team for some days, yyyy-mm-dd, at a public address without a final slash;
// the team 0 stands for all.
func Address(public string, team bridge.TeamID, from, to string) string {
	return public + filter{From: from, To: to, Team: team, Hours: hoursOpen}.address(path)
}

// with returns the filter for one of a group.
func (f filter) with(by Group, value string) filter {
	switch by {
	case ByDay, ByWeek: // they are plotted, and have no rows that lead anywhere
	case ByAccount:
		f.Account = bridge.AccountID(number(value))
	case ByTeam:
		f.Team = bridge.TeamID(number(value))
	case ByAgent, ByTag, ByIntent, ByMood:
		f.Of, f.Value = by, value
	}
	return f
}

// errNotYours says that somebody asked for figures of others.
var errNotYours = errors.New("dashboard: figures of others")

// question turns a filter into what a person may ask: an admin anything, an agent the own figures, and those
// of the own teams. Errors: errNotYours.
func (f *filter) question(p web.Person, names Names) (Question, error) {
	own := strconv.FormatInt(int64(p.ID), 10)
	var mine []bridge.TeamID
	for _, t := range names.Teams {
		if slices.Contains(t.Members, p.ID) {
			mine = append(mine, bridge.TeamID(t.ID))
		}
	}
	if !p.Admin && f.Team == 0 && f.Of == "" {
		f.Of, f.Value = ByAgent, own
	}
	q := Question{From: f.From, To: f.To, Open: f.Hours == hoursOpen, Account: f.Account, Of: f.Of, Value: f.Value, Renamed: names.Renamed}
	if f.Team != 0 {
		q.Teams = []bridge.TeamID{f.Team}
	}
	switch {
	case p.Admin, f.Of == ByAgent && f.Value == own, f.Team != 0 && slices.Contains(mine, f.Team):
		return q, nil
	case f.Team == 0 && len(mine) > 0: // what the own teams did
		q.Teams = mine
		return q, nil
	}
	return q, errNotYours
}

// about says what figures are filtered by, in words; "" = by nothing but days.
func (f filter) about(names Names) (text string) {
	add := func(by Group, value string) {
		if text != "" {
			text += ", "
		}
		text += title(by) + ": " + namer(by, names)(value)
	}
	if f.Account != 0 {
		add(ByAccount, strconv.FormatInt(int64(f.Account), 10))
	}
	if f.Team != 0 {
		add(ByTeam, strconv.FormatInt(int64(f.Team), 10))
	}
	if f.Of != "" {
		add(f.Of, f.Value)
	}
	return text
}
