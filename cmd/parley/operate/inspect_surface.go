package operate

import (
	"context"
	"errors"
	"slices"
	"strings"

	"parley/channels"
	"parley/store"
)

// A surface is the code for a chat in which agents work, such as Slack. This file checks surfaces for `parley doctor`: is
// the chat connected, do its credentials work, and does it know the agents?

// finder is a surface that can look up people. If it is no channels.Checker, its credentials are tested by a lookup.
type finder interface {
	Lookup(ctx context.Context, email string) (store.SurfaceUser, error)
}

// userChecker is a surface that can check whether users exist.
type userChecker interface {
	// Absent returns those of the users who don't exist in the chat.
	Absent(ctx context.Context, users []store.SurfaceUser) ([]store.SurfaceUser, error)
}

// checkSurface checks the chat with the account a.
func (o Options) checkSurface(ctx context.Context, a store.Account, d store.Directory) Section {
	s := Section{Name: "surface " + a.Name}
	hasTeam := slices.ContainsFunc(d.Channels, func(c store.TeamChannel) bool { return c.AccountID == a.ID })
	hasAccount := slices.ContainsFunc(d.Accounts, func(c store.Account) bool { return c.SurfaceID != nil && *c.SurfaceID == a.ID })
	isUsed := hasTeam || hasAccount
	live, isConnected := o.Surfaces[a.Kind]
	switch {
	case isConnected:
		checkConnection(ctx, &s, live, d.Agents)
		checkUsers(ctx, &s, live, a, d)
		addCondition(&s, a)
	case o.SurfacesFault != nil:
		addUnknown(&s, isUsed, o.SurfacesFault)
	case isUsed:
		s.addWrong("connection", "threads are to open here, but no credentials are given",
			"Connect it on the page First steps, or set its environment variables, as for parley serve.")
	default:
		s.addOdd("connection", "not configured, and nothing uses it", "")
	}

	return s
}

// addUnknown adds a finding for a surface whose credentials could not be determined.
func addUnknown(s *Section, isUsed bool, fault error) {
	text, hint := "it can't be examined: "+fault.Error(), "Put that right, and run parley doctor again."
	if errors.Is(fault, store.ErrWrongKey) {
		text, hint = "it can't be examined without the master key, since its credentials may be stored",
			"Set PARLEY_MASTER_KEY, or PARLEY_MASTER_KEY_FILE, as for parley serve."
	}
	if isUsed {
		s.addWrong("connection", text, hint)
	} else {
		s.addOdd("connection", text, hint)
	}
}

// checkUsers checks that the users exist in the chat whose ids are stored for agents. It does nothing if the section says
// already that the connection is broken.
func checkUsers(ctx context.Context, s *Section, live any, chat store.Account, d store.Directory) {
	surface, ok := live.(userChecker)
	isBroken := InspectReport{Sections: []Section{*s}}.IsBroken()
	if !ok || isBroken {
		return
	}

	var users []store.SurfaceUser
	var wrong []string // the agents whose users don't exist, with the users' ids
	isHere := func(u store.AgentUser, a store.Agent) bool {
		return u.AccountID == chat.ID && u.AgentID == a.ID && a.Active
	}
	for _, u := range d.Users {
		if slices.ContainsFunc(d.Agents, func(a store.Agent) bool { return isHere(u, a) }) {
			users = append(users, u.UserID)
		}
	}
	absent, err := surface.Absent(ctx, users)
	if err != nil {
		s.addOdd("agents", "it could not be asked which of them it has: "+err.Error(), "")
		return
	}

	for _, u := range d.Users {
		i := slices.IndexFunc(d.Agents, func(a store.Agent) bool { return isHere(u, a) })
		if i >= 0 && slices.Contains(absent, u.UserID) {
			wrong = append(wrong, d.Agents[i].Email+" ("+string(u.UserID)+")")
		}
	}
	if len(wrong) > 0 {
		s.addOdd("agents", "it has nobody by these ids, so what these agents write there stays inside: "+strings.Join(wrong, ", "),
			"Correct the ids on the page People or in parley.yaml, or leave them out: people are found by e-mail.")
	}
}

// checkConnection tests the credentials of a connected surface: by its own checks if it has any, or else by looking up an
// agent.
func checkConnection(ctx context.Context, s *Section, live any, agents []store.Agent) {
	if checker, ok := live.(channels.Checker); ok {
		s.addChecked(checker.Check(ctx))
		return
	}

	surface, ok := live.(finder)
	if !ok || len(agents) == 0 {
		s.addGood("connection", "configured")
		return
	}
	if _, err := surface.Lookup(ctx, agents[0].Email); err != nil {
		s.addWrong("connection", err.Error(),
			"Check the tokens that were given on the page First steps or in the environment, the app's scopes and the network.")
		return
	}

	s.addGood("connection", "it answers")
}
