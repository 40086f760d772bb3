package setup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/routing"
)

const maxActions = 10

// readAutomation reads the entry of an automation, which replaces the stored one:
//
//	automations:
//	  - name: Urgent to the lead
//	    when: {tagged: Urgent}
//	    if: {hours: open}
//	    then: [{assign: ann@acme.test}, {notify: "#leads"}]
func (o *overlay) readAutomation(e *Group) {
	var a routing.Automation
	a.Name = strings.Join(strings.Fields(e.readName("name", "An automation is known by its name.")), " ")
	e.Where = "automation " + a.Name
	e.checkHasPage(a.Name)
	if when := e.Group("when"); when != nil {
		a.When = when.readPart(routing.Triggers())
	} else if !e.has("when") {
		e.Fault(e.At, "when", "is missing", "Write what starts it: {tagged: Urgent}.")
	}
	if conditions := e.Group("if"); conditions != nil {
		setText(conditions, "account", &a.If.Account)
		setText(conditions, "team", &a.If.Team)
		conditions.readConditions(&a.If.When)
	}
	acts, _ := e.Groups("then", e.Label("then"))
	for _, act := range acts {
		a.Then = append(a.Then, act.readPart(routing.Actions()))
	}
	if len(acts) == 0 || len(acts) > maxActions {
		e.Fault(e.At, "then", "must have one to ten actions", "Write what is done: [{assign: ann@acme.test}].")
	}
	e.Done()
	o.entries.add("automation", a.Name, e, e.At)
	o.findNamed(e, &a)
	if old := o.Automation(a.Name); old != nil {
		*old = a
	} else {
		o.Automations = append(o.Automations, a)
	}
}

// readPart reads a trigger or an action: a group with one key.
func (g *Group) readPart(names []string) (p routing.Part) {
	for _, name := range names {
		t := g.Text(name)
		if t == nil || t.Value == "" {
			continue
		}
		if p.Name != "" {
			g.Fault(t.At, name, "is one too many", "Write one of both.")
		}
		p = routing.Part{Name: name, Value: strings.TrimSpace(t.Value)}
		if err := p.Check(); err != nil {
			g.Fault(t.At, name, err.Error(), "")
		}
		switch name {
		case routing.Priority:
			g.checkOneOf(*t, name, bridge.Priorities()...)
		case routing.StatusSet:
			g.checkOneOf(*t, name, "open", "pending", "snoozed", "resolved", "closed")
		case routing.Tagged, routing.AddTag, routing.TakeTag:
			g.checkTagName(*t, name)
		case routing.MoodFound:
			g.checkOneOf(*t, name, append(analysis.SentimentNames(), routing.Always)...)
		case routing.Send:
			p.Value = g.checkReplyText(name, *t, []string{routing.VariableName})
		}
	}
	if p.Name == "" && len(g.Values) == 0 {
		g.Faults.Add(Fault{At: g.At, Where: g.Where, What: "says nothing", Hint: "Write " + JoinAlternatives(names) + "."})
	}
	g.Done()
	return p
}

// findNamed adds a fault for each person and team that doesn't exist, and finds the channels that the automation names.
func (o *overlay) findNamed(e *Group, a *routing.Automation) {
	need := func(what, who string, is func() bool) {
		o.later = append(o.later, func() {
			if who != "" && !is() {
				o.faults.Add(Fault{At: e.At, Where: e.Where, What: fmt.Sprintf("there is no %s %q", what, who), Hint: "Write one that exists."})
			}
		})
	}
	need("team", a.If.Team, func() bool { return o.Team(a.If.Team) != nil })
	need("account", a.If.Account, func() bool { return o.Account(a.If.Account) != nil })
	for i, p := range a.Then {
		isAgent, isTeam := func() bool { return o.Agent(p.Value) != nil }, func() bool { return o.Team(p.Value) != nil }
		switch {
		case p.Name == routing.Assign:
			need("agent", p.Value, isAgent)
		case p.Name == routing.GiveTeam:
			need("team", p.Value, isTeam)
		case p.Name == routing.Notify && strings.HasPrefix(p.Value, "#"):
			a.Then[i] = o.findNotified(e, p)
		case p.Name == routing.Notify:
			need("agent, team or channel", p.Value, func() bool { return isAgent() || isTeam() })
		}
	}
}

