package document

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// Draft is a group of keys that is written as YAML, in the order in which they were added. Its values are string, []string,
// Plain, *Draft or []*Draft. The YAML library's encoder loses tabs and carriage returns; this one quotes everything but
// simple words.
type Draft struct {
	keys   []string
	values []any
}

// Plain is a value that is written as it is: true, 0.5, [].
type Plain string

// Put adds a key with a value of one of the types that a Draft has. It doesn't escape texts: "${" would be read as the
// beginning of a variable (see Escape).
func (g *Draft) Put(key string, value any) {
	g.keys = append(g.keys, key)
	g.values = append(g.values, value)
}

// Text adds a key unless its value is empty.
func (g *Draft) Text(key, value string) {
	if value != "" {
		g.Put(key, Escape(value))
	}
}

// List adds a key unless its list is empty.
func (g *Draft) List(key string, values []string) {
	if len(values) == 0 {
		return
	}
	escaped := make([]string, len(values))
	for i, v := range values {
		escaped[i] = Escape(v)
	}
	g.Put(key, escaped)
}

// Sub returns the group below a key, and adds it if it is missing.
func (g *Draft) Sub(key string) *Draft {
	for i, k := range g.keys {
		if k != key {
			continue
		}
		if sub, ok := g.values[i].(*Draft); ok {
			return sub
		}
	}
	sub := &Draft{}
	g.Put(key, sub)
	return sub
}

// Write writes the group's keys. first is written before the first key, indent before the others: an entry of a list has
// "- " before its first key.
func (g *Draft) Write(b *bytes.Buffer, first, indent string) {
	for i, key := range g.keys {
		if i == 0 {
			b.WriteString(first)
		} else {
			b.WriteString(indent)
		}
		b.WriteString(key + ":")
		switch v := g.values[i].(type) {
		case Plain:
			b.WriteString(" " + string(v) + "\n")
		case string:
			b.WriteString(" " + scalarOf(v, indent+"  ") + "\n")
		case []string:
			words := make([]string, len(v))
			for n, s := range v {
				words[n] = Quoted(s)
			}
			b.WriteString(" [" + strings.Join(words, ", ") + "]\n")
		case *Draft:
			b.WriteString("\n")
			v.Write(b, indent+"  ", indent+"  ")
		case []*Draft:
			b.WriteString("\n")
			for _, entry := range v {
				entry.Write(b, indent+"  - ", indent+"    ")
			}
		}
	}
}

var (
	// word matches texts that need no quotes, and lines matches several lines without control characters or odd spaces,
	// which YAML reads back from a block as they were.
	word  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./@-]*( [A-Za-z0-9_./@-]+)*$`)
	lines = regexp.MustCompile(`^[^\s\pC][^\pC\pZ\n]*( [^\pC\pZ\n]+)*(\n+[^\s\pC][^\pC\pZ\n]*( [^\pC\pZ\n]+)*)+$`)
)

// scalarOf writes a text. Several simple lines become a block ("|-"), which people can edit.
func scalarOf(s, indent string) string {
	if !lines.MatchString(s) {
		return Quoted(s)
	}
	indented := strings.ReplaceAll("\n"+s, "\n", "\n"+indent)
	withoutTrailingSpaces := strings.ReplaceAll(indented, "\n"+indent+"\n", "\n\n")
	return "|-" + withoutTrailingSpaces
}

// Quoted writes a simple word as it is and everything else as a JSON string, which YAML reads the same.
func Quoted(s string) string {
	if word.MatchString(s) && !isYAMLConstant(s) {
		return s
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string and a buffer can't fail
	return strings.TrimSuffix(b.String(), "\n")
}

// isYAMLConstant reports whether some YAML reader takes a word for a boolean or null.
func isYAMLConstant(s string) bool {
	switch strings.ToLower(s) {
	case "null", "true", "false", "yes", "no", "on", "off", "y", "n":
		return true
	}
	return false
}

// Entries adds a list of groups, even if it is empty: by an empty list, apply --prune knows that no entries are wanted.
func (g *Draft) Entries(key string, list []*Draft) {
	if len(list) == 0 {
		g.Put(key, Plain("[]"))
		return
	}
	g.Put(key, list)
}
