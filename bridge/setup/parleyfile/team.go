package parleyfile

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"parley/bridge/setup/document"
	"parley/bridge/setup/input"
)

// Team is a team's entry.
type Team struct {
	At       document.Position
	Name     string
	Members  *document.List
	Channels map[string]document.Text // by kind of surface
	Home     *document.Text
	Emoji    map[string]string // verbs by names; nil means not given
	Agents   *document.Text
	Weekly   *document.Text
}

func readTeam(o *object) (Team, bool) {
	e := Team{At: o.At, Channels: map[string]document.Text{}}
	if name := o.Text("name"); name != nil && strings.TrimSpace(name.Value) != "" {
		e.Name = strings.TrimSpace(name.Value)
		o.Where = "team " + e.Name
	} else if name != nil || o.Values["name"] == nil {
		o.Fault(o.At, "name", "is missing", "A team is known by its name.")
	}
	if e.Members = o.List("members"); e.Members != nil {
		for i, m := range e.Members.Items {
			member := strings.ToLower(strings.TrimSpace(m.Value))
			if !IsEmail(member) {
				o.Fault(m.At, "members", fmt.Sprintf("%q is no e-mail address", m.Raw), "Members are listed by the agents' e-mail addresses.")
			}
			e.Members.Items[i].Value = member
		}
	}
	o.channels(e.Channels)
	if e.Home = o.Text("home"); e.Home != nil && e.Home.Value != "" {
		o.oneOf(*e.Home, "home", input.Chats()...)
	}
	e.Emoji = o.emoji("emoji")
	if e.Agents = o.Text("agents"); e.Agents != nil && e.Agents.Value != "" {
		o.oneOf(*e.Agents, "agents", input.AgentRules()...)
	}
	e.Weekly = o.schedule("weekly_figures")
	o.Done()
	return e, e.Name != ""
}

// channels reads the channels of all surfaces: slack_channel, teams_channel.
func (o *object) channels(into map[string]document.Text) {
	for _, kind := range input.Chats() {
		key := kind + "_channel"
		if _, empty := o.Values[key].(*ast.NullNode); empty {
			o.Known = append(o.Known, key)
			o.Fault(o.Places[key], key, "has no value", `A # begins a remark: write a name in quotes, "#support". Write "" to clear it.`)
			continue
		}
		t := o.Text(key)
		if t == nil {
			continue
		}
		o.channel(kind, key, t)
		into[kind] = *t
	}
}
