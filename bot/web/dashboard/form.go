package dashboard

import (
	"slices"
	"strconv"

	"parley/bot/web"
)

// form is the form in which people change the filter: the choices of each of its fields.
type form struct {
	Periods  []web.Choice
	Accounts []web.Choice
	Teams    []web.Choice
	Agents   []web.Choice
	Tags     []web.Choice
	Hours    []web.Choice
	Of       string // in words, what the page is filtered by without a field for it: an intent or a mood; "" if by none
	Without  string // the address of the page without that filter
}

// formOf makes the form of the filter. Agents who are no admins can choose only themselves, their own teams, and accounts that are open
// to them.
func formOf(f filter, names Names, p web.Person) form {
	var teams []Named
	for _, t := range names.Teams {
		if p.Admin || slices.Contains(t.Members, p.ID) {
			teams = append(teams, t.Named)
		}
	}

	agents, allTeams := names.Agents, "All teams"
	if !p.Admin {
		allTeams = "Your teams"
		agents = []Named{{ID: int64(p.ID), Name: p.Name}}
	}

	accounts := slices.DeleteFunc(slices.Clone(names.Accounts), func(a Named) bool { return names.Closed[a.ID] })

	var tags []web.Choice
	for _, tag := range names.Tags {
		tags = append(tags, web.Choice{Value: tag, Text: tag})
	}

	out := form{
		Periods:  periodChoices(f.Days),
		Accounts: f.listChoices(ByAccount, "All accounts", namedChoices(accounts), names),
		Teams:    f.listChoices(ByTeam, allTeams, namedChoices(teams), names),
		Agents:   f.listChoices(ByAgent, "Everybody", namedChoices(agents), names),
		Tags:     f.listChoices(ByTag, "Any", tags, names),
		Hours: []web.Choice{
			{Value: hoursOpen, Text: "Business hours", Chosen: f.Hours == hoursOpen},
			{Value: hoursAll, Text: "By the clock", Chosen: f.Hours == hoursAll},
		},
	}

	if f.Of == ByIntent || f.Of == ByMood { // there is no field for these
		without := f
		without.Of, without.Value = "", ""
		out.Of = groupTitle(f.Of) + ": " + nameFinderOf(f.Of, names)(f.Value)
		out.Without = without.addressOf(path)
	}

	return out
}

// listChoices lists the choices of a field: one with the text first, which stands for all, and then the members of
// the group. The value by which figures are filtered is always among them, even if it is that of a former agent or of
// a tag that was deleted. Otherwise the form would lose it when it is sent again.
func (f filter) listChoices(by Group, first string, members []web.Choice, names Names) []web.Choice {
	chosen := f.valueOf(by)
	list := append([]web.Choice{{Text: first}}, members...)
	isListed := false
	for i, c := range list {
		list[i].Chosen = c.Value == chosen
		isListed = isListed || list[i].Chosen
	}
	if !isListed {
		list = append(list, web.Choice{Value: chosen, Text: nameFinderOf(by, names)(chosen), Chosen: true})
	}
	return list
}

// namedChoices makes choices that are known by their numbers.
func namedChoices(all []Named) (list []web.Choice) {
	for _, n := range all {
		list = append(list, web.Choice{Value: strconv.FormatInt(n.ID, 10), Text: n.Name})
	}
	return list
}

// periodChoices lists the periods that end today, by their days. The last choice stands for other days (0).
func periodChoices(chosen int) []web.Choice {
	var list []web.Choice
	isListed := chosen == 0
	for _, period := range []struct {
		days int
		text string
	}{{1, "Today"}, {7, "7 days"}, {28, "4 weeks"}, {91, "13 weeks"}, {365, "A year"}} {
		list = append(list, web.Choice{Value: strconv.Itoa(period.days), Text: period.text, Chosen: period.days == chosen})
		isListed = isListed || period.days == chosen
	}

	list = append(list, web.Choice{Text: "Other days", Chosen: chosen == 0})
	if !isListed {
		list = append(list, web.Choice{Value: strconv.Itoa(chosen), Text: strconv.Itoa(chosen) + " days", Chosen: true})
	}

	return list
}
