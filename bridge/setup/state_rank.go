package setup

import (
	"slices"

	"parley/store"
)

// Rank is how much an agent may.
type Rank int

// Ranks, the lowest first.
const (
	RankPlain Rank = iota
	RankAdmin
	RankSuperAdmin
)

// Rank is the rank that an agent's roles give.
func (a *StateAgent) Rank() Rank {
	if a == nil { // not an agent before the change, or no more after it
		return RankPlain
	}
	if slices.Contains(a.Roles, store.RoleSuperAdmin) {
		return RankSuperAdmin
	}
	if slices.Contains(a.Roles, store.RoleAdmin) {
		return RankAdmin
	}
	return RankPlain
}

// HighestRank returns the highest rank that some agent has.
func (s *State) HighestRank() (highest Rank) {
	for i := range s.Agents {
		highest = max(highest, s.Agents[i].Rank())
	}
	return highest
}

// IsSuper reports whether an agent counts as a super-admin: as long as nobody is named one, every admin does.
func (s *State) IsSuper(a *StateAgent) bool {
	return a.Rank() > RankPlain && a.Rank() == s.HighestRank()
}
