package document

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Reader reads values of a parsed file and collects its faults. The library's own decoder stops at the first
// fault, changes unquoted numbers, and doesn't know the position of a value.
type Reader struct {
	Env    func(name string) (value string, ok bool) // the environment, for ${NAME}
	Faults Faults                                    // so far
}

// Document parses a file, which must have exactly one YAML document. It returns nil if the file has a fault.
func (r *Reader) Document(raw []byte) ast.Node {
	raw = bytes.TrimPrefix(raw, []byte("\ufeff")) // with which Windows begins files of UTF-8
	if at, isFound := findBadByte(raw); isFound { // the parser would put U+FFFD in its place
		r.Faults.Add(Fault{At: at, What: "a character here is not UTF-8", Hint: "Save the file as UTF-8."})
		return nil
	}

	file, err := parser.ParseBytes(raw, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.addSyntaxFault(err)
		return nil
	}

	var docs []*ast.DocumentNode
	for _, doc := range file.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.CommentType {
			docs = append(docs, doc)
		}
	}

	if len(docs) == 0 {
		r.Faults.Add(Fault{What: "the file is empty"})
		return nil
	}

	if len(docs) > 1 {
		r.Faults.Add(Fault{
			At:   PositionOf(docs[1].Body),
			What: "a second document begins here", Hint: "Put everything into one document, without ---.",
		})
		return nil
	}

	return docs[0].Body
}

// findBadByte returns the place of the first byte that is no UTF-8.
func findBadByte(raw []byte) (at Position, isFound bool) {
	at.Line = 1
	for line := range bytes.Lines(raw) {
		at.Column = 1
		for len(line) > 0 {
			r, size := utf8.DecodeRune(line)
			if r == utf8.RuneError && size == 1 {
				return at, true
			}
			line, at.Column = line[size:], at.Column+1
		}
		at.Line++
	}
	return Position{}, false
}

// addSyntaxFault adds the parser's error as a fault, without the lines and the text that the parser quotes: they may
// have secrets.
func (r *Reader) addSyntaxFault(err error) {
	var detail yaml.Error
	if !errors.As(err, &detail) {
		r.Faults.Add(Fault{What: "the file isn't YAML"})
		return
	}
	withoutQuote, _, _ := strings.Cut(detail.GetMessage(), `: "`)
	r.Faults.Add(Fault{
		At:   positionOfToken(detail.GetToken()),
		What: withoutQuote, Hint: `Look there and above for wrong indentation, a missing bracket or a missing quote, as around "#support".`,
	})
}

// PositionOf returns where a value begins, or the zero Position if that is not known.
func PositionOf(n ast.Node) Position {
	if mapping, ok := n.(*ast.MappingNode); ok {
		isBlock := len(mapping.Values) > 0 && !mapping.IsFlowStyle
		if isBlock {
			n = mapping.Values[0].Key // the library places a block mapping at its first colon, not at its first key
		}
	}
	if n == nil {
		return Position{}
	}
	return positionOfToken(n.GetToken())
}

func positionOfToken(t *token.Token) Position {
	if t == nil || t.Position == nil {
		return Position{}
	}
	return Position{t.Position.Line, t.Position.Column}
}

// Group is a group of keys. Each key that the file may have is asked for once; Done then reports all others as unknown.
type Group struct {
	*Reader
	Where  string // what people call the group: "account support-mail"
	At     Position
	Names  []string            // the keys in the file's order
	Values map[string]ast.Node // by key
	Places map[string]Position // where each key stands
	Known  []string            // the keys that were asked for, whether the file has them or not
}

// ReadGroup reads a mapping. If n is not a mapping, ReadGroup adds a fault and returns nil.
func (r *Reader) ReadGroup(n ast.Node, where string) *Group {
	mapping, ok := n.(ast.MapNode)
	if !ok {
		r.Faults.Add(Fault{At: PositionOf(n), Where: where, What: "must be a group of keys, not " + Shape(n)})
		return nil
	}

	g := &Group{Reader: r, Where: where, At: PositionOf(n), Values: map[string]ast.Node{}, Places: map[string]Position{}}
	for pairs := mapping.MapRange(); pairs.Next(); {
		key, at := pairs.Key(), PositionOf(pairs.Key())
		name, ok := keyName(key)
		if !ok {
			r.Faults.Add(Fault{
				At: at, Where: where,
				What: "anchors, merges and other special keys are not known here", Hint: "Write the values out.",
			})
			continue
		}

		if g.Values[name] != nil { // a repeated key: the parser was told to let it through, so that it is one fault of many
			r.Faults.Add(Fault{
				At: at, Where: where,
				What: fmt.Sprintf("the key %q is here twice", name),
				Hint: fmt.Sprintf("It is also in line %d.", g.Places[name].Line),
			})

			continue
		}

		g.Names = append(g.Names, name)
		g.Values[name] = pairs.Value()
		g.Places[name] = at
	}

	return g
}

// keyName returns a key as it stands in the file. ok is false for keys that are more than a word, such as anchors.
func keyName(key ast.MapKeyNode) (name string, ok bool) {
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

// Fault adds a fault of a key. what is wrong has no full stop; hint says in full sentences what to do.
func (g *Group) Fault(at Position, name, what, hint string) {
	g.Faults.Add(Fault{At: at, Where: g.Label(name), What: what, Hint: hint})
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

// ReadList reads a list of scalars. If n is not a list, ReadList adds a fault and returns nil.
func (r *Reader) ReadList(n ast.Node, where string) *List {
	sequence, ok := n.(*ast.SequenceNode)
	if !ok {
		r.Faults.Add(Fault{
			At: PositionOf(n), Where: where,
			What: "must be a list, not " + Shape(n), Hint: "Write [first, second], or [] for none.",
		})
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

// Groups returns a key's list of groups. Faults call every entry by the name in each, such as "account". ok is false if the
// key is missing or is not a list.
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
	g.Faults.Add(Fault{
		At: g.Places[name], Where: g.Where,
		What: fmt.Sprintf("unknown key %q", name), Hint: "Known: " + strings.Join(g.Known, ", ") + ".",
	})
}

// Done adds a fault for each key that was not asked for.
func (g *Group) Done() {
	for _, name := range g.Rest() {
		g.Unknown(name)
	}
}
