package store

import (
	"slices"
	"strings"
)

// Right is what somebody may do on an account of customers.
type Right string

// Rights on accounts. Whoever has a conversation, and whoever takes one that nobody has, needs only RightHandles for it.
const (
	RightHandles    Right = "handles"     // reads its conversations and answers
	RightReassign   Right = "reassign"    // may give a colleague's conversation to somebody else
	RightClear      Right = "clear"       // may take a colleague's conversation away without giving it to anybody
	RightResolveAll Right = "resolve_all" // may end a colleague's conversation
	RightTakes      Right = "takes"       // is given conversations by the rules of the account
)

// Rights lists all rights on accounts.
func Rights() []Right {
	return []Right{RightHandles, RightReassign, RightClear, RightResolveAll, RightTakes}
}

// IsUsual reports whether a person has a right who is listed without a word about it.
func (r Right) IsUsual() bool { return r == RightHandles || r == RightTakes }

// AccountPerson is one of the people of an account. As soon as an account has any, nobody else reads anything of it.
type AccountPerson struct {
	Agent  string  `json:"agent"` // the e-mail address
	Rights []Right `json:"rights"`
}

// ReplaceTeam reports whether the account's people, and not the members of a team, are given what waits in the team: unless somebody or
// a rule has chosen another team, the people are who work on the account.
func (a *Account) ReplaceTeam(team *TeamID) bool {
	return len(a.People) > 0 && team != nil && a.TeamID != nil && *team == *a.TeamID
}

// MayBy reports whether an agent has a right on an account by the account's own people.
func (a *Account) MayBy(email string, right Right) bool {
	return len(a.People) == 0 || slices.ContainsFunc(a.People, func(p AccountPerson) bool {
		return strings.EqualFold(p.Agent, email) && slices.Contains(p.Rights, right)
	})
}
