package setup

import (
	"fmt"
	"slices"
	"strings"
)

// prune removes what the file's lists don't name. A list that is missing in the file removes nothing.
func (o *overlay) prune(f *File) {
	if f.sections.agents {
		o.agents = slices.DeleteFunc(o.agents, func(a agent) bool {
			return !slices.ContainsFunc(f.agents, func(e agentEntry) bool { return strings.EqualFold(e.email, a.email) })
		})
		for i := range o.teams {
			o.teams[i].members = slices.DeleteFunc(slices.Clone(o.teams[i].members), func(m string) bool {
				named := slices.ContainsFunc(f.teams, func(e teamEntry) bool {
					return strings.EqualFold(e.name, o.teams[i].name) && e.members != nil
				})
				return !named && o.agent(m) == nil
			})
		}
	}
	if f.sections.teams {
		o.teams = slices.DeleteFunc(o.teams, func(t team) bool {
			return !slices.ContainsFunc(f.teams, func(e teamEntry) bool { return strings.EqualFold(e.name, t.name) })
		})
	}
	o.pruneAccounts(f)
	o.pruneTemplates(f)
	o.pruneTags(f)
}

func (o *overlay) pruneAccounts(f *File) {
	if f.sections.accounts {
		o.accounts = slices.DeleteFunc(o.accounts, func(a account) bool {
			return !slices.ContainsFunc(f.accounts, func(e accountEntry) bool { return strings.EqualFold(e.name, a.row.Name) })
		})
	}
	for _, a := range o.accounts {
		named := slices.ContainsFunc(f.accounts, func(e accountEntry) bool {
			return strings.EqualFold(e.name, a.row.Name) && e.team != nil
		})
		if a.team != "" && o.team(a.team) == nil && !named {
			o.faults.Add(Position{}, "account "+a.row.Name, fmt.Sprintf("belongs to the team %q, which --prune would take out", a.team), "Name the account with another team, or keep the team.")
		}
	}
}
