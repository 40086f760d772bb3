package setup

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// readTeam reads the entry of a team, a group of agents who share the conversations of some accounts:
//
//	teams:
//	  - name: Support
//	    members: [ann@example.com]
//	    slack_channel: "#support"
func (o *overlay) readTeam(e *Group) {
	name := e.readName("name", "A team is known by its name.")
	if name != "" {
		e.Where = "team " + name
	}
	e.checkHasPage(name)
	t := o.Team(name)
	if t == nil {
		o.checkTeamName(e, name)
		t = added(&o.Teams, StateTeam{Name: name, Channels: map[string]string{}})
	}

	o.readMembers(e, t)
	given := e.readChannels()
	for _, kind := range Chats() {
		if given[kind] == nil {
			continue
		}
		if t.Channels[kind] = o.resolveChannel(e, kind, *given[kind]); t.Channels[kind] == "" {
			delete(t.Channels, kind)
		} else {
			o.needSurface(kind)
		}
	}

	home, board := "", map[bool]string{true: BoardOn, false: BoardOff}[t.Board]
	setChoice(e, "home", &home, Chats()...)
	o.setHome(e, t, home)
	if emoji := e.readEmoji("emoji"); emoji != nil {
		t.Emoji = emoji
	}
	setChoice(e, "agents", &t.Agents, AgentRules()...)
	t.Agents = AgentsRule(t.Agents)
	setChoice(e, "board", &board, BoardRules()...)
	t.Board = board == BoardOn
	e.Done()
	o.entries.add("team", name, e, e.At)
}

// readMembers sets who belongs to a team. It adds a fault for each who isn't an agent.
func (o *overlay) readMembers(e *Group, t *StateTeam) {
	members := e.List("members")
	if members == nil {
		return
	}
	t.Members = nil
	for _, m := range members.Items {
		email := channels.LowerAddress(strings.TrimSpace(m.Value))
		if !IsEmail(email) {
			e.Fault(m.At, "members", fmt.Sprintf("%q isn't an e-mail address", m.Raw), "Members are listed by the agents' e-mail addresses.")
		}
		if a := o.Agent(email); a != nil {
			email = a.Email // as the agent's entry writes it
		}
		t.Members = append(t.Members, email)
		o.later = append(o.later, func() {
			if o.Agent(email) == nil {
				o.fault(e, m.At, "members", fmt.Sprintf("%q isn't an agent", m.Raw), "Add the agent first, or take the address out.")
			}
		})
	}
	t.Members = removeDuplicates(t.Members)
}

// readChannels reads the channels of all chats, by their kinds. The keys are slack_channel and teams_channel.
func (g *Group) readChannels() map[string]*Text {
	channels := map[string]*Text{}
	for _, kind := range Chats() {
		key := channelKey(kind)
		if _, empty := g.Values[key].(*ast.NullNode); empty {
			g.Known = append(g.Known, key)
			g.Fault(g.Positions[key], key, "has no value", `A # begins a remark: write a name in quotes, "#support". Write "" to clear it.`)
			continue
		}
		if t := g.Text(key); t != nil {
			g.checkChannel(kind, key, t)
			channels[kind] = t
		}
	}
	return channels
}

// channelKey returns the key of a chat's channel, such as "slack_channel".
func channelKey(kind string) string { return kind + "_channel" }

// maxTeamRunes is how much of a team's name cards and lists show.
const maxTeamRunes = 60

// checkTeamName adds a fault if the name of a new team is too long. Older versions of Parley took longer ones: such teams
// keep theirs, and can still be changed.
func (o *overlay) checkTeamName(e *Group, name string) {
	if utf8.RuneCountInString(name) > maxTeamRunes {
		o.fault(e, e.At, "name", fmt.Sprintf("has more than %d letters", maxTeamRunes), "Shorten it: no more of it is shown.")
	}
}

