package card

import (
	"html"
	"strconv"
	"strings"

	"parley/bridge"
)

// Mention is a person whom Teams notifies of a post. The post has exactly the characters of Text.
type Mention struct {
	User string // Entra object id
	Name string
	Text string // "<at>Ann Lee</at>"
}

// mentions collects the people whom a post mentions: each once, since one mention is enough to notify.
type mentions struct {
	list []Mention
}

// mention gives the characters that mention an agent; "" if only the name can be shown, because the
// agent isn't in Teams or is mentioned already. Two people with the same name get different characters,
// or Teams could not tell them apart.
func (m *mentions) mention(a bridge.AgentRef, name string) string {
	if !userID(a.User) {
		return ""
	}
	name = mentionable(name)
	for n := 2; ; n++ {
		text := "<at>" + html.EscapeString(name) + "</at>"
		same := false
		for _, other := range m.list {
			if other.User == a.User {
				return ""
			}
			same = same || other.Text == text
		}
		if !same {
			m.list = append(m.list, Mention{User: a.User, Name: name, Text: text})
			return text
		}
		name = mentionable(a.Name) + " (" + strconv.Itoa(n) + ")"
	}
}

// weight is about how many bytes of UTF-16 the entities of the mentions take, from index first on.
func (m *mentions) weight(first int) int {
	const frame = 400
	n := 0
	for _, who := range m.list[first:] {
		n += frame + weigh(who.Text) + weigh(who.Name)
	}
	return n
}

// mentionable removes from a name the characters that are markup in a TextBlock. They can't be escaped,
// because the text has to have the same characters as the entity.
func mentionable(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune("<>*_`[]\\~{}\"'", r) {
			return -1
		}
		return r
	}, oneLine(name))
	if name = strings.TrimSpace(name); name == "" {
		return "Somebody"
	}
	return name
}

// userID says whether s has the form of an Entra object id.
// Shape: 00000000-0000-4000-8000-000000000000
func userID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range s {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hex := r >= '0' && r <= '9' || r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F'
		if dash != (r == '-') || !dash && !hex {
			return false
		}
	}
	return true
}
