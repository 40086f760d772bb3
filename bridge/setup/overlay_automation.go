package setup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"parley/routing"
)

// automationEntry applies the entry of an automation, which replaces the stored one. It adds a fault for each person and
// team that doesn't exist.
func (o *overlay) automationEntry(e ParleyfileAutomation) {
	missing := func(what, who string, is bool) {
		if who != "" && !is {
			o.faults.Add(Fault{
				At: e.At, Where: "automation " + e.Name, What: fmt.Sprintf("there is no %s %q", what, who), Hint: "Write one that exists.",
			})
		}
	}
	missing("team", e.If.Team, o.Team(e.If.Team) != nil)
	missing("account", e.If.Account, o.Account(e.If.Account) != nil)
	then := slices.Clone(e.Then)
	for i, p := range then {
		isAgent, isTeam := o.Agent(p.Value) != nil, o.Team(p.Value) != nil
		switch {
		case p.Name == routing.Assign:
			missing("agent", p.Value, isAgent)
		case p.Name == routing.GiveTeam:
			missing("team", p.Value, isTeam)
		case p.Name == routing.Notify && strings.HasPrefix(p.Value, "#"):
			then[i] = o.findNotified(e, p)
		case p.Name == routing.Notify:
			missing("agent, team or channel", p.Value, isAgent || isTeam)
		}
	}

	a := e.Automation
	a.Then = then
	if i := slices.IndexFunc(o.Automations, func(old routing.Automation) bool { return strings.EqualFold(old.Name, a.Name) }); i >= 0 {
		o.Automations[i] = a
	} else {
		o.Automations = append(o.Automations, a)
	}
}

// findNotified finds the channel that an action names: the first chat that has it, or what is stored.
func (o *overlay) findNotified(e ParleyfileAutomation, p routing.Part) routing.Part {
	problem := ""
	for _, kind := range Chats() {
		key := ChannelKey{Kind: kind, Name: p.Value}
		if id := o.found.Channels[key]; id != "" {
			p.Chat, p.Channel = kind, id
			return p
		}
		problem = cmp.Or(problem, o.found.Problems[key])
	}
	for _, a := range o.Automations {
		for _, old := range a.Then {
			if old.Value == p.Value && old.Channel != "" {
				return old
			}
		}
	}
	o.faults.Add(Fault{
		At: e.At, Where: "automation " + e.Name + ": notify", What: fmt.Sprintf("%q: %s", p.Value, cmp.Or(problem, "no such channel is known")),
		Hint: "Let the app into the channel, or name an agent or a team.",
	})
	return p
}
