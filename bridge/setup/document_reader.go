package setup

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

// Reader reads a YAML file key by key and collects all faults with their positions, instead of stopping at the first:
//
//	r := &Reader{Env: os.LookupEnv}
//	top := r.ReadGroup(r.Document(raw), "")
//	company := top.Text("company") // nil if the file doesn't have the key
//	top.Done()                     // a fault for each key that was not asked for
//	err := r.Faults.Err()
//
// It works on the syntax tree of the YAML library. The library's decoder would stop at the first fault, reformat unquoted
// numbers (007), and lose the positions of values.
type Reader struct {
	Env    func(name string) (value string, ok bool) // looks up the environment variable for ${NAME}
	Faults Faults                                    // found so far
}

// Document parses a file that must consist of exactly one YAML document. If there is none, it adds a fault and returns nil.
func (r *Reader) Document(raw []byte) ast.Node {
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))     // the byte order mark that Windows editors add
	if at, isFound := findInvalidUTF8(raw); isFound { // the parser would replace it by U+FFFD
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

// findInvalidUTF8 returns the position of the first invalid byte.
func findInvalidUTF8(raw []byte) (at Position, isFound bool) {
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

// addSyntaxFault adds the parser's error as a fault. It leaves out the text that the parser quotes, which may contain
// secrets.
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

// PositionOf returns the position at which a value begins, or the zero Position if it is not known.
func PositionOf(n ast.Node) Position {
	if mapping, ok := n.(*ast.MappingNode); ok {
		isBlock := len(mapping.Values) > 0 && !mapping.IsFlowStyle
		if isBlock {
			n = mapping.Values[0].Key // the library reports the position of the first colon instead
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

// Group is a mapping of the file. The caller asks once for each key that is allowed (Text, List, Group, …), and then calls
// Done, which reports all other keys as unknown.
type Group struct {
	*Reader
	Where     string // its name in faults: "account support-mail"
	At        Position
	Names     []string            // the keys in the order of the file
	Values    map[string]ast.Node // by key
	Positions map[string]Position // of the keys
	Known     []string            // the keys that were asked for, whether the file has them or not

	name     string    // of an entry
	sections []section // of an account
	former   []Text    // names of a tag
}

// ReadGroup reads a mapping. If n is not a mapping, it adds a fault and returns nil. where is the group's name in faults.
func (r *Reader) ReadGroup(n ast.Node, where string) *Group {
	mapping, ok := n.(ast.MapNode)
	if !ok {
		r.Faults.Add(Fault{At: PositionOf(n), Where: where, What: "must be a group of keys, not " + Shape(n)})
		return nil
	}

	g := &Group{Reader: r, Where: where, At: PositionOf(n), Values: map[string]ast.Node{}, Positions: map[string]Position{}}
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

		if g.Values[name] != nil { // the parser accepts repeated keys (AllowDuplicateMapKey), to have all faults reported
			r.Faults.Add(Fault{
				At: at, Where: where,
				What: fmt.Sprintf("the key %q is here twice", name),
				Hint: fmt.Sprintf("It is also in line %d.", g.Positions[name].Line),
			})

			continue
		}

		g.Names = append(g.Names, name)
		g.Values[name] = pairs.Value()
		g.Positions[name] = at
	}

	return g
}

// keyName returns a key as the file has it. ok is false for keys that are not scalars, such as anchors.
func keyName(key ast.MapKeyNode) (name string, ok bool) {
	switch k := key.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		return key.GetToken().Value, true
	}
	return "", false
}

// Get returns the value of a key, or nil if the key is missing, and marks the key as known.
func (g *Group) Get(name string) ast.Node {
	g.Known = append(g.Known, name)
	return g.Values[name]
}

// Label returns the name of a key in faults: "account support-mail: mode".
func (g *Group) Label(name string) string {
	if g.Where == "" {
		return name
	}
	return g.Where + ": " + name
}

// Fault adds a fault of a key. See the type Fault for the form of what and hint.
func (g *Group) Fault(at Position, name, what, hint string) {
	g.Faults.Add(Fault{At: at, Where: g.Label(name), What: what, Hint: hint})
}

// Group reads the mapping below a key. It returns nil if the key is missing or faulty.
func (g *Group) Group(name string) *Group {
	n := g.Get(name)
	if n == nil {
		return nil
	}
	return g.ReadGroup(n, g.Label(name))
}

// Text reads the scalar of a key. It returns nil if the key is missing or faulty.
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

// List reads the list of scalars of a key. It returns nil if the key is missing or faulty.
func (g *Group) List(name string) *List {
	n := g.Get(name)
	if n == nil {
		return nil
	}
	return g.ReadList(n, g.Label(name))
}

// ReadList reads a list of scalars. If n is not a list, it adds a fault and returns nil.
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

// Groups reads the list of mappings of a key. itemName is the name of each item in faults, such as "account". ok is false
// if the key is missing or is not a list.
func (g *Group) Groups(name, itemName string) (all []*Group, ok bool) {
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
		if entry := g.ReadGroup(item, itemName); entry != nil {
			all = append(all, entry)
		}
	}

	return all, true
}

// Rest returns the keys of the file that were not asked for.
func (g *Group) Rest() []string {
	return slices.DeleteFunc(slices.Clone(g.Names), func(name string) bool { return slices.Contains(g.Known, name) })
}

// Unknown adds the fault that a key is unknown.
func (g *Group) Unknown(name string) {
	g.Faults.Add(Fault{
		At: g.Positions[name], Where: g.Where,
		What: fmt.Sprintf("unknown key %q", name), Hint: "Known: " + strings.Join(g.Known, ", ") + ".",
	})
}

// Done reports each key that was not asked for as unknown.
func (g *Group) Done() {
	for _, name := range g.Rest() {
		g.Unknown(name)
	}
}
