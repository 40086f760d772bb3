package setup

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Joining is somebody in a chat who becomes an agent of a team.
type Joining struct{ Kind, User, Email, Name string }

// Join makes people agents of a team, in one change. They are known by their user in the chat, then by their address;
// whoever is an agent already keeps all else. rule is the team's new agents (store.AgentsListed, …); "" = as it is.
// Errors: ErrMissing, if there is no such team.
func Join(ctx context.Context, pool *pgxpool.Pool, team, rule string, people []Joining, o Options) (Result, error) {
	o.fromChat = true
	o.after = func(want *state) error {
		t := want.team(team)
		if t == nil {
			return ErrMissing
		}
		if rule != "" {
			t.agents = agentsRule(rule)
		}
		for _, j := range people {
			if email := want.joined(j); email != "" && !slices.Contains(t.members, email) {
				t.members = append(slices.Clip(t.members), email)
			}
		}
		return nil
	}
	return Apply(ctx, pool, &File{}, o)
}

// joined finds or makes the agent, and gives the address; "" if there is none by which an agent can be known.
func (s *state) joined(j Joining) string {
	if a := find(s.agents, func(a agent) bool { return a.users[j.Kind] == j.User }); a != nil {
		return a.email
	}
	email := strings.ToLower(strings.TrimSpace(j.Email))
	if !isEmail(email) {
		return ""
	}
	a := s.agent(email)
	if a == nil {
		s.agents = append(s.agents, agent{email: email, name: cmp.Or(strings.TrimSpace(j.Name), email), roles: []string{"agent"}, users: map[string]string{}})
		a = &s.agents[len(s.agents)-1]
	}
	if a.users[j.Kind] == "" {
		a.users[j.Kind] = j.User
	}
	return a.email
}