// setHome sets a team's home, the chat in which its threads open. The default is the only chat in which the
// team has a channel. A team with channels in two chats must name its home.
func (o *overlay) setHome(e *Group, t *StateTeam, given string) {
	if given != "" {
		t.Home = given
		if t.Channels[t.Home] == "" {
			o.fault(e, PositionOf(e.Values["home"]), "home", fmt.Sprintf("is %s, but the team has no channel there", t.Home),
				"Add the channel, or name the other one.")
		}
		return
	}
	if t.Channels[t.Home] != "" {
		return
	}

	t.Home = ""
	for _, kind := range Chats() {
		switch {
		case t.Channels[kind] == "":
		case t.Home == "":
			t.Home = kind
		default:
			o.fault(e, e.At, "home", "is missing, and the team has channels in two places",
				"Say where its threads open: "+JoinAlternatives(Chats())+".")
		}
	}
}

// readEmoji reads the verbs of a team's own emoji, by the emoji's names. It returns nil if the file has none.
func (g *Group) readEmoji(name string) map[string]string {
	group := g.Group(name)
	if group == nil {
		return nil
	}

	allowed := []string{bridge.NoVerb}
	for _, v := range bridge.EmojiVerbs() {
		allowed = append(allowed, string(v))
	}

	verbs := map[string]string{}
	for _, key := range group.Rest() {
		t := group.Text(key)
		if t == nil {
			continue
		}

		group.checkOneOf(*t, key, allowed...)
		short := bridge.EmojiName(key)
		if !strings.ContainsFunc(short, isNameRune) {
			group.Fault(t.At, key, "is not the name of an emoji", "Write the name that chats give it: rocket.")
		}

		before, twice := verbs[short]
		if twice && before != t.Value {
			group.Fault(t.At, key, fmt.Sprintf("stands for %s already", before), "An emoji stands for one verb: keep one of the lines.")
		}

		verbs[short] = t.Value
	}

	group.Done()
	return verbs
}

// isNameRune reports whether a character belongs to a name. An emoji itself does not: 👍 has the name +1.
func isNameRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// Team returns the entry of a team. A team may have a channel in several chats. Its home is the chat in which new
// conversations open, which the entry only names if there is a choice.
func Team(t StateTeam) *Mapping {
	entry := &Mapping{}
	entry.AddText("name", t.Name)
	entry.AddList("members", t.Members)
	for _, chat := range Chats() {
		entry.AddText(chat+"_channel", t.Channels[chat]) // slack_channel: C012AB3CD
	}
	if len(t.Channels) > 1 {
		entry.AddText("home", t.Home)
	}

	entry.AddText("agents", t.Agents)
	if t.Board {
		entry.AddText("board", BoardOn)
	}
	for _, name := range slices.Sorted(maps.Keys(t.Emoji)) {
		entry.Child("emoji").AddText(name, t.Emoji[name])
	}
	return entry
}

func teamFields() []Field {
	list := []Field{
		{Path: "name", Label: "Name", Input: InputLine, Required: true, Fixed: true},
		{Path: "members", Label: "Members", Help: "The e-mail addresses of agents.", Input: InputList},
	}
	list = append(list, channelFields("The team's conversations open here. Write `#name`, or the channel's link or id.")...)
	return append(list,
		Field{
			Path: "home", Label: "New conversations open in", Input: InputChoice,
			Choices: append([]string{""}, Chats()...),
			Help:    "Needed when the team has a channel in both chats.",
		},
		Field{
			Path: "agents", Label: "Who becomes its agent", Input: InputChoice, Choices: AgentRules(),
			Default: store.AgentsListed,
			Help: "After you have confirmed the members of the team's channel, whoever joins the channel can become an " +
				"agent of the team automatically. Guests and bots never do.",
		},
		Field{
			Path: "board", Label: "Board", Input: InputChoice, Choices: BoardRules(), Default: BoardOff,
			Help: "One silent message in each of the team's channels shows what is urgent, unassigned, overdue and waking today. It " +
				"follows within a minute. Slack has it pinned; in Teams, pin it, so that everybody finds it.",
		},
		Field{
			Path: "emoji", Label: "Emoji that are verbs", Input: InputGroup,
			Help: "Reactions that act as commands in the team's channels, in addition to the default ones.",
		})
}

// Values of a team's board.
const (
	BoardOn  = "on"
	BoardOff = "off"
)

// BoardRules returns the allowed values of a team's board.
func BoardRules() []string { return []string{BoardOff, BoardOn} }

// AgentRules returns the allowed values of a team's rule for who becomes its agent.
func AgentRules() []string { return []string{store.AgentsListed, store.AgentsOfChannel} }

// teamFields describes a team: agents who share the conversations of some accounts.
