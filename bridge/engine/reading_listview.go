package engine

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bridge"
	"parley/store"
)

// This file turns what people typed or chose about a list (bridge.ListView) into what the store looks for.

// mostNamed is how many of the values that exist a refusal names.
const mostNamed = 12

// noSuchValue refuses a value and names those that exist.
func noSuchValue(what, value string, known []string) *bridge.Problem {
	p := &bridge.Problem{Code: "no_value", Text: "There is no " + what + " “" + value + "”.", Hint: "There is none at all."}
	if len(known) > 0 {
		p.Hint = "There are: " + strings.Join(known[:min(len(known), mostNamed)], ", ")
	}
	if len(known) > mostNamed {
		p.Hint += " and more"
	}
	return p
}

func readingNamesOf[T ~string](values []T) (names []string) {
	for _, v := range values {
		names = append(names, string(v))
	}
	return names
}

// filterOf returns the filter that v asks for, and v as it is written canonically. It returns a *bridge.Problem that names what exists
// if there is no such value.
func (rd *ReadingReader) filterOf(
	ctx context.Context, q store.Querier, surface store.AccountID, agent *store.Agent, v bridge.ListView,
) (f store.Filter, _ bridge.ListView, err error) {
	dir := rd.Directory()
	if v.Status != "" {
		v.Status = strings.ToLower(v.Status)
		if !slices.Contains(bridge.Statuses(), bridge.Status(v.Status)) {
			return f, v, noSuchValue("status", v.Status, readingNamesOf(bridge.Statuses()))
		}
		f.Status = v.Status
	}
	if v.Sort != "" && !slices.Contains(bridge.ListSorts(), v.Sort) {
		return f, v, noSuchValue("order", string(v.Sort), readingNamesOf(bridge.ListSorts()))
	}

	if f.Unread = v.Unread != ""; f.Unread {
		if v.Unread = strings.ToLower(v.Unread); v.Unread != bridge.UnreadOnly {
			return f, v, noSuchValue("value of unread", v.Unread, []string{bridge.UnreadOnly})
		}
	}

	if v.Account != "" {
		f.Accounts = []store.AccountID{}
		var known []string
		for _, a := range rd.AccountsFor(dir, agent) {
			account := dir.AccountNamed(a.Name)
			if strings.EqualFold(a.Name, v.Account) {
				f.Accounts, v.Account = []store.AccountID{account.ID}, a.Name
				break
			}
			if strings.EqualFold(account.Kind, v.Account) || strings.EqualFold(a.ChannelName, v.Account) {
				f.Accounts, v.Account = append(f.Accounts, account.ID), account.Kind
			}
			if !slices.Contains(known, account.Kind) {
				known = append(known, account.Kind)
			}
			known = append(known, a.Name)
		}
		if len(f.Accounts) == 0 {
			return f, v, noSuchValue("account or channel", v.Account, known)
		}
	}

	for _, kind := range []struct {
		what  string
		value *string
		label bool
	}{{"tag", &v.Tag, false}, {"label", &v.Label, true}} {
		if *kind.value == "" {
			continue
		}
		var known []string
		found := false
		for _, t := range dir.OfferedTags() {
			if kind.label && t.Kind != store.TagLabel {
				continue
			}
			known = append(known, t.Name)
			if strings.EqualFold(t.Name, strings.TrimPrefix(*kind.value, "#")) {
				*kind.value, found = t.Name, true
				f.Tags = append(f.Tags, append([]string{t.Name}, t.Formerly...))
				break
			}
		}
		if !found {
			return f, v, noSuchValue(kind.what, *kind.value, known)
		}
	}

	switch {
	case strings.EqualFold(v.Agent, bridge.AgentNobody):
		f.Nobodys = true
	case strings.EqualFold(v.Agent, bridge.AgentMe) && agent != nil:
		f.Agent = agent.ID
	case v.Agent != "":
		people := rd.AgentsFor(agent)
		found := dir.Find(surface, v.Agent)
		if found == nil || !slices.Contains(people, found.ID) {
			known := []string{bridge.AgentMe, bridge.AgentNobody}
			for _, id := range people {
				known = append(known, dir.Agent(id).Name)
			}
			return f, v, noSuchValue("agent", v.Agent, known)
		}
		f.Agent, v.Agent = found.ID, cmp.Or(found.Email, v.Agent)
	}

	if v.Team != "" {
		team := dir.FindTeam(v.Team)
		if team == nil {
			var known []string
			for _, t := range dir.Teams {
				known = append(known, t.Name)
			}
			return f, v, noSuchValue("team", v.Team, known)
		}
		f.Team, v.Team = team.ID, team.Name
	}

	if v.Since == "" && v.Until == "" {
		return f, v, nil
	}
	now, err := store.Now(ctx, q)
	if err != nil {
		return f, v, err
	}
	now = now.In(dir.Zone(agent, 0))
	if f.Since, err = timeOf(v.Since, now, 0); err != nil {
		return f, v, err
	}
	f.Until, err = timeOf(v.Until, now, 1)
	return f, v, err
}

