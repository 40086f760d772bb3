package slackfake

import (
	"maps"
	"slices"
	"strings"
)

// Grant is what the app may do in the workspace: its scopes and whether its token is valid. The lock,
// Ground.Mu, guards it.
type Grant struct {
	*Ground
	Scopes  map[string]bool
	Used    map[string]bool // scopes that calls and events made use of
	Revoked bool
	Token   string // of the bot
}

// NewGrant makes a Grant without any scope.
func NewGrant(g *Ground) *Grant { return &Grant{Ground: g} }

// Reset grants what Options say. Caller holds the lock.
func (g *Grant) Reset() {
	g.Scopes = map[string]bool{}
	g.Used = map[string]bool{}
	g.Revoked = false
	g.Token = g.Opt.BotToken
	for _, sc := range g.Opt.Scopes {
		g.Scopes[sc] = true
	}
}

// Provided lists the granted scopes as Slack's answers do. Caller holds the lock.
func (g *Grant) Provided() string { return strings.Join(slices.Sorted(maps.Keys(g.Scopes)), ",") }

// UseCommand records that a person uses a command or shortcut of the app. It refuses one that the app doesn't
// offer, or has no scope for. Caller holds the lock.
func (g *Grant) UseCommand(offered []string, name string) error {
	isOffered := offered == nil || slices.Contains(offered, name)
	if !g.Scopes["commands"] || !isOffered {
		return Refuse("not_found")
	}
	g.Used["commands"] = true
	return nil
}
