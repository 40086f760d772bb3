package setup

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/channels"
	"parley/store"
)

// Joining is a member of a Slack or Teams channel who is to become an agent of the team to which the channel belongs.
type Joining struct {
	Kind  string            // of the chat: "slack" or "teams"
	User  store.SurfaceUser // the person's id there
	Email string
	Name  string

	// Replaces allows User to replace another user that the agent with this e-mail address has in the chat. Only a human
	// may decide that, because an address in a chat profile proves nothing.
	Replaces bool
}

// Join makes people agents of a team, in a single change. A person who is an agent already, by the user in the chat or by
// the e-mail address, only becomes a member of the team. Join skips new people without a valid address.
//
// rule replaces the team's rule for who becomes an agent later: store.AgentsListed or store.AgentsOfChannel. "" keeps it.
// Errors: ErrMissing, if the team doesn't exist.
func Join(ctx context.Context, pool *pgxpool.Pool, team, rule string, people []Joining, o Options) (Result, error) {
	o.fromChat = true
	addMembers := func(want *State) error {
		t := want.Team(team)
		if t == nil {
			return ErrMissing
		}
		if rule != "" {
			t.Agents = AgentsRule(rule)
		}

		for _, person := range people {
			email, ok := findOrAddAgent(want, person)
			if ok && !slices.Contains(t.Members, email) {
				t.Members = append(slices.Clip(t.Members), email)
			}
		}
		return nil
	}
	o.amendWanted = addMembers
	emptyFile := &File{} // changes nothing; addMembers makes the whole change
	return Apply(ctx, pool, emptyFile, o)
}

// findOrAddAgent returns the e-mail address of the agent that the person is, and adds the agent to the state if necessary.
// It returns false if the person isn't an agent yet and has no valid address.
func findOrAddAgent(s *State, person Joining) (email string, ok bool) {
	if a := s.AgentOf(person.Kind, person.User); a != nil {
		return a.Email, true
	}

	email = channels.LowerAddress(strings.TrimSpace(person.Email))
	if !IsEmail(email) {
		return "", false
	}

	a := s.Agent(email)
	if a == nil {
		s.Agents = append(s.Agents, StateAgent{
			Email: email,
			Name:  cmp.Or(strings.TrimSpace(person.Name), email),
			Roles: []string{RoleAgent},
			Users: map[string]store.SurfaceUser{},
		})

		a = &s.Agents[len(s.Agents)-1]
	}

	if a.Users[person.Kind] == "" || person.Replaces {
		a.Users[person.Kind] = person.User
	}
	return a.Email, true
}