// findNotified finds the channel that an action names: the first chat that has it, or what is stored.
func (o *overlay) findNotified(e *Group, p routing.Part) routing.Part {
	var problem string
	for _, kind := range Chats() {
		key := ChannelKey{Kind: kind, Name: p.Value}
		if id := o.found.Channels[key]; id != "" {
			p.Chat, p.Channel = kind, id
			return p
		}
		problem = cmp.Or(problem, o.found.Problems[key])
	}
	for _, a := range o.Automations {
		if i := slices.IndexFunc(a.Then, func(old routing.Part) bool { return old.Value == p.Value && old.Channel != "" }); i >= 0 {
			return a.Then[i]
		}
	}
	o.fault(e, e.At, "notify", fmt.Sprintf("%q: %s", p.Value, cmp.Or(problem, "no such channel is known")),
		"Let the app into the channel, or name an agent or a team.")
	return p
}

// Automation returns the entry of an automation.
func Automation(a routing.Automation) *Mapping {
	entry := &Mapping{}
	entry.AddText("name", a.Name)
	entry.Child("when").AddText(a.When.Name, a.When.Value)
	for _, c := range a.If.List() {
		entry.Child("if").AddText(c.Name, c.Value)
	}
	var acts []*Mapping
	for _, p := range a.Then {
		act := &Mapping{}
		act.AddText(p.Name, p.Value)
		acts = append(acts, act)
	}
	entry.Put("then", acts)
	return entry
}

// Automation finds an automation by its name, or returns nil if there is none.
func (s *State) Automation(name string) *routing.Automation {
	return find(s.Automations, func(a routing.Automation) bool { return strings.EqualFold(a.Name, name) })
}

// automationFields describes an automation. Its trigger is a choice at the path "when", with its value below "when.tagged"; so are its
// actions at "then.0".
func automationFields() []Field {
	list := []Field{
		{Path: "name", Label: "Name", Input: InputLine, Required: true, Fixed: true, Help: "Threads name it when it has done something."},
		{Path: "when", Label: "When", Input: InputChoice, Required: true, Choices: routing.Triggers(), Words: map[string]string{
			routing.Received: "the customer writes", routing.Sent: "an agent answers", routing.Tagged: "it is tagged …",
			routing.StatusSet: "its status becomes …", routing.Waiting: "the customer has waited for …",
			routing.WindowClosing: "the reply window closes in …", routing.MoodFound: "the customer's mood becomes …",
			routing.IntentFound: "the customer wants …", routing.Cron: "it is a time of cron: …",
		}},
		{Path: "then", Label: "Then", Input: InputChoice, Choices: routing.Actions(), Words: map[string]string{
			routing.Assign: "assign it to (e-mail address)", routing.GiveTeam: "hand it to the team", routing.AddTag: "tag it",
			routing.TakeTag: "take a tag away", routing.Notify: "tell (e-mail address, team or #channel)", routing.Send: "send the customer",
			routing.Note: "note in the thread", routing.Priority: "give it the priority", routing.Snooze: "snooze it for",
			routing.Resolve: "resolve it",
		}},
	}
	for _, f := range RuleFields("") {
		if rest, isCondition := strings.CutPrefix(f.Path, "when."); isCondition {
			f.Path = "if." + rest
			list = append(list, f)
		}
	}
	return append(list,
		Field{Path: "if.account", Label: "It came to the account", Input: InputLine},
		Field{Path: "if.team", Label: "The team is", Input: InputLine})
}
