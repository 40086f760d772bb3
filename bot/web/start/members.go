package start

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"parley/bot/web"
	"parley/bridge"
)

// Only what an agent writes in a thread can reach a customer. So for each channel of a team, an admin confirms once
// which of the people in it become agents. A roster is the list of the people in a channel, with what is proposed for
// each.

const membersPath = path + "/members"

// Roster is who is in a team's channel.
type Roster struct {
	Team, Chat string // the chat's kind
	Channel    string
	Version    string // of the team
	Follows    bool   // people who join the channel later become agents, too
	Confirmed  bool   // an admin has confirmed the members before
	People     []Member
}

// Decision is what an admin decided about the members of a channel.
type Decision struct {
	Team, Chat string
	Version    string               // of the team, as the page showed it
	Channel    string               // the channel whose members the page showed
	Listed     []bridge.SurfaceUser // the users whom the page showed
	Chosen     []bridge.SurfaceUser // the users who become agents
	Follow     bool                 // people who join the channel later become agents, too
}

// The values of the field that says who becomes an agent later.
const (
	everyNewcomer  = "channel_members"
	nobodyUnlisted = "listed"
)

// Member is somebody in a channel.
type Member struct {
	User        bridge.SurfaceUser
	Name, Email string
	Note        string // what the person is: "agent already"
	Fixed       bool   // the person can't be chosen; Note says why
	Chosen      bool   // the person is proposed: the box is checked when the page opens
}

// roster is the line of the first steps that leads to the page of one channel's members.
type roster struct {
	Team, Chat, Path string
	Confirmed        bool
}

// addRosters lists the teams' channels in connected chats.
func (s *stepsPage) addRosters() {
	for _, t := range s.Teams {
		for _, kind := range t.Chats {
			i := slices.IndexFunc(s.Chats, func(c Chat) bool { return c.Connected && c.Kind == kind })
			if i < 0 {
				continue
			}
			s.Rosters = append(s.Rosters, roster{Team: t.Name, Chat: s.Chats[i].Name, Confirmed: !slices.Contains(t.Unasked, kind),
				Path: rosterPath(t.Name, kind)})
		}
	}
}

// rosterPath is the page of the members of a team's channel.
func rosterPath(team, chat string) string {
	return membersPath + "?" + url.Values{"team": {team}, "chat": {chat}}.Encode()
}

// membersPage is what the page shows.
type membersPage struct {
	Roster

	Path, Back string
	Selectable int // how many people can be chosen
	Follow     web.Field
}

// showMembers shows who is in a team's channel.
func (p pages) showMembers(v *web.Visit) error {
	r, err := p.desk.Roster(v.Context(), v.Value("team"), v.Value("chat"))
	if problem, ok := errors.AsType[*web.Problem](err); ok {
		return v.Refuse(http.StatusUnprocessableEntity, problem.Text, problem.Hint)
	}
	if err != nil {
		return err
	}

	page := membersPage{Roster: r, Path: membersPath, Back: path}
	for _, m := range r.People {
		if !m.Fixed {
			page.Selectable++
		}
	}

	page.Follow = web.Field{Name: "agents", Label: "Who comes into the channel later", Kind: web.KindChoice, Choices: []web.Choice{
		{Value: everyNewcomer, Text: "becomes an agent, too", Chosen: r.Follows || !r.Confirmed},
		{Value: nobodyUnlisted, Text: "isn't an agent until you say so", Chosen: !r.Follows && r.Confirmed},
	}, Help: "Guests, bots and people of other organisations never become agents by themselves, and whom you leave out now stays out."}

	return v.Show("members", web.Screen{Title: "Who answers for " + r.Team, Data: page,
		Help: "Only what agents write in a thread can reach a customer. " +
			"These people are in the team's channel now: confirm once who of them answers."})
}

// confirm makes the chosen people agents.
func (p pages) confirm(v *web.Visit) error {
	if err := v.Request.ParseForm(); err != nil {
		return err
	}

	form := v.Request.PostForm
	joined, err := p.desk.Confirm(v.Context(), v.Person, Decision{
		Team:    v.Value("team"),
		Chat:    v.Value("chat"),
		Version: v.Value("version"),
		Channel: v.Value("channel"),
		Listed:  usersIn(form["listed"]),
		Chosen:  usersIn(form["user"]),
		Follow:  v.Value("agents") == everyNewcomer,
	})
	if problem, ok := errors.AsType[*web.Problem](err); ok {
		return v.Refuse(http.StatusUnprocessableEntity, problem.Text, problem.Hint)
	}
	if err != nil {
		return err
	}
	if joined == 1 {
		return v.GoWithText(path, "Confirmed: 1 person joined the team.")
	}

	return v.GoWithText(path, "Confirmed: "+strconv.Itoa(joined)+" people joined the team.")
}

// usersIn reads the users in the values of a field.
func usersIn(values []string) []bridge.SurfaceUser {
	users := make([]bridge.SurfaceUser, len(values))
	for i, value := range values {
		users[i] = bridge.SurfaceUser(value)
	}
	return users
}
