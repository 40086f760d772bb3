package setup

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// Mapping builds a YAML mapping. Its keys are written in the order in which they were added:
//
//	entry := &Mapping{}
//	entry.AddText("name", "Support")
//	entry.AddList("members", []string{"ann@acme.example"})
//	entry.Child("emoji").AddText("eyes", "take")
//
// becomes
//
//	name: Support
//	members: ["ann@acme.example"]
//	emoji:
//	  eyes: take
//
// The encoder of the YAML library loses tabs and carriage returns. This one quotes everything but simple words.
type Mapping struct {
	keys   []string
	values []any // string, []string, Plain, Secret, note, *Mapping or []*Mapping
}

// Plain is a value that is written unquoted: true, 0.5, [].
type Plain string

// Secret is a value that must never be shown. A file has the variable in its place.
type Secret struct{ Variable, Value string }

// note is a value that is only in lists of changes.
type note string

// Put adds a key with a value of one of the types that Mapping lists. It doesn't escape "${" (see Escape), so that a text
// may refer to an environment variable.
func (m *Mapping) Put(key string, value any) {
	m.keys = append(m.keys, key)
	m.values = append(m.values, value)
}

// AddText adds a key with a text, unless the text is empty.
func (m *Mapping) AddText(key, value string) {
	if value != "" {
		m.Put(key, Escape(value))
	}
}

// AddList adds a key with a list of texts, unless the list is empty.
func (m *Mapping) AddList(key string, values []string) {
	if len(values) == 0 {
		return
	}
	escaped := make([]string, len(values))
	for i, v := range values {
		escaped[i] = Escape(v)
	}
	m.Put(key, escaped)
}

// Child returns the mapping of a key, and adds an empty one if the key is missing.
func (m *Mapping) Child(key string) *Mapping {
	for i, k := range m.keys {
		if k != key {
			continue
		}
		if child, ok := m.values[i].(*Mapping); ok {
			return child
		}
	}
	child := &Mapping{}
	m.Put(key, child)
	return child
}

// AddMappings adds a key with a list of mappings, even if the list is empty: parley apply --prune removes everything of
// which the file has an empty list, and keeps everything of which it has no list.
func (m *Mapping) AddMappings(key string, list []*Mapping) {
	if len(list) == 0 {
		m.Put(key, Plain("[]"))
		return
	}
	m.Put(key, list)
}

// Write writes the mapping as YAML. It writes first in front of the first key, and indent in front of all others: an item
// of a list begins with "- ".
func (m *Mapping) Write(b *bytes.Buffer, first, indent string) {
	for i, key := range m.keys {
		if _, isNote := m.values[i].(note); isNote {
			continue
		}
		if i == 0 {
			b.WriteString(first)
		} else {
			b.WriteString(indent)
		}
		b.WriteString(key + ":")
		switch v := m.values[i].(type) {
		case Plain:
			b.WriteString(" " + string(v) + "\n")
		case Secret:
			b.WriteString(" " + Quoted(v.Variable) + "\n")
		case string:
			b.WriteString(" " + scalarOf(v, indent+"  ") + "\n")
		case []string:
			items := make([]string, len(v))
			for n, item := range v {
				items[n] = Quoted(item)
			}
			b.WriteString(" [" + strings.Join(items, ", ") + "]\n")
		case *Mapping:
			b.WriteString("\n")
			v.Write(b, indent+"  ", indent+"  ")
		case []*Mapping:
			b.WriteString("\n")
			for _, item := range v {
				item.Write(b, indent+"  - ", indent+"    ")
			}
		}
	}
}

var (
	// word matches texts that need no quotes. lines matches texts of several lines that a YAML block preserves: they have
	// no control characters and no unusual spaces.
	word  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./@-]*( [A-Za-z0-9_./@-]+)*$`)
	lines = regexp.MustCompile(`^[^\s\pC][^\pC\pZ\n]*( [^\pC\pZ\n]+)*(\n+[^\s\pC][^\pC\pZ\n]*( [^\pC\pZ\n]+)*)+$`)
)

// scalarOf formats a text. It prefers a block ("|-") for several lines, because that is easy to edit.
func scalarOf(s, indent string) string {
	if !lines.MatchString(s) {
		return Quoted(s)
	}
	indented := strings.ReplaceAll("\n"+s, "\n", "\n"+indent)
	withoutTrailingSpaces := strings.ReplaceAll(indented, "\n"+indent+"\n", "\n\n")
	return "|-" + withoutTrailingSpaces
}

// Quoted returns a simple word unchanged, and anything else as a JSON string, which is valid YAML.
func Quoted(s string) string {
	if word.MatchString(s) && !isYAMLConstant(s) {
		return s
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // encoding a string into a buffer can't fail
	return strings.TrimSuffix(b.String(), "\n")
}

// isYAMLConstant reports whether a YAML parser may read a word as a boolean or null.
func isYAMLConstant(s string) bool {
	switch strings.ToLower(s) {
	case "null", "true", "false", "yes", "no", "on", "off", "y", "n":
		return true
	}
	return false
}
