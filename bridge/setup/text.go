package setup

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
)

// text is a scalar of the file with all its characters: +15550100 and 007 are not read as numbers.
type text struct {
	value string // with ${NAME} replaced
	raw   string // without that: faults may quote it, because it has no secret from the environment
	at    Position
}

// list is a sequence of scalars.
type list struct {
	items []text
	at    Position
}

func (l list) values() []string {
	values := make([]string, len(l.items))
	for i, t := range l.items {
		values[i] = t.value
	}
	return values
}

// variable matches ${NAME}, the beginning ${ of a faulty one, and the escape $${.
var variable = regexp.MustCompile(`\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\{`)

// escape returns a text that expand turns into s.
func escape(s string) string { return strings.ReplaceAll(s, "${", "$${") }

// expand replaces ${NAME} by the environment's value. It adds a fault if there is none.
func (r *reader) expand(raw, where string, at Position) string {
	return variable.ReplaceAllStringFunc(raw, func(found string) string {
		switch found {
		case "$${":
			return "${"
		case "${":
			r.faults.add(at, where, "${ without a name and }", "Names have letters, digits and _. Write $${ for a plain ${.")
			return ""
		}
		name := found[2 : len(found)-1]
		value, ok := r.env(name)
		if !ok {
			r.faults.add(at, where, fmt.Sprintf("the environment variable %s is not set", name), "Set it, or leave this key out to keep what is stored.")
		}
		return value
	})
}

// scalar reads the text of a value. If the value is no scalar, it adds a fault and returns false.
func (r *reader) scalar(n ast.Node, where string) (text, bool) {
	at := position(n)
	switch v := n.(type) {
	case *ast.StringNode:
		return r.storable(text{value: r.expand(v.Value, where, at), raw: v.Value, at: at}, where)
	case *ast.LiteralNode:
		return r.storable(text{value: r.expand(v.Value.Value, where, at), raw: v.Value.Value, at: at}, where)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		raw := n.GetToken().Value
		return text{value: raw, raw: raw, at: at}, true
	case *ast.NullNode:
		r.faults.add(at, where, "has no value", `Write "" to clear it, or leave the key out to keep what is stored.`)
	default:
		r.faults.add(at, where, "must be a single value, not "+shape(n), "")
	}
	return text{}, false
}

// storable adds a fault if PostgreSQL can't store the text, and returns whether it can.
func (r *reader) storable(t text, where string) (text, bool) {
	if strings.Contains(t.value, "\x00") || !utf8.ValidString(t.value) {
		r.faults.add(t.at, where, "has a character that can't be stored", "Write it as UTF-8, without NUL.")
		return t, false
	}
	return t, true
}

// shape names the kind of a node's value, for people.
func shape(n ast.Node) string {
	switch n.(type) {
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a group of keys"
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode, *ast.TagNode:
		return "an anchor, alias or tag"
	case *ast.NullNode:
		return "nothing"
	}
	return "a single value"
}
