package setup

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// reader reads values of the parsed file and collects faults. The library's own decoder stops at the first
// fault, changes unquoted numbers, and doesn't know the position of a value.
type reader struct {
	env    func(string) (string, bool)
	faults Faults
}

// document parses the file, which must have exactly one YAML document.
func (r *reader) document(raw []byte) ast.Node {
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
		r.faults.addFile("the file is empty")
		return nil
	}
	if len(docs) > 1 {
		r.faults.add(position(docs[1].Body), "", "a second document begins here", "Put everything into one document, without ---.")
		return nil
	}
	return docs[0].Body
}

// syntax adds the parser's error as a fault, without the lines and the text that the parser quotes: they may
// have secrets.
func (r *reader) syntax(err error) {
	var detail yaml.Error
	if !errors.As(err, &detail) {
		r.faults.addFile("the file is no YAML")
		return
	}
	message, _, _ := strings.Cut(detail.GetMessage(), `: "`)
	var at Position
	if tk := detail.GetToken(); tk != nil && tk.Position != nil {
		at = Position{tk.Position.Line, tk.Position.Column}
	}
	r.faults.add(at, "", message, "Look for wrong indentation, a missing quote or a missing bracket.")
}

func position(n ast.Node) Position {
	if mapping, ok := n.(*ast.MappingNode); ok && len(mapping.Values) > 0 && !mapping.IsFlowStyle {
		n = mapping.Values[0].Key // the position of a block mapping itself is that of its first colon
	}
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return Position{}
	}
	p := n.GetToken().Position
	return Position{p.Line, p.Column}
}

// object is a group of keys. done reports all keys that were not asked for before.
type object struct {
	*reader
	where  string // "account support-mail"
	at     Position
	names  []string // in the file's order
	values map[string]ast.Node
	places map[string]Position
	known  []string // the keys that were asked for
}

// object reads a mapping. If n is none, it adds a fault and returns nil.
func (r *reader) object(n ast.Node, where string) *object {
	mapping, ok := n.(ast.MapNode)
	if !ok {
		r.faults.add(position(n), where, "must be a group of keys, not "+shape(n), "")
		return nil
	}
	o := &object{reader: r, where: where, at: position(n), values: map[string]ast.Node{}, places: map[string]Position{}}
	for pairs := mapping.MapRange(); pairs.Next(); {
		key, at := pairs.Key(), position(pairs.Key())
		name, ok := keyName(key)
		switch {
		case !ok:
			r.faults.add(at, where, "anchors, merges and other special keys are not known here", "Write the values out.")
		case o.values[name] != nil:
			r.faults.add(at, where, fmt.Sprintf("the key %q stands here twice", name), fmt.Sprintf("It is also in line %d.", o.places[name].Line))
		default:
			o.names = append(o.names, name)
			o.values[name], o.places[name] = pairs.Value(), at
		}
	}
	return o
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

// get returns a key's value; nil if the key is missing.
func (o *object) get(name string) ast.Node {
	o.known = append(o.known, name)
	return o.values[name]
}

func (o *object) label(name string) string {
	if o.where == "" {
		return name
	}
	return o.where + ": " + name
}

func (o *object) fault(at Position, name, what, hint string) {
	o.faults.add(at, o.label(name), what, hint)
}

// group returns the keys below a key; nil if the key is missing or faulty.
func (o *object) group(name string) *object {
	n := o.get(name)
	if n == nil {
		return nil
	}
	return o.object(n, o.label(name))
}

// text returns a key's scalar; nil if the key is missing or faulty.
func (o *object) text(name string) *text {
	n := o.get(name)
	if n == nil {
		return nil
	}
	if t, ok := o.scalar(n, o.label(name)); ok {
		return &t
	}
	return nil
}

// list returns a key's list of scalars; nil if the key is missing or faulty.
func (o *object) list(name string) *list {
	n := o.get(name)
	if n == nil {
		return nil
	}
	return o.items(n, o.label(name))
}

func (r *reader) items(n ast.Node, where string) *list {
	sequence, ok := n.(*ast.SequenceNode)
	if !ok {
		r.faults.add(position(n), where, "must be a list, not "+shape(n), "Write [first, second], or [] for none.")
		return nil
	}
	l := &list{at: position(n)}
	for _, item := range sequence.Values {
		if t, ok := r.scalar(item, where); ok {
			l.items = append(l.items, t)
		}
	}
	return l
}

// objects returns a key's list of groups; ok is false if the key is missing.
func (o *object) objects(name, each string) (all []*object, ok bool) {
	n := o.get(name)
	if n == nil {
		return nil, false
	}
	sequence, isList := n.(*ast.SequenceNode)
	if !isList {
		o.fault(position(n), name, "must be a list, not "+shape(n), "Begin each entry with a dash, or write [] for none.")
		return nil, false
	}
	for _, item := range sequence.Values {
		if entry := o.object(item, each); entry != nil {
			all = append(all, entry)
		}
	}
	return all, true
}

// rest returns the keys that were not asked for.
func (o *object) rest() []string {
	return slices.DeleteFunc(slices.Clone(o.names), func(name string) bool { return slices.Contains(o.known, name) })
}

// unknown adds the fault of an unknown key.
func (o *object) unknown(name string) {
	o.faults.add(o.places[name], o.where, fmt.Sprintf("unknown key %q", name), "Known: "+strings.Join(o.known, ", ")+".")
}

// done adds a fault for each key that was not asked for.
func (o *object) done() {
	for _, name := range o.rest() {
		o.unknown(name)
	}
}
