package start

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

// The second step: a team gets the channel in which its threads open.

// teamForm makes the form that gives a team its channel. It proposes the first team that has none, or a new one.
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
			Help:        "Where the team's threads open: `#name`, or the channel's link or id. Parley must be let into it.",
		},
	}
	return web.Form{Action: path + "/team", Groups: []web.Group{{Fields: fields}}}
}

// saveTeam stores the channel of a team.
func (p pages) saveTeam(v *web.Visit) error {
	s, err := p.readSteps(v)
	if err != nil {
		return err
	}

	chat, channel := v.Value("chat"), v.Value("channel")
	field := chat + "_channel"
	change := setup.Change{
		Kind:   setup.EntryTeam,
		Name:   v.Value("name"),
		Values: map[string][]string{field: {channel}},
	}
	if team := s.findTeam(change.Name); team == nil {
		change.Values["members"] = []string{v.Person.Email}
	} else if slices.Contains(team.Chats, chat) { // another admin was faster: the page proposes no such team
		const hint = "Look at it on the team's page, and change it there."
		return v.Refuse(http.StatusUnprocessableEntity, "The team "+team.Name+" has a channel there already.", hint)
	} else {
		change.Version = team.Version
	}

	isConnected := slices.ContainsFunc(s.Chats, func(c Chat) bool { return c.Connected && c.Kind == chat })
	if channel == "" || !isConnected {
		problems := map[string]string{"channel": "Choose a chat that is connected, and one of its channels."}
		return p.showTeamAgain(v, s, problems, nil)
	}

	_, err = p.desk.Save(v.Context(), v.Person, change)
	if refused, ok := errors.AsType[*setup.Refused](err); ok {
		problems := map[string]string{"name": refused.Fields["name"], "channel": refused.Fields[field]}
		return p.showTeamAgain(v, s, problems, refused.Others)
	}
	if wasChangedByOthers(err) {
		const problem = "Somebody else changed this team meanwhile. Look at it, and send it again."
		return p.showTeamAgain(v, s, nil, []string{problem})
	}
	if err != nil {
		return err
	}

	done := "The team " + change.Name + " has its channel. Now say who of its members answers."
	return v.GoWithText(rosterPath(change.Name, chat), done)
}

// wasChangedByOthers reports whether a change wasn't saved because somebody else changed or added the same entry.
func wasChangedByOthers(err error) bool {
	return errors.Is(err, setup.ErrStale) || errors.Is(err, setup.ErrExists) || errors.Is(err, setup.ErrMissing)
}

// findTeam returns the team of a name; nil if there is none.
func (s *stepsPage) findTeam(name string) *Team {
	i := slices.IndexFunc(s.Teams, func(t Team) bool { return strings.EqualFold(t.Name, name) })
	if i < 0 {
		return nil
	}
	return &s.Teams[i]
}

// showTeamAgain shows the form of the team that was sent, with what is wrong at its fields and with other problems.
func (p pages) showTeamAgain(v *web.Visit, s *stepsPage, problems map[string]string, others []string) error {
	s.Team.Problems = others
	s.Team.Keep(v, problems)
	return v.ShowAgain("start", s.makeScreen())
}