// AgentsFor returns the active agents whose conversations an agent may ask for: colleagues of the agent's teams, or all for admins and
// for those who are in no team.
func (rd *ReadingReader) AgentsFor(agent *store.Agent) []store.AgentID {
	dir := rd.Directory()
	var own []store.TeamID
	if agent != nil && !agent.IsAdmin() {
		own = dir.TeamsOf(agent.ID)
	}
	var list []store.AgentID
	for i := range dir.Agents {
		a := &dir.Agents[i]
		isColleague := func(t store.TeamID) bool { return slices.Contains(own, t) }
		if a.Active && (len(own) == 0 || slices.ContainsFunc(dir.TeamsOf(a.ID), isColleague)) {
			list = append(list, a.ID)
		}
	}
	return list
}

var agoWords = regexp.MustCompile(`^(\d{1,5})\s*([hdw])$`)

// timeOf returns the time that a value of ListView.Since or Until stands for. Of a day, it is the beginning, days later.
func timeOf(value string, now time.Time, days int) (time.Time, error) {
	value = strings.ToLower(strings.TrimSpace(value))
	if value == "" {
		return time.Time{}, nil
	}
	if ago := agoWords.FindStringSubmatch(value); ago != nil {
		n, _ := strconv.Atoi(ago[1]) //nolint:errcheck // the expression lets only short numbers through
		switch ago[2] {
		case "h":
			return now.Add(-time.Duration(n) * time.Hour), nil
		case "w":
			n *= 7
		}
		return now.AddDate(0, 0, -n), nil
	}
	day, err := time.ParseInLocation(time.DateOnly, value, now.Location())
	if err != nil {
		return day, &bridge.Problem{
			Code: "no_value",
			Text: "“" + value + "” is no time to look from.",
			Hint: "Say how long ago, such as 24h, 7d or 30d, or a day: " + now.Format(time.DateOnly),
		}
	}
	return day.AddDate(0, 0, days), nil
}

// seesOwnTeams reports whether what is unassigned in teams of others isn't listed for an agent: admins hand out everything.
func seesOwnTeams(agent *store.Agent, r store.Reader) bool {
	return agent != nil && !agent.IsAdmin() && len(r.Teams) > 0
}

// counts returns how many conversations the lists of unfinished ones have that aren't hidden, and those of them in which something is
// unread: in one's own lists anywhere, in the others among what comes first.
func (rd *ReadingReader) counts(
	ctx context.Context, q store.Querier, agent *store.Agent, r store.Reader, hidden []bridge.ListName,
) (counts map[bridge.ListName]int, unread []bridge.ListName, err error) {
	var lists []store.ListQuery
	for _, name := range []bridge.ListName{bridge.ListMine, bridge.ListUnassigned, bridge.ListTeam, bridge.ListWaiting, bridge.ListSnoozed} {
		lists = append(lists, store.ListQuery{List: name, OwnTeams: seesOwnTeams(agent, r)})
	}
	all := []store.ListQuery{{List: bridge.ListAll}}
	kept, _ := rd.keptForAdmins(agent)
	switch {
	case slices.Contains(hidden, bridge.ListAll):
		all = nil
	case len(kept) == 0: // one statement for all
		lists, all = append(lists, all...), nil
	}

	for _, name := range []bridge.ListName{bridge.ListMine, bridge.ListWaiting, bridge.ListSnoozed} {
		lists = append(lists, store.ListQuery{List: name, Filter: store.Filter{Unread: true}})
	}

	counts = map[bridge.ListName]int{}
	for _, part := range []struct {
		lists  []store.ListQuery
		reader store.Reader
	}{{lists, r}, {all, rd.listReader(bridge.ListAll, agent, r)}} {
		found, err := store.CountLists(ctx, q, part.reader, part.lists)
		if err != nil {
			return nil, nil, err
		}
		for i, n := range found {
			name := part.lists[i].List
			if !part.lists[i].Filter.Unread {
				counts[name] = n.Count
			}
			if n.Unread && !slices.Contains(unread, name) {
				unread = append(unread, name)
			}
		}
	}
	return counts, unread, nil
}

// ListChoices returns the values by which an agent can filter lists.
func (rd *ReadingReader) ListChoices(surface store.AccountID, agent *store.Agent) bridge.ListChoices {
	dir := rd.Directory()
	c := bridge.ListChoices{Accounts: rd.AccountsFor(dir, agent)}
	for _, t := range dir.OfferedTags() {
		tag := dir.Tag(t.Name)
		tag.About = t.Description
		c.Tags = append(c.Tags, tag)
	}
	for _, id := range rd.AgentsFor(agent) {
		c.Agents = append(c.Agents, dir.Ref(surface, id))
	}
	for _, t := range dir.Teams {
		c.Teams = append(c.Teams, t.Name)
	}
	return c
}
