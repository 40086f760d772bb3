package document

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Reader reads values of a parsed file and collects its faults. The library's own decoder stops at the first
// fault, changes unquoted numbers, and doesn't know the position of a value.
type Reader struct {
	Env    func(name string) (value string, ok bool) // the environment, for ${NAME}
	Faults Faults                                    // so far
}

// Document parses a file, which must have exactly one YAML document. nil = it has a fault.
func (r *Reader) Document(raw []byte) ast.Node {
	file, err := parser.ParseBytes(raw, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	var docs []*ast.DocumentNode
	for _, doc := range file.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.CommentType {
			docs = append(docs, doc)
		}
	}
	if len(docs) == 0 {
		r.Faults.AddFile("the file is empty")
		return nil
	}
	if len(docs) > 1 {
		r.Faults.Add(PositionOf(docs[1].Body), "", "a second document begins here", "Put everything into one document, without ---.")
		return nil
	}
	return docs[0].Body
}

// syntax adds the parser's error as a fault, without the lines and the text that the parser quotes: they may
// have secrets.
func (r *Reader) syntax(err error) {
	var detail yaml.Error
	if !errors.As(err, &detail) {
		r.Faults.AddFile("the file is no YAML")
		return
	}
	message, _, _ := strings.Cut(detail.GetMessage(), `: "`)
	var at Position
	if tk := detail.GetToken(); tk != nil && tk.Position != nil {
		at = Position{tk.Position.Line, tk.Position.Column}
	}
	r.Faults.Add(at, "", message, "Look for wrong indentation, a missing quote or a missing bracket.")
}

// PositionOf returns where a value begins; zero if that is not known.
func PositionOf(n ast.Node) Position {
	if mapping, ok := n.(*ast.MappingNode); ok && len(mapping.Values) > 0 && !mapping.IsFlowStyle {
		n = mapping.Values[0].Key // the position of a block mapping itself is that of its first colon
	}
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return Position{}
	}
	p := n.GetToken().Position
	return Position{p.Line, p.Column}
}

// Group is a group of keys. Done reports all keys that were not asked for before.
type Group struct {
	*Reader
	Where  string // what people call it: "account support-mail"
	At     Position
	Names  []string // in the file's order
	Values map[string]ast.Node
	Places map[string]Position
	Known  []string // the keys that were asked for
}

// ReadGroup reads a mapping. If n is none, it adds a fault and returns nil.
func (r *Reader) ReadGroup(n ast.Node, where string) *Group {
	mapping, ok := n.(ast.MapNode)
	if !ok {
		r.Faults.Add(PositionOf(n), where, "must be a group of keys, not "+Shape(n), "")
		return nil
	}
	g := &Group{Reader: r, Where: where, At: PositionOf(n), Values: map[string]ast.Node{}, Places: map[string]Position{}}
	for pairs := mapping.MapRange(); pairs.Next(); {
		key, at := pairs.Key(), PositionOf(pairs.Key())
		name, ok := keyName(key)
		switch {
		case !ok:
			r.Faults.Add(at, where, "anchors, merges and other special keys are not known here", "Write the values out.")
		case g.Values[name] != nil:
			r.Faults.Add(at, where, fmt.Sprintf("the key %q stands here twice", name), fmt.Sprintf("It is also in line %d.", g.Places[name].Line))
		default:
			g.Names = append(g.Names, name)
			g.Values[name], g.Places[name] = pairs.Value(), at
		}
	}
	return g
}

func keyName(key ast.MapKeyNode) (string, bool) {
	switch k := key.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		return key.GetToken().Value, true
	}
	return "", false
}

// Get returns a key's value; nil if the key is missing.
func (g *Group) Get(name string) ast.Node {
	g.Known = append(g.Known, name)
	return g.Values[name]
}

// Label names a key for people: "account support-mail: mode".
func (g *Group) Label(name string) string {
	if g.Where == "" {
		return name
	}
	return g.Where + ": " + name
}

// Fault adds a fault of a key.
func (g *Group) Fault(at Position, name, what, hint string) {
	g.Faults.Add(at, g.Label(name), what, hint)
}

// Group returns the keys below a key; nil if the key is missing or faulty.
func (g *Group) Group(name string) *Group {
	n := g.Get(name)
	if n == nil {
		return nil
	}
	return g.ReadGroup(n, g.Label(name))
}

// Text returns a key's scalar; nil if the key is missing or faulty.
func (g *Group) Text(name string) *Text {
	n := g.Get(name)
	if n == nil {
		return nil
	}
	if t, ok := g.ReadText(n, g.Label(name)); ok {
		return &t
	}
	return nil
}

// List returns a key's list of scalars; nil if the key is missing or faulty.
func (g *Group) List(name string) *List {
	n := g.Get(name)
	if n == nil {
		return nil
	}
	return g.ReadList(n, g.Label(name))
}

// ReadList reads a list of scalars. If n is none, it adds a fault and returns nil.
func (r *Reader) ReadList(n ast.Node, where string) *List {
	sequence, ok := n.(*ast.SequenceNode)
	if !ok {
		r.Faults.Add(PositionOf(n), where, "must be a list, not "+Shape(n), "Write [first, second], or [] for none.")
		return nil
	}
	l := &List{At: PositionOf(n)}
	for _, item := range sequence.Values {
		if t, ok := r.ReadText(item, where); ok {
			l.Items = append(l.Items, t)
		}
	}
	return l
}

// Groups returns a key's list of groups, each of which people know as each; ok is false if the key is missing.
func (g *Group) Groups(name, each string) (all []*Group, ok bool) {
	n := g.Get(name)
	if n == nil {
		return nil, false
	}
	sequence, isList := n.(*ast.SequenceNode)
	if !isList {
		g.Fault(PositionOf(n), name, "must be a list, not "+Shape(n), "Begin each entry with a dash, or write [] for none.")
		return nil, false
	}
	for _, item := range sequence.Values {
		if entry := g.ReadGroup(item, each); entry != nil {
			all = append(all, entry)
		}
	}
	return all, true
}

// Rest returns the keys that were not asked for.
func (g *Group) Rest() []string {
	return slices.DeleteFunc(slices.Clone(g.Names), func(name string) bool { return slices.Contains(g.Known, name) })
}

// Unknown adds the fault of an unknown key.
func (g *Group) Unknown(name string) {
	g.Faults.Add(g.Places[name], g.Where, fmt.Sprintf("unknown key %q", name), "Known: "+strings.Join(g.Known, ", ")+".")
}

// Done adds a fault for each key that was not asked for.
func (g *Group) Done() {
	for _, name := range g.Rest() {
		g.Unknown(name)
	}
}
