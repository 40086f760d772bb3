package directory

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/store"
)

// Find returns the agent whom people mean by what they write: a user id of the surface, an e-mail address, a name or a
// first name. It returns nil if nobody has it, or if several do.
func (d *Directory) Find(surface store.AccountID, who string) *store.Agent {
	who = strings.TrimPrefix(strings.TrimSpace(who), "@")
	if a := d.AgentOf(surface, who); a != nil {
		return a
	}

	var named, first []*store.Agent
	for i := range d.Agents {
		a := &d.Agents[i]
		if !a.Active {
			continue
		}
		if strings.EqualFold(a.Email, who) {
			return a
		}

		if strings.EqualFold(a.Name, who) {
			named = append(named, a)
		} else if strings.EqualFold(strings.SplitN(a.Name, " ", 2)[0], who) {
			first = append(first, a)
		}
	}

	if len(named) == 0 {
		named = first
	}
	if len(named) != 1 {
		return nil
	}

	return named[0]
}

// FindTeam returns the team whose name people write: as it is spelt, else in any case and with "-" and "_" read as
// blanks. It returns nil if there is none.
func (d *Directory) FindTeam(name string) *store.Team {
	plain := strings.NewReplacer("-", " ", "_", " ")
	name = strings.TrimPrefix(strings.TrimSpace(name), "#")
	for _, alike := range []func(string) bool{
		func(team string) bool { return team == name },
		func(team string) bool { return strings.EqualFold(plain.Replace(team), plain.Replace(name)) },
	} {
		if i := slices.IndexFunc(d.Teams, func(t store.Team) bool { return alike(t.Name) }); i >= 0 {
			return &d.Teams[i]
		}
	}
	return nil
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

// NamedIn returns the agents whom a text names by an @ and the whole name, the e-mail address or the first name. A
// first name that several agents have names nobody.
func (d *Directory) NamedIn(text string) []*store.Agent {
	var found []*store.Agent
	text = strings.ToLower(text)
	for before := ""; ; {
		lead, rest, ok := strings.Cut(text, "@")
		if !ok {
			return found
		}

		before, text = lead, rest
		if last, _ := utf8.DecodeLastRuneInString(before); isLetterOrDigit(last) {
			continue // the @ is inside an address
		}

		a := d.agentNamedAtStart(text)
		if a != nil && !slices.Contains(found, a) {
			found = append(found, a)
		}
	}
}

func isLetterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// agentNamedAtStart returns the agent with whose name a text, in small letters, begins. Of several names the longest
// counts. It returns nil if nobody has it, or if several agents do.
func (d *Directory) agentNamedAtStart(text string) *store.Agent {
	longest := ""
	for _, a := range d.Agents {
		whole := strings.ToLower(a.Name)
		first, _, _ := strings.Cut(whole, " ")
		for _, name := range []string{whole, first, strings.ToLower(a.Email)} {
			rest, ok := strings.CutPrefix(text, name)
			if !ok || len(name) <= len(longest) {
				continue
			}
			if next, _ := utf8.DecodeRuneInString(rest); !isLetterOrDigit(next) {
				longest = name
			}
		}
	}

	if longest == "" {
		return nil
	}

	return d.Find(0, longest)
}
