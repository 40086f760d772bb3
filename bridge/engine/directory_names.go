package engine

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/store"
)

// Find returns the active agent whom a person has typed: by user id of the surface, or by e-mail address, full name or first name
// regardless of case. A leading "@" is ignored. For example, "@ann" finds Ann Brown, unless there is a second Ann. It returns nil if
// no agent or several agents match.
func (d *Directory) Find(surface store.AccountID, who string) *store.Agent {
	who = strings.TrimPrefix(strings.TrimSpace(who), "@")
	if a := d.AgentOf(surface, store.SurfaceUser(who)); a != nil {
		return a
	}
	return d.activeAgentCalled(who)
}

// activeAgentCalled returns the active agent with a name, in any case. It tries the kinds of names in the order of namesOf, and stops
// at the first kind that matches. It returns nil if no agent or several agents match.
func (d *Directory) activeAgentCalled(name string) *store.Agent {
	if name == "" {
		return nil
	}
	for kind := range kindsOfName {
		var called []*store.Agent
		for i := range d.Agents {
			if a := &d.Agents[i]; a.Active && strings.EqualFold(namesOf(a)[kind], name) {
				called = append(called, a)
			}
		}
		if len(called) > 0 {
			return onlyOne(called)
		}
	}
	return nil
}

const kindsOfName = 3

// namesOf returns the names of an agent in order of precedence: e-mail address, full name, first name.
func namesOf(a *store.Agent) [kindsOfName]string {
	first, _, _ := strings.Cut(a.Name, " ")
	return [...]string{a.Email, a.Name, first}
}

// onlyOne returns the agent if the list has exactly one, or else nil.
func onlyOne(agents []*store.Agent) *store.Agent {
	if len(agents) != 1 {
		return nil
	}
	return agents[0]
}

// FindTeam returns the team with a name that a person has typed, or nil. An exact match wins. Otherwise case doesn't matter, and "-"
// and "_" count as spaces. A leading "#" is ignored.
func (d *Directory) FindTeam(name string) *store.Team {
	name = strings.TrimPrefix(strings.TrimSpace(name), "#")
	for i := range d.Teams {
		if d.Teams[i].Name == name {
			return &d.Teams[i]
		}
	}

	spaces := strings.NewReplacer("-", " ", "_", " ")
	for i := range d.Teams {
		if strings.EqualFold(spaces.Replace(d.Teams[i].Name), spaces.Replace(name)) {
			return &d.Teams[i]
		}
	}
	return nil
}

// AccountNamed returns the customers' account (such as a mailbox) with exactly this name, or nil.
func (d *Directory) AccountNamed(name string) *store.Account {
	for i := range d.Accounts {
		if d.Accounts[i].Name == name && d.Accounts[i].Side == store.SideChannel {
			return &d.Accounts[i]
		}
	}
	return nil
}

// NamedIn returns the active agents whom a text mentions by "@" and one of their names, such as "@Ann, please ask @ben ode". The "@"
// of an e-mail address doesn't count.
func (d *Directory) NamedIn(text string) []*store.Agent {
	var found []*store.Agent
	before, after, ok := strings.Cut(strings.ToLower(text), "@")
	for ; ok; before, after, ok = strings.Cut(after, "@") {
		if last, _ := utf8.DecodeLastRuneInString(before); isLetterOrDigit(last) {
			continue // inside an e-mail address
		}
		a := d.activeAgentCalled(d.longestNameAtStart(after))
		if a != nil && !slices.Contains(found, a) {
			found = append(found, a)
		}
	}
	return found
}

func isLetterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// longestNameAtStart returns the longest agent's name with which a text begins, or "". The text must be in lower case; so is the
// result. It considers inactive agents too: "@Ann Lee" must not match the active agent Ann Brown after Ann Lee has left.
func (d *Directory) longestNameAtStart(text string) string {
	longest := ""
	for i := range d.Agents {
		for _, name := range namesOf(&d.Agents[i]) {
			name = strings.ToLower(name)
			rest, isAtStart := strings.CutPrefix(text, name)
			next, _ := utf8.DecodeRuneInString(rest)
			if isAtStart && !isLetterOrDigit(next) && len(name) > len(longest) {
				longest = name
			}
		}
	}
	return longest
}
