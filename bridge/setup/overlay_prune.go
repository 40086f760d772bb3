package setup

import (
	"fmt"
	"slices"
	"strings"

	"parley/routing"
	"parley/store"
)

// prune removes everything that the file's lists don't have: with "teams: [{name: Support}]" in the file, all
// teams but Support. A list that is missing in the file removes nothing. (This is the --prune option of "parley
// apply".)
func (o *overlay) prune(f *ParleyfileFile) {
	if f.Lists.Agents {
		o.pruneAgents(f)
	}
	if f.Lists.Teams {
		o.Teams = slices.DeleteFunc(o.Teams, func(t StateTeam) bool { return f.Team(t.Name) == nil })
	}
	if f.Lists.Accounts {
		o.Accounts = slices.DeleteFunc(o.Accounts, func(a StateAccount) bool { return f.Account(a.Row.Name) == nil })
	}
	if f.Lists.Templates {
		o.Templates = slices.DeleteFunc(o.Templates, func(t StateTemplate) bool { return !hasTemplate(f, t) })
	}
	if f.Lists.Tags {
		o.Tags = slices.DeleteFunc(o.Tags, func(t store.Tag) bool { return !hasTag(f, t) })
	}

	if f.Lists.Automations {
		o.Automations = slices.DeleteFunc(o.Automations, func(a routing.Automation) bool {
			return !slices.ContainsFunc(f.Automations, func(e ParleyfileAutomation) bool { return strings.EqualFold(e.Name, a.Name) })
		})
	}

	if f.Lists.Canned {
		o.Canned = slices.DeleteFunc(o.Canned, func(c store.Canned) bool {
			return !slices.ContainsFunc(f.Canned, func(e ParleyfileCanned) bool { return strings.EqualFold(e.Keyword, c.Keyword) })
		})
	}

	o.checkTeamsOfAccounts(f)
	o.Templates = slices.DeleteFunc(o.Templates, func(t StateTemplate) bool { return o.Account(t.Account) == nil })
}

// pruneAgents removes agents, and takes them out of teams whose members the file doesn't list.
func (o *overlay) pruneAgents(f *ParleyfileFile) {
	for _, agent := range o.Agents {
		if f.Agent(agent.Email) != nil {
			continue
		}
		if a := o.ForgetAgent(agent.Email); a != nil {
			o.faults.Add(Fault{
				Where: "account " + a.Row.Name + ": people", What: "nobody of them would read and answer any more",
				Hint: "Name others, or keep the agent " + agent.Email + ".",
			})
		}
	}
	o.Agents = slices.DeleteFunc(o.Agents, func(a StateAgent) bool { return f.Agent(a.Email) == nil })
	for i := range o.Teams {
		t := &o.Teams[i]
		entry := f.Team(t.Name)
		listsMembers := entry != nil && entry.Members != nil
		if !listsMembers {
			t.Members = slices.DeleteFunc(slices.Clone(t.Members), func(member string) bool { return o.Agent(member) == nil })
		}
	}
}

// checkTeamsOfAccounts adds a fault for each account whose team was removed, unless the file gives it another
// team.
func (o *overlay) checkTeamsOfAccounts(f *ParleyfileFile) {
	for _, a := range o.Accounts {
		entry := f.Account(a.Row.Name)
		givesTeam := entry != nil && entry.Team != nil
		isTeamRemoved := a.Team != "" && o.Team(a.Team) == nil
		if isTeamRemoved && !givesTeam {
			o.faults.Add(Fault{
				Where: "account " + a.Row.Name,
				What:  fmt.Sprintf("belongs to the team %q, which --prune would take out", a.Team),
				Hint:  "Name the account with another team, or keep the team.",
			})
		}
	}
}

// hasTemplate reports whether the file has this template of an account, in the same language.
func hasTemplate(f *ParleyfileFile, t StateTemplate) bool {
	isOfAccount := func(name Text) bool { return strings.EqualFold(strings.TrimSpace(name.Value), t.Account) }
	return slices.ContainsFunc(f.Templates, func(e ParleyfileTemplate) bool {
		isNamed := strings.EqualFold(e.Name, t.Row.Name) && e.Language == t.Row.Language
		return isNamed && slices.ContainsFunc(e.Accounts, isOfAccount)
	})
}

// hasTag reports whether the file has a tag, as the name or as a former name of one of its tags.
func hasTag(f *ParleyfileFile, t store.Tag) bool {
	isTag := func(name string) bool { return strings.EqualFold(name, t.Name) }
	return slices.ContainsFunc(f.Tags, func(e ParleyfileTag) bool { return isTag(e.Name) || slices.ContainsFunc(e.FormerNames(), isTag) })
}
