package dashboard

import (
	"slices"
	"strconv"

	"parley/bot/web"
)

// form is the form above the figures, in which people change the filter (see filter.go). Each field is a list of
// choices, of which one is chosen.
type form struct {
	Periods  []web.Choice
	Accounts []web.Choice
	Teams    []web.Choice
	Agents   []web.Choice
	Tags     []web.Choice
	Hours    []web.Choice
	Of       string // the chosen intent or mood, which has no field: "Mood: urgent"; "" if none is chosen
	Without  string // the URL of the page without that intent or mood
}

// formOf returns the form for a filter. Agents who aren't admins can choose only themselves, their own teams, and the
// accounts that they have access to.
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

	if f.Of == ByIntent || f.Of == ByMood {
		without := f
		without.Of, without.Value = "", ""
		out.Of = groupTitle(f.Of) + ": " + nameFinderOf(f.Of, names)(f.Value)
		out.Without = without.addressOf(path)
	}

	return out
}

// listChoices returns the choices of a field: allText, which means all members of the group, and then the members. The
// current value is always a choice, even if it is a former agent or a deleted tag. Otherwise the next submission of the
// form would drop it.
func (f filter) listChoices(by Group, allText string, members []web.Choice, names Names) []web.Choice {
	chosen := f.valueOf(by)
	list := append([]web.Choice{{Text: allText}}, members...)
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

// namedChoices returns choices with ids as values and names as texts.
func namedChoices(all []Named) (list []web.Choice) {
	for _, n := range all {
		list = append(list, web.Choice{Value: strconv.FormatInt(n.ID, 10), Text: n.Name})
	}
	return list
}

// periodChoices returns the choices for the number of days until today. The choice "Other days" has no value: it is
// chosen if the form's dates count, for which chosen is 0. A number that isn't in the list gets a choice of its own.
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
