package setup

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"parley/channels"
)

// An account's entry has a group of keys for its channel, such as imap: {host: mail.example.com}. Which keys there
// are depends on the channel, which this package doesn't know. So it keeps them as pairs of a path and a value:
// "imap.host", "mail.example.com".

// section is a group of keys of a channel, flattened: "imap.host".
type section struct {
	Key    string
	At     Position
	Fields []sectionField
}

// sectionField is one value of a section.
type sectionField struct {
	Path string // its keys: "imap.host"
	At   Position
	One  *Text // a single value; nil if Many is set
	Many *List // a list of values; nil if One is set
}

// givenFields returns the fields of a section to which the entry gives a value.
func (g *Group) givenFields(key string) map[string]bool {
	given := map[string]bool{}
	for _, s := range g.sections {
		for _, f := range s.Fields {
			if s.Key == key && f.One != nil && f.One.Value != "" {
				given[f.Path] = true
			}
		}
	}
	return given
}

// positionOf returns the position of a field of a section in the file, or that of the entry if it doesn't have
// the field.
func (g *Group) positionOf(key, path string) Position {
	for _, s := range g.sections {
		for _, f := range s.Fields {
			if s.Key == key && f.Path == path {
				return f.At
			}
		}
	}
	return g.At
}

// readSection reads a group of keys that may belong to the account's channel.
func (g *Group) readSection(key string) (section, bool) {
	switch g.Values[key].(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		g.Fault(g.Positions[key], key, "must be a group of keys, not "+Shape(g.Values[key]), "Write the values out.")
		return section{}, false
	default:
		g.Unknown(key)
		return section{}, false
	}
	s := section{Key: key, At: g.Positions[key]}
	s.read(g, g.Values[key], g.Label(key), "")
	return s, true
}

// read adds the values of a group of keys, by their paths.
func (s *section) read(o *Group, n ast.Node, where, prefix string) {
	group := o.ReadGroup(n, where)
	if group == nil {
		return
	}

	for _, name := range group.Names {
		f := sectionField{Path: prefix + name, At: group.Positions[name]}
		if strings.Contains(name, ".") {
			group.Fault(f.At, name, "isn't a key", "Nest it: imap: {host: …} instead of imap.host.")
			continue
		}

		switch v := group.Values[name].(type) {
		case *ast.MappingNode, *ast.MappingValueNode:
			s.read(o, v, group.Label(name), f.Path+".")
			continue
		case *ast.SequenceNode:
			if f.Many = o.ReadList(v, group.Label(name)); f.Many == nil {
				continue
			}
		default:
			t, ok := o.ReadText(v, group.Label(name))
			if !ok {
				continue
			}
			f.One = &t
		}

		s.Fields = append(s.Fields, f)
	}
}

// writeField writes a field of the account's channel. A name such as "imap.host" becomes a nested key: imap: {host: …}.
func writeField(entry *Mapping, a StateAccount, spec channels.Spec, f channels.Field, usedVariables map[string]bool) {
	if !hasValue(a, f) {
		return
	}

	path := strings.Split(f.Name, ".")
	parents, key := path[:len(path)-1], path[len(path)-1]
	group := entry.Child(Section(spec))
	for _, parent := range parents {
		group = group.Child(parent)
	}

	value := a.Config[f.Name]
	switch {
	case f.Secret:
		group.Put(key, Secret{"${" + reserveVariable(a.Row.Name, f.Name, usedVariables) + "}", a.Secrets[f.Name]})
	case f.List:
		group.AddList(key, strings.Split(value, "\n"))
	default:
		group.AddText(key, value)
	}
}

// hasValue reports whether an account has a value for a field of its channel. For a secret, Config has the name of the
// field with an empty value.
func hasValue(a StateAccount, f channels.Field) bool {
	value, isNamed := a.Config[f.Name]
	if !f.Secret {
		return value != ""
	}
	return isNamed
}

var notInVariables = regexp.MustCompile(`[^A-Z0-9]+`)

// reserveVariable returns the name of the environment variable for a secret, such as SUPPORT_MAIL_IMAP_PASSWORD, and adds
// it to used. If the name is used already, because the names of two accounts differ only in punctuation, it appends a
// number: SUPPORT_MAIL_IMAP_PASSWORD_2.
func reserveVariable(account, field string, used map[string]bool) string {
	name := notInVariables.ReplaceAllString(strings.ToUpper(account+"_"+field), "_")
	if name[0] >= '0' && name[0] <= '9' { // a variable's name can't begin with a digit
		name = "_" + name
	}
	unique := name
	for n := 2; used[unique]; n++ {
		unique = fmt.Sprintf("%s_%d", name, n)
	}
	used[unique] = true
	return unique
}
