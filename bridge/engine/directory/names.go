package directory

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/store"
)

// Find returns the active agent whom people mean by what they write: a user id of the surface, an e-mail address, a name
// or a first name. It returns nil if nobody is called so, or if several are.
func (d *Directory) Find(surface store.AccountID, who string) *store.Agent {
	who = strings.TrimPrefix(strings.TrimSpace(who), "@")
	if a := d.AgentOf(surface, store.SurfaceUser(who)); a != nil {
		return a
	}
	return d.activeAgentCalled(who)
}

// activeAgentCalled returns the active agent whom a name means, in any case. The first kind of name that somebody has
// counts (namesOf). It returns nil if nobody has the name, or if several do.
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

// namesOf returns what an agent may be called, in the order in which it counts: the e-mail address, the whole name, the
// first name.
func namesOf(a *store.Agent) [kindsOfName]string {
	first, _, _ := strings.Cut(a.Name, " ")
	return [...]string{a.Email, a.Name, first}
}

// onlyOne returns the agent in a list of one, or else nil.
func onlyOne(agents []*store.Agent) *store.Agent {
	if len(agents) != 1 {
		return nil
	}
	return agents[0]
}

// FindTeam returns the team whose name people write: as it is spelt, else in any case and with "-" and "_" read as
// blanks. It returns nil if there is none.
func (d *Directory) FindTeam(name string) *store.Team {
	name = strings.TrimPrefix(strings.TrimSpace(name), "#")
	blanks := strings.NewReplacer("-", " ", "_", " ")
	i := slices.IndexFunc(d.Teams, func(t store.Team) bool { return t.Name == name })
	if i < 0 {
		i = slices.IndexFunc(d.Teams, func(t store.Team) bool { return strings.EqualFold(blanks.Replace(t.Name), blanks.Replace(name)) })
	}
	if i < 0 {
		return nil
	}
	return &d.Teams[i]
}

// AccountNamed returns the account of a channel with a name, or nil if there is none.
func (d *Directory) AccountNamed(name string) *store.Account {
	for i := range d.Accounts {
		if d.Accounts[i].Name == name && d.Accounts[i].Side == store.SideChannel {
			return &d.Accounts[i]
		}
	}
	return nil
}

// NamedIn returns the active agents whom a text names by an @ and one of their names (namesOf).
func (d *Directory) NamedIn(text string) []*store.Agent {
	var found []*store.Agent
	before, after, ok := strings.Cut(strings.ToLower(text), "@")
	for ; ok; before, after, ok = strings.Cut(after, "@") {
		if last, _ := utf8.DecodeLastRuneInString(before); isLetterOrDigit(last) {
			continue // the @ is inside an address
		}
		a := d.activeAgentCalled(d.longestNameAtStart(after))
		if a != nil && !slices.Contains(found, a) {
			found = append(found, a)
		}
	}
	return found
}

func isLetterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// longestNameAtStart returns the longest name of an agent with which a text begins, or "". Both are in small letters.
// Names of inactive agents count, too: "@Ann Lee" isn't the colleague Ann Brown after Ann Lee has left.
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
