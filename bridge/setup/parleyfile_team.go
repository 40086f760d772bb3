package setup

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"parley/channels"
)

// ParleyfileTeam is the entry of a team in parley.yaml. A team is a group of agents who share the conversations of some
// accounts.
//
//	teams:
//	  - name: Support
//	    members: [ann@example.com]
//	    slack_channel: "#support"
//
// A nil field means that the entry doesn't have the key.
type ParleyfileTeam struct {
	At       Position
	Name     string
	Members  *List
	Channels map[string]Text   // by kind of chat: "slack" or "teams"
	Home     *Text             // the kind of chat in which conversations open
	Emoji    map[string]string // the team's own emoji: verbs by emoji name
	Agents   *Text
	Board    *Text // input.BoardOn or BoardOff
}

// readTeam reads the entry of a team. It returns false if the entry has no name.
func readTeam(o *object) (ParleyfileTeam, bool) {
	e := ParleyfileTeam{At: o.At}
	e.Name = o.readName("name", "A team is known by its name.")
	if e.Name != "" {
		o.Where = "team " + e.Name
	}
	o.checkHasPage(e.Name)

	if e.Members = o.List("members"); e.Members != nil {
		for i, m := range e.Members.Items {
			member := channels.LowerAddress(strings.TrimSpace(m.Value))
			if !IsEmail(member) {
				o.Fault(m.At, "members", fmt.Sprintf("%q isn't an e-mail address", m.Raw), "Members are listed by the agents' e-mail addresses.")
			}
			e.Members.Items[i].Value = member
		}
	}

	e.Channels = o.readChannels()
	e.Home = o.readOneOfOrNone("home", Chats()...)
	e.Emoji = o.readEmoji("emoji")
	e.Agents = o.readOneOfOrNone("agents", AgentRules()...)
	e.Board = o.readOneOfOrNone("board", BoardRules()...)
	o.Done()
	return e, e.Name != ""
}

// readChannels reads the channels of all chats, by their kinds. The keys are slack_channel and teams_channel.
func (o *object) readChannels() map[string]Text {
	channels := map[string]Text{}
	for _, kind := range Chats() {
		key := channelKey(kind)
		if _, empty := o.Values[key].(*ast.NullNode); empty {
			o.Known = append(o.Known, key)
			o.Fault(o.Positions[key], key, "has no value", `A # begins a remark: write a name in quotes, "#support". Write "" to clear it.`)
			continue
		}

		t := o.Text(key)
		if t == nil {
			continue
		}

		o.checkChannel(kind, key, t)
		channels[kind] = *t
	}
	return channels
}

// channelKey returns the key of a chat's channel, such as "slack_channel".
func channelKey(kind string) string { return kind + "_channel" }
