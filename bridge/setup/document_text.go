package setup

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
)

// Text is a scalar of the file, exactly as it is written: +15550100 and 007 are not converted to numbers.
type Text struct {
	Value string // with ${NAME} replaced
	Raw   string // with ${NAME} unreplaced; safe to quote in faults, since it has no secrets from the environment
	At    Position
}

// List is a list of scalars.
type List struct {
	Items []Text
	At    Position
}

// Values returns the texts with ${NAME} replaced.
func (l List) Values() []string {
	values := make([]string, len(l.Items))
	for i, t := range l.Items {
		values[i] = t.Value
	}
	return values
}

// variable matches ${NAME}, the escape $${, and otherwise any ${, which is a fault.
var variable = regexp.MustCompile(`\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\{`)

// Escape escapes ${ as $${, so that reading the text from a file returns s.
func Escape(s string) string { return strings.ReplaceAll(s, "${", "$${") }

// expand replaces each ${NAME} with the value of the environment variable, and adds a fault if that is not set.
func (r *Reader) expand(raw, where string, at Position) string {
	return variable.ReplaceAllStringFunc(raw, func(found string) string {
		switch found {
		case "$${":
			return "${"
		case "${":
			r.Faults.Add(Fault{
				At: at, Where: where,
				What: "${ without a name and }", Hint: "Names have letters, digits and _. Write $${ for a plain ${.",
			})
			return ""
		}

		name := found[2 : len(found)-1]
		value, ok := r.Env(name)
		if !ok {
			r.Faults.Add(Fault{
				At: at, Where: where,
				What: fmt.Sprintf("the environment variable %s is not set", name),
				Hint: "Set it, or leave this key out to keep what is stored.",
			})
		}

		return value
	})
}

// ReadText reads a scalar. If n is not a scalar, or has no value, it adds a fault and returns false.
func (r *Reader) ReadText(n ast.Node, where string) (Text, bool) {
	at := PositionOf(n)
	switch v := n.(type) {
	case *ast.StringNode:
		return r.checkStorable(Text{Value: r.expand(v.Value, where, at), Raw: v.Value, At: at}, where)
	case *ast.LiteralNode:
		return r.checkStorable(Text{Value: r.expand(v.Value.Value, where, at), Raw: v.Value.Value, At: at}, where)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		raw := n.GetToken().Value
		return Text{Value: raw, Raw: raw, At: at}, true
	case *ast.NullNode:
		r.Faults.Add(Fault{
			At: at, Where: where,
			What: "has no value", Hint: `Write "" to clear it, or leave the key out to keep what is stored.`,
		})
	default:
		r.Faults.Add(Fault{At: at, Where: where, What: "must be a single value, not " + Shape(n)})
	}

	return Text{}, false
}

// checkStorable adds a fault and returns false if PostgreSQL can't store the text.
func (r *Reader) checkStorable(t Text, where string) (Text, bool) {
	if strings.Contains(t.Value, "\x00") || !utf8.ValidString(t.Value) {
		r.Faults.Add(Fault{
			At: t.At, Where: where,
			What: "has a character that can't be stored", Hint: "Write it as UTF-8, without NUL.",
		})
		return t, false
	}
	return t, true
}

// Shape describes the kind of a value in faults: "must be a list, not a single value".
func Shape(n ast.Node) string {
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
