package settings

import (
	"fmt"

	"parley/bot/web"
	"parley/bridge/setup"
)

// The page of a mailbox's further addresses: a group of fields for each, named by their paths, and one for another.

func (p pages) addressRoutes() []web.Route {
	const path = accountsPath + "/{name}/addresses"
	return []web.Route{
		{Pattern: "GET " + path, For: web.Admins, Do: p.showAddresses},
		{Pattern: "POST " + path, For: web.Admins, Do: p.saveAddresses},
	}
}

// addressForm returns the form, whose first field in each group is the address.
func addressForm(v *web.Visit, all []setup.Entry, e *setup.Entry) web.Form {
	form := web.Form{Action: accountPath(e.Name) + "/addresses", Version: e.Version, Back: accountPath(e.Name)}
	stored := 0
	for e.Value(fmt.Sprintf("%s.%d.address", setup.AddressesPath, stored)) != "" {
		stored++
	}
	for n := range max(stored+1, countSubmitted(v, setup.AddressesPath+".", ".address")) {
		at := fmt.Sprintf("%s.%d.", setup.AddressesPath, n)
		team := web.Field{Name: at + "team", Label: "Team", Kind: web.KindChoice, Choices: []web.Choice{{Text: "as the account"}}}
		for _, t := range ofKind(all, setup.EntryTeam) {
			team.Choices = append(team.Choices, web.Choice{Value: t.Name, Text: t.Name, Chosen: t.Name == e.Value(at+"team")})
		}
		form.Groups = append(form.Groups, web.Group{Fields: []web.Field{
			{Name: at + "address", Label: "Address", Value: e.Value(at + "address")},
			{Name: at + "name", Label: "Name beside it", Value: e.Value(at + "name")},
			{Name: at + "signature", Label: "Signature", Kind: web.KindText, Value: e.Value(at + "signature")},
			team,
		}})
	}
	return form
}

func addressScreen(e *setup.Entry, form *web.Form) web.Screen {
	return web.Screen{
		Title: "Further addresses of " + e.Name,
		Tabs:  accountTabs(e, "Connection"),
		Help: "Who writes to one of these gets replies from it, with its name and signature, and its team owns what is written there. What is " +
			"empty is as for the account. Empty an address to take its row out; it stays the mailbox's until it is taken out of *Other addresses*.",
		Data: map[string]any{"Form": form, "Path": ""},
	}
}

func (p pages) showAddresses(v *web.Visit) error {
	return p.withEntries(v, setup.EntryAccount, "account", func(all []setup.Entry, e *setup.Entry) error {
		form := addressForm(v, all, e)
		return v.Show("entry", addressScreen(e, &form))
	})
}

// saveAddresses saves the rows that have an address.
func (p pages) saveAddresses(v *web.Visit) error {
	return p.withEntries(v, setup.EntryAccount, "account", func(all []setup.Entry, e *setup.Entry) error {
		form := addressForm(v, all, e)
		values, kept := map[string][]string{setup.AddressesPath: nil}, 0
		for _, row := range form.Groups {
			if v.Value(row.Fields[0].Name) == "" {
				continue
			}
			for i, key := range []string{"address", "name", "signature", "team"} {
				values[fmt.Sprintf("%s.%d.%s", setup.AddressesPath, kept, key)] = []string{v.Value(row.Fields[i].Name)}
			}
			kept++
		}
		return p.saveForm(v, changeTo(v, e, values), &form, form.Action, func() error { return v.ShowAgain("entry", addressScreen(e, &form)) })
	})
}
