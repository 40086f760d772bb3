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

// Only agents can answer customers: what other people write in a thread is never sent. So for each team's channel in Slack
// or Teams, an admin confirms once which of its members are agents. A roster is the list of a channel's members with a
// proposal for each.

const membersPath = path + "/members"

// Roster is the list of the members of a team's channel.
type Roster struct {
	Team, Chat string // the team's name and the chat's kind: "Billing", "slack"
	Channel    string
	Version    string // the version of the team
	Follows    bool   // people who join the channel later become agents automatically
	Confirmed  bool   // an admin has confirmed the members before
	People     []Member
}

// Decision is an admin's decision about a Roster.
type Decision struct {
	Team, Chat string
	Version    string               // Roster.Version of the page
	Channel    string               // Roster.Channel of the page
	Listed     []bridge.SurfaceUser // all users on the page
	Chosen     []bridge.SurfaceUser // the users who become agents
	Follow     bool                 // people who join the channel later become agents automatically
}

// Values of the field "Who comes into the channel later".
const (
	everyNewcomer  = "channel_members"
	nobodyUnlisted = "listed"
)

// Member is a member of a channel.
type Member struct {
	User        bridge.SurfaceUser
	Name, Email string
	Note        string // what the person is: "agent already"
	Fixed       bool   // the person can't be chosen; Note says why
	Chosen      bool   // the person is proposed: the checkbox is checked initially
}

// rosterLink is a link from the first steps to the page of a channel's members.
type rosterLink struct {
	Team, Chat, Path string
	Confirmed        bool
}

// addRosters adds links for all channels of teams in connected chats.
func (s *stepsPage) addRosters() {
	for _, t := range s.Teams {
		for _, kind := range t.Chats {
			i := slices.IndexFunc(s.Chats, func(c Chat) bool { return c.Connected && c.Kind == kind })
			if i < 0 {
				continue
			}
			s.Rosters = append(s.Rosters, rosterLink{
				Team:      t.Name,
				Chat:      s.Chats[i].Name,
				Path:      rosterPath(t.Name, kind),
				Confirmed: !slices.Contains(t.Unasked, kind),
			})
		}
	}
}

// rosterPath returns the URL of the page of a channel's members.
func rosterPath(team, chat string) string {
	return membersPath + "?" + url.Values{"team": {team}, "chat": {chat}}.Encode()
}

// membersPage is the template data of members.html.
type membersPage struct {
	Roster

	Path, Back string
	Selectable int // number of people who can be chosen
	Follow     web.Field
}

// showMembers shows the page of a channel's members.
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

	follows := r.Follows || !r.Confirmed // the default of the first confirmation
	page.Follow = web.Field{
		Name:  "agents",
		Label: "Who comes into the channel later",
		Kind:  web.KindChoice,
		Choices: []web.Choice{
			{Value: everyNewcomer, Text: "becomes an agent, too", Chosen: follows},
			{Value: nobodyUnlisted, Text: "isn't an agent until you say so", Chosen: !follows},
		},
		Help: "Guests, bots and people of other organisations never become agents by themselves, " +
			"and whom you leave out now stays out.",
	}

	return v.Show("members", web.Screen{
		Title: "Who answers for " + r.Team,
		Help: "Only what agents write in a thread can reach a customer. " +
			"These people are in the team's channel now: confirm once who of them answers.",
		Data: page,
	})
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
