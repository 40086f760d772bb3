package slackfake

import (
	"maps"
	"slices"
	"strings"
)

// grant is what the app may do in the workspace. Guarded by the lock.
type grant struct {
	*ground
	scopes  map[string]bool
	used    map[string]bool // scopes that calls and events made use of
	revoked bool
	token   string // of the bot
}

// reset grants what Options say. Caller holds the lock.
func (g *grant) reset() {
	g.scopes, g.used, g.revoked, g.token = map[string]bool{}, map[string]bool{}, false, g.opt.BotToken
	for _, sc := range g.opt.Scopes {
		g.scopes[sc] = true
	}
}

// provided lists the granted scopes as Slack's answers do. Caller holds the lock.
func (g *grant) provided() string {
	return strings.Join(slices.Sorted(maps.Keys(g.scopes)), ",")
}

// mayCommand checks that the app offers name and has the scope for it, and records its use.
// Caller holds the lock.
func (g *grant) mayCommand(offered []string, name string) error {
	if !g.scopes["commands"] || offered != nil && !slices.Contains(offered, name) {
		return refuse("not_found")
	}
	g.used["commands"] = true
	return nil
}
