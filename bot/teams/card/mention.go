package card

import (
	"html"
	"strconv"
	"strings"

	"parley/bridge"
)

// Mention is a person who is told of a post: Text stands in it with the same characters.
type Mention struct {
	User string // Entra object id
	Name string
	Text string // "<at>Ann Lee</at>"
}

// mentions collects who a post mentions: each person once, since one mention notifies.
type mentions struct {
	list []Mention
}

// mention gives the characters that mention a; "" if only the name can be shown: a isn't in
// Teams, or is mentioned already. Two people of one name get different characters, or
// Teams could not tell them apart.
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

// weight is about what the entities of mentions take as UTF-16, but for the first ones.
func (m *mentions) weight(first int) int {
	const frame = 400
	n := 0
	for _, who := range m.list[first:] {
		n += frame + weigh(who.Text) + weigh(who.Name)
	}
	return n
}

// mentionable leaves out of a name what is markup in a TextBlock, where it can't be escaped:
// the characters have to be those of the entity.
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

// userID tells the form of an Entra object id.
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
