package overlay

import (
	"fmt"
	"slices"
	"strings"

	"parley/bridge/setup/document"
	"parley/bridge/setup/parleyfile"
	"parley/bridge/setup/state"
	"parley/store"
)

// prune removes what the file's lists don't name. A list that is missing in the file removes nothing.
func (o *overlay) prune(f *parleyfile.File) {
	if f.Lists.Agents {
		o.Agents = slices.DeleteFunc(o.Agents, func(a state.Agent) bool {
			return !slices.ContainsFunc(f.Agents, func(e parleyfile.Agent) bool { return strings.EqualFold(e.Email, a.Email) })
		})
		for i := range o.Teams {
			o.Teams[i].Members = slices.DeleteFunc(slices.Clone(o.Teams[i].Members), func(m string) bool {
				named := slices.ContainsFunc(f.Teams, func(e parleyfile.Team) bool {
					return strings.EqualFold(e.Name, o.Teams[i].Name) && e.Members != nil
				})
				return !named && o.Agent(m) == nil
			})
		}
	}

	if f.Lists.Teams {
		o.Teams = slices.DeleteFunc(o.Teams, func(t state.Team) bool {
			return !slices.ContainsFunc(f.Teams, func(e parleyfile.Team) bool { return strings.EqualFold(e.Name, t.Name) })
		})
	}

	o.pruneAccounts(f)
	o.pruneTemplates(f)
	o.pruneTags(f)
}

// pruneAccounts removes accounts that the file's list doesn't name. It adds a fault for each account whose team is gone.
func (o *overlay) pruneAccounts(f *parleyfile.File) {
	if f.Lists.Accounts {
		o.Accounts = slices.DeleteFunc(o.Accounts, func(a state.Account) bool {
			return !slices.ContainsFunc(f.Accounts, func(e parleyfile.Account) bool { return strings.EqualFold(e.Name, a.Row.Name) })
		})
	}

	for _, a := range o.Accounts {
		named := slices.ContainsFunc(f.Accounts, func(e parleyfile.Account) bool {
			return strings.EqualFold(e.Name, a.Row.Name) && e.Team != nil
		})

		isTeamGone := a.Team != "" && o.Team(a.Team) == nil
		if isTeamGone && !named {
			o.faults.Add(document.Fault{
				Where: "account " + a.Row.Name,
				What:  fmt.Sprintf("belongs to the team %q, which --prune would take out", a.Team),
				Hint:  "Name the account with another team, or keep the team.",
			})
		}
	}
}

// pruneTemplates removes templates that the file's list doesn't name, and those of removed accounts.
func (o *overlay) pruneTemplates(f *parleyfile.File) {
	o.Templates = slices.DeleteFunc(o.Templates, func(t state.Template) bool {
		named := slices.ContainsFunc(f.Templates, func(e parleyfile.Template) bool {
			if !strings.EqualFold(e.Name, t.Row.Name) || e.Language != t.Row.Language {
				return false
			}
			return slices.ContainsFunc(e.Accounts, func(a document.Text) bool { return strings.EqualFold(strings.TrimSpace(a.Value), t.Account) })
		})
		if o.Account(t.Account) == nil {
			return true
		}
		return f.Lists.Templates && !named
	})
}

// pruneTags takes out tags that the file doesn't have, under their names or as former names of others.
func (o *overlay) pruneTags(f *parleyfile.File) {
	if !f.Lists.Tags {
		return
	}
	o.Tags = slices.DeleteFunc(o.Tags, func(t store.Tag) bool {
		return !slices.ContainsFunc(f.Tags, func(e parleyfile.Tag) bool {
			wasNamed := slices.ContainsFunc(e.Former(), func(name string) bool { return strings.EqualFold(name, t.Name) })
			return strings.EqualFold(e.Name, t.Name) || wasNamed
		})
	})
}
