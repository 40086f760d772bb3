package setup

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/setup/parleyfile"
	"parley/bridge/setup/state"
	"parley/store"
)

// Joining is a person in a chat who becomes an agent of a team.
type Joining struct {
	Kind  string // of the chat
	User  store.SurfaceUser
	Email string
	Name  string
	// Replaces says that the agent with this address may have another user in the chat, which this one replaces. Only a person
	// may decide that, since an address in a chat proves nothing.
	Replaces bool
}

// Join makes people agents of a team, in one change. Somebody who is an agent already, by the user in the chat or by the
// address, only becomes a member. rule says who becomes an agent of the team from now on (store.AgentsListed or
// store.AgentsOfChannel); "" leaves the rule as it is. Join skips people without a usable address.
// Errors: ErrMissing, if there is no such team.
func Join(ctx context.Context, pool *pgxpool.Pool, team, rule string, people []Joining, o Options) (Result, error) {
	o.fromChat = true
	o.amendWanted = func(want *state.State) error {
		t := want.Team(team)
		if t == nil {
			return ErrMissing
		}
		if rule != "" {
			t.Agents = state.AgentsRule(rule)
		}

		for _, j := range people {
			email := findOrAddAgent(want, j)
			if email != "" && !slices.Contains(t.Members, email) {
				t.Members = append(slices.Clip(t.Members), email)
			}
		}
		return nil
	}
	return Apply(ctx, pool, &parleyfile.File{}, o)
}

// findOrAddAgent finds the agent, or adds one to the state, and returns the address. It returns "" if the person isn't an agent
// yet and has no usable address.
func findOrAddAgent(s *state.State, j Joining) string {
	if a := s.AgentOf(j.Kind, j.User); a != nil {
		return a.Email
	}

	email := strings.ToLower(strings.TrimSpace(j.Email))
	if !parleyfile.IsEmail(email) {
		return ""
	}

	a := s.Agent(email)
	if a == nil {
		s.Agents = append(s.Agents, state.Agent{
			Email: email,
			Name:  cmp.Or(strings.TrimSpace(j.Name), email),
			Roles: []string{RoleAgent},
			Users: map[string]store.SurfaceUser{},
		})

		a = &s.Agents[len(s.Agents)-1]
	}

	if a.Users[j.Kind] == "" || j.Replaces {
		a.Users[j.Kind] = j.User
	}
	return a.Email
}
