package settings

import (
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

// The page of an account's people: a table of their rights, from which the boxes of one right are sent as a list of addresses.

func (p pages) peopleRoutes() []web.Route {
	const path = accountsPath + "/{name}/people"
	return []web.Route{
		{Pattern: "GET " + path, For: web.Admins, Do: p.showPeople},
		{Pattern: "POST " + path, For: web.Admins, Do: p.savePeople},
	}
}

func (p pages) showPeople(v *web.Visit) error {
	return p.withEntries(v, setup.EntryAccount, "account", func(all []setup.Entry, e *setup.Entry) error {
		people := e.People()
		isListed := func(email string) bool {
			return slices.ContainsFunc(people, func(p setup.Person) bool { return strings.EqualFold(p.Agent, email) })
		}
		names := map[string]string{}
		var others []web.Choice
		for _, a := range ofKind(all, setup.EntryAgent) {
			names[a.Name] = a.Value("name")
			if !isListed(a.Name) {
				others = append(others, web.Choice{Value: a.Name, Text: a.Value("name") + " (" + a.Name + ")"})
			}
		}
		return v.Show("people", web.Screen{
			Title: "People of " + e.Name,
			Tabs:  accountTabs(e, "People"),
			Help: "As soon as somebody stands here, nobody else reads or does anything of this account, whichever team they are in. " +
				"Super-admins always may.",
			Data: map[string]any{
				"Path": accountPath(e.Name), "Version": e.Version, "People": people, "Names": names, "Others": others, "Rights": setup.Rights(),
			},
		})
	})
}

// savePeople saves the rights as the boxes say, with one person more or less.
func (p pages) savePeople(v *web.Visit) error {
	return p.withAccountEntry(v, func(e *setup.Entry) error {
		people := e.People()
		for i := range people {
			for right := range people[i].Rights {
				people[i].Rights[right] = slices.Contains(v.Request.PostForm[right], people[i].Agent)
			}
		}
		people = slices.DeleteFunc(people, func(p setup.Person) bool { return p.Agent == v.Value("remove") })
		if added := v.Value("people.add"); added != "" {
			people = append(people, setup.Person{Agent: added, Rights: setup.UsualRights()})
		}
		return p.changeAtOnce(v, changeTo(v, e, setup.PeopleChange(people)), accountPath(e.Name)+"/people")
	})
}
