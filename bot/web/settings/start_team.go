package settings

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

// This file is the second of the "First steps", the page on which an admin sets Parley up. Here the admin says in which
// channel of Slack or Microsoft Teams a team works: each customer's conversation becomes a thread in that channel. For
// example, the admin sends the form with team "Support", chat "slack" and channel "#support". The next step confirms
// which members of the channel may answer customers.

// teamForm returns the form that gives a team its channel. It proposes the first team without a channel, or else a new
// team.
func (s *stepsPage) teamForm() web.Form {
	proposed := "Support"
	for _, t := range s.Teams {
		if !t.HasChannel() {
			proposed = t.Name
			break
		}
	}

	var chats []web.Choice
	for _, c := range s.Chats {
		if c.Connected {
			chats = append(chats, web.Choice{Value: c.Kind, Text: c.Name})
		}
	}

	fields := []web.Field{
		{Name: "name", Label: "Team", Value: proposed, Required: true},
		{Name: "chat", Label: "Chat", Kind: web.KindChoice, Choices: chats},
		{
			Name:        "channel",
			Label:       "Channel",
			Required:    true,
			Placeholder: "#support",
			Help:        "Where the team's threads open: its name, link or id. Parley must be let into it.",
		},
	}
	return web.Form{Action: startPath + "/team", Groups: []web.Group{{Fields: fields}}}
}

// teamInput is what an admin sends with the form of teamForm.
type teamInput struct {
	name    string
	chat    string // "slack" or "teams"
	channel string // its #name, link or id
}

// saveTeam handles the form. It stores the channel of a team, and adds the team if there is none of that name.
func (p startPages) saveTeam(v *web.Visit) error {
	s, err := p.readSteps(v)
	if err != nil {
		return err
	}

	input := teamInput{name: v.Value("name"), chat: v.Value("chat"), channel: readChannel(v.Value("channel"))}
	team := s.findTeam(input.name)
	hasChannelThere := team != nil && slices.Contains(team.Chats, input.chat)
	if hasChannelThere { // for example, another admin has sent the same form first
		const hint = "Look at it on the team's page, and change it there."
		return v.Refuse(http.StatusUnprocessableEntity, "The team "+team.Name+" has a channel there already.", hint)
	}
	if input.channel == "" || !s.isConnected(input.chat) {
		const problem = "Choose a chat that is connected, and one of its channels."
		return p.showTeamAgain(v, s, teamProblems{fields: map[string]string{"channel": problem}})
	}

	_, err = p.desk.Save(v.Context(), v.Person, input.change(team, v.Person))
	if problems, ok := input.problemsOf(err); ok {
		return p.showTeamAgain(v, s, problems)
	}
	if err != nil {
		return err
	}

	done := "The team " + input.name + " has its channel. Now say who of its members answers."
	return v.GoWithText(rosterPath(input.name, input.chat), done)
}

// change returns the change of the configuration that an admin has asked for. team is the stored team of that name. If
// it is nil, the change adds the team, with the admin as its first member.
func (i teamInput) change(team *Team, admin web.Person) setup.Change {
	change := setup.Change{
		Kind:   setup.EntryTeam,
		Name:   i.name,
		Values: map[string][]string{i.channelKey(): {i.channel}},
	}
	if team == nil {
		change.Values["members"] = []string{admin.Email}
	} else {
		change.Version = team.Version // so that Save refuses to overwrite somebody else's later change
	}
	return change
}

// channelKey returns the key of the team's configuration that holds its channel: "slack_channel" or "teams_channel".
func (i teamInput) channelKey() string { return i.chat + "_channel" }

// teamProblems is what the form shows when it could not be saved.
type teamProblems struct {
	fields map[string]string // by the names of the form's fields
	others []string          // problems that belong to no field
}

// problemsOf returns what to show for an error of saving the change. ok is false if the admin can't solve the problem
// in the form, and if err is nil.
func (i teamInput) problemsOf(err error) (problems teamProblems, ok bool) {
	if refused, isRefused := errors.AsType[*setup.Refused](err); isRefused {
		fields := map[string]string{"name": refused.Fields["name"], "channel": refused.Fields[i.channelKey()]}
		return teamProblems{fields: fields, others: refused.Others}, true
	}
	if wasChangedByOthers(err) {
		const problem = "Somebody else changed this team meanwhile. Look at it, and send it again."
		return teamProblems{others: []string{problem}}, true
	}
	return teamProblems{}, false
}

// wasChangedByOthers reports whether a change wasn't saved because somebody else has changed, added or removed the same
// entry since the change was made.
func wasChangedByOthers(err error) bool {
	return errors.Is(err, setup.ErrStale) || errors.Is(err, setup.ErrExists) || errors.Is(err, setup.ErrMissing)
}

// findTeam returns the team with a name, in upper or lower case, or nil if there is none.
func (s *stepsPage) findTeam(name string) *Team {
	i := slices.IndexFunc(s.Teams, func(t Team) bool { return strings.EqualFold(t.Name, name) })
	if i < 0 {
		return nil
	}
	return &s.Teams[i]
}

// isConnected reports whether Parley is connected to a chat.
func (s *stepsPage) isConnected(chat string) bool {
	return slices.ContainsFunc(s.Chats, func(c Chat) bool { return c.Kind == chat && c.Connected })
}

// showTeamAgain shows the form with what the admin has typed, and with the problems.
func (p startPages) showTeamAgain(v *web.Visit, s *stepsPage, problems teamProblems) error {
	s.Team.Problems = problems.others
	s.Team.Keep(v, problems.fields)
	return v.ShowAgain("start", s.makeScreen())
}
