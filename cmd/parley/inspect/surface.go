package inspect

import (
	"context"
	"errors"
	"slices"

	"parley/channels"
	"parley/store"
)

// finder is a surface in which a person can be looked up. Without a channels.Checker that is how its credentials are tested.
type finder interface {
	Lookup(ctx context.Context, email string) (string, error)
}

// checkSurface examines a chat in which agents work.
func (o Options) checkSurface(ctx context.Context, a store.Account, d store.Directory) Section {
	s := Section{Name: "surface " + a.Name}
	hasTeam := slices.ContainsFunc(d.Channels, func(c store.TeamChannel) bool { return c.AccountID == a.ID })
	hasAccount := slices.ContainsFunc(d.Accounts, func(c store.Account) bool { return c.SurfaceID != nil && *c.SurfaceID == a.ID })
	isUsed := hasTeam || hasAccount
	live, isConnected := o.Surfaces[a.Kind]
	switch {
	case isConnected:
		checkConnection(ctx, &s, live, d.Agents)
		addCondition(&s, a)
	case o.SurfacesFault != nil:
		addUnknown(&s, isUsed, o.SurfacesFault)
	case isUsed:
		s.addWrong("connection", "threads are to open here, but no credentials are given", "Connect it on the page First steps, or set its environment variables, as for parley serve.")
	default:
		s.addOdd("connection", "not configured, and nothing uses it", "")
	}

	return s
}

// addUnknown says why it isn't known whether a surface is connected.
func addUnknown(s *Section, isUsed bool, fault error) {
	text, hint := "it can't be examined: "+fault.Error(), "Put that right, and run parley doctor again."
	if errors.Is(fault, store.ErrWrongKey) {
		text, hint = "it can't be examined without the master key, since its credentials may be stored", "Set PARLEY_MASTER_KEY, or PARLEY_MASTER_KEY_FILE, as for parley serve."
	}
	if isUsed {
		s.addWrong("connection", text, hint)
	} else {
		s.addOdd("connection", text, hint)
	}
}

// checkConnection tests the credentials of a connected surface, by the best way that it offers.
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
		s.addWrong("connection", err.Error(), "Check the tokens that were given on the page First steps or in the environment, the app's scopes and the network.")
		return
	}

	s.addGood("connection", "it answers")
}
