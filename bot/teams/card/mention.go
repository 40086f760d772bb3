package card

import (
	"html"
	"slices"
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

// A post mentions a person by text such as "<at>Ann Lee</at>" together with an entity, which says who that is. This
// file collects the mentions of one post.

// mentions collects the people whom a post mentions. Each is mentioned only once, which is enough to notify them.
type mentions struct {
	list []Mention
}

// add adds a mention of an agent and returns its text. It returns "" if the caller must show only the name, because
// the agent isn't in Teams or is mentioned already. If two people have the same name, the second one's text is
// "<at>Ann Lee (2)</at>", because Teams tells mentions apart by their text.
func (m *mentions) add(a bridge.AgentRef, name string) string {
	user := string(a.User)
	if !isUserID(user) {
		return ""
	}
	if slices.ContainsFunc(m.list, func(other Mention) bool { return other.User == user }) {
		return ""
	}

	name = cleanName(name)
	for n := 2; ; n++ {
		text := "<at>" + html.EscapeString(name) + "</at>"
		if !slices.ContainsFunc(m.list, func(other Mention) bool { return other.Text == text }) {
			m.list = append(m.list, Mention{User: user, Name: name, Text: text})
			return text
		}

		name = cleanName(a.Name) + " (" + strconv.Itoa(n) + ")"
	}
}

// entitiesSize estimates how many bytes of UTF-16 the entities of the mentions take, from index first on.
func (m *mentions) entitiesSize(first int) int {
	const overhead = 400 // of an entity without its texts
	n := 0
	for _, mention := range m.list[first:] {
		n += overhead + escapedSize(mention.Text) + escapedSize(mention.Name)
	}
	return n
}

// cleanName removes from a name the characters that are markup in a TextBlock. They can't be escaped, because the text
// must have the same characters as the entity.
func cleanName(name string) string {
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

// isUserID reports whether s has the form of an Entra object id.
func isUserID(s string) bool {
	const form = "00000000-0000-4000-8000-000000000000" // hexadecimal digits and hyphens
	if len(s) != len(form) {
		return false
	}

	for i, r := range s {
		if form[i] == '-' {
			if r != '-' {
				return false
			}
			continue
		}

		if !strings.ContainsRune("0123456789abcdefABCDEF", r) {
			return false
		}
	}

	return true
}
