package setup

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// group is an ordered group of keys that is written as YAML. Its values are string, []string, raw, *group
// or []*group. The library's encoder loses tabs and carriage returns; this one quotes everything but
// simple words.
type group struct {
	keys   []string
	values []any
}

// raw is a value that is written as it is: true, 0.5, [].
type raw string

func (g *group) put(key string, value any) {
	g.keys = append(g.keys, key)
	g.values = append(g.values, value)
}

// text writes a key unless its value is empty.
func (g *group) text(key, value string) {
	if value != "" {
		g.put(key, escape(value))
	}
}

// list writes a key unless its list is empty.
func (g *group) list(key string, values []string) {
	if len(values) == 0 {
		return
	}
	escaped := make([]string, len(values))
	for i, v := range values {
		escaped[i] = escape(v)
	}
	g.put(key, escaped)
}

// sub returns the group below a key, and adds it if it is missing.
func (g *group) sub(key string) *group {
	for i, k := range g.keys {
		if sub, ok := g.values[i].(*group); ok && k == key {
			return sub
		}
	}
	sub := &group{}
	g.put(key, sub)
	return sub
}

// write writes the group's keys. first is written before the first key, indent before the others.
func (g *group) write(b *bytes.Buffer, first, indent string) {
	for i, key := range g.keys {
		if i == 0 {
			b.WriteString(first)
		} else {
			b.WriteString(indent)
		}
		b.WriteString(key + ":")
		switch v := g.values[i].(type) {
		case raw:
			b.WriteString(" " + string(v) + "\n")
		case string:
			b.WriteString(" " + scalarOf(v, indent+"  ") + "\n")
		case []string:
			words := make([]string, len(v))
			for n, s := range v {
				words[n] = quoted(s)
			}
			b.WriteString(" [" + strings.Join(words, ", ") + "]\n")
		case *group:
			b.WriteString("\n")
			v.write(b, indent+"  ", indent+"  ")
		case []*group:
			b.WriteString("\n")
			for _, entry := range v {
				entry.write(b, indent+"  - ", indent+"    ")
			}
		}
	}
}

var (
	word  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./@-]*( [A-Za-z0-9_./@-]+)*$`)
	lines = regexp.MustCompile(`^[^\s\pC][^\pC\pZ\n]*( [^\pC\pZ\n]+)*(\n+[^\s\pC][^\pC\pZ\n]*( [^\pC\pZ\n]+)*)+$`)
)

// scalarOf writes a text. Several simple lines become a block, which people can edit.
func scalarOf(s, indent string) string {
	if !lines.MatchString(s) {
		return quoted(s)
	}
	out := strings.ReplaceAll("\n"+s, "\n", "\n"+indent)
	return "|-" + strings.ReplaceAll(out, "\n"+indent+"\n", "\n\n")
}

// quoted writes a simple word as it is and everything else as a JSON string, which YAML reads the same.
func quoted(s string) string {
	switch strings.ToLower(s) {
	case "null", "true", "false", "yes", "no", "on", "off", "y", "n":
	default:
		if word.MatchString(s) {
			return s
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string and a buffer can't fail
	return strings.TrimSuffix(b.String(), "\n")
}
