package settings

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"parley/bot/web"
	"parley/bridge"
)

// Only agents can answer customers: what other people write in a thread is never sent. So for each team's channel in Slack
// or Teams, an admin confirms once which of its members are agents. A roster is the list of a channel's members with a
// proposal for each.

const membersPath = startPath + "/members"

// Roster is the list of the members of a team's channel.
type Roster struct {
	Team, Chat string // the team's name and the chat's kind: "Billing", "slack"
	Channel    string
	Version    string // the version of the team
	Follows    bool   // people who join the channel later become agents automatically
	People     []Member
}

// StartDecision is an admin's decision about a Roster.
type StartDecision struct {
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
	Chosen      bool   `json:"-"` // the person is proposed: the checkbox is checked initially
}

// Retry is why a decision was not carried out although it isn't outdated. The page shows it again with these problems, so
// that the admin can change it or send it once more.
type Retry struct{ Problems []string }

// Error returns all problems.
func (r *Retry) Error() string { return "start: " + strings.Join(r.Problems, " ") }

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
	Shown      string   // Roster.encode
	Problems   []string // why the decision that the page shows was not carried out; none if the page is new
}

// showMembers shows the page of a channel's members.
func (p startPages) showMembers(v *web.Visit) error {
	r, err := p.desk.Roster(v.Context(), v.Value("team"), v.Value("chat"))
	if problem, ok := errors.AsType[*web.Problem](err); ok {
		return v.Refuse(http.StatusUnprocessableEntity, problem.Text, problem.Hint)
	}
	if err != nil {
		return err
	}

	screen, err := makeMembersScreen(r, r.Follows, nil)
	if err != nil {
		return err
	}
	return v.Show("members", screen)
}

// makeMembersScreen returns the page of a channel's members. follows is the choice about people who join the channel later.
func makeMembersScreen(r Roster, follows bool, problems []string) (web.Screen, error) {
	shown, err := r.encode()
	if err != nil {
		return web.Screen{}, err
	}

	page := membersPage{Roster: r, Path: membersPath, Back: startPath, Shown: shown, Problems: problems}
	for _, m := range r.People {
		if !m.Fixed {
			page.Selectable++
		}
	}

	page.Follow = web.Field{
		Name:  "agents",
		Label: "Who comes into the channel later",
		Kind:  web.KindChoice,
		Choices: []web.Choice{
			{Value: nobodyUnlisted, Text: "isn't an agent until you say so", Chosen: !follows},
			{Value: everyNewcomer, Text: "becomes an agent by itself, and writes to customers", Chosen: follows},
		},
		Help: "Guests, bots and people of other organisations never become agents by themselves, " +
			"and whom you leave out now stays out.",
	}

	return web.Screen{
		Title: "Who answers for " + r.Team,
		Help: "A tick makes somebody an agent: what they write in a customer's thread is sent to the customer. " +
			"What the others write stays inside. These people are in the team's channel now; guests aren't ticked, and bots aren't listed.",
		Data: page,
	}, nil
}

// confirm makes the chosen people agents.
func (p startPages) confirm(v *web.Visit) error {
	if err := v.Request.ParseForm(); err != nil {
		return err
	}

	form := v.Request.PostForm
	decision := StartDecision{
		Team:    v.Value("team"),
		Chat:    v.Value("chat"),
		Version: v.Value("version"),
		Channel: v.Value("channel"),
		Listed:  usersIn(form["listed"]),
		Chosen:  usersIn(form["user"]),
		Follow:  v.Value("agents") == everyNewcomer,
	}
	joined, err := p.desk.Confirm(v.Context(), v.Person, decision)
	if retry, ok := errors.AsType[*Retry](err); ok {
		screen, err := makeMembersScreen(decision.roster(form.Get("shown")), decision.Follow, retry.Problems)
		if err != nil {
			return err
		}
		return v.ShowAgain("members", screen)
	}
	if problem, ok := errors.AsType[*web.Problem](err); ok {
		return v.Refuse(http.StatusUnprocessableEntity, problem.Text, problem.Hint)
	}
	if err != nil {
		return err
	}
	if joined == 1 {
		return v.GoWithText(startPath, "Confirmed: 1 person joined the team.")
	}

	return v.GoWithText(startPath, "Confirmed: "+strconv.Itoa(joined)+" people joined the team.")
}

// roster returns the list of members as the page showed it, with the people who were chosen since. shown is Roster.encode of
// that page: what the chat told about the members, because the chat may not tell it now.
func (d StartDecision) roster(shown string) Roster {
	var told []Member
	_ = json.Unmarshal([]byte(shown), &told) //nolint:errcheck // then nothing is known but the users
	r := Roster{Team: d.Team, Chat: d.Chat, Channel: d.Channel, Version: d.Version}
	for _, user := range d.Listed {
		m := Member{User: user}
		if i := slices.IndexFunc(told, func(m Member) bool { return m.User == user }); i >= 0 {
			m = told[i]
		}
		m.Chosen = slices.Contains(d.Chosen, user)
		r.People = append(r.People, m)
	}
	return r
}

// encode returns the people in one text, for a field of the form. A form may have ten thousand fields, and a channel
// thousands of members.
func (r Roster) encode() (string, error) {
	text, err := json.Marshal(r.People)
	return string(text), err
}

// usersIn reads the users in the values of a field.
func usersIn(values []string) []bridge.SurfaceUser {
	users := make([]bridge.SurfaceUser, len(values))
	for i, value := range values {
		users[i] = bridge.SurfaceUser(value)
	}
	return users
}
