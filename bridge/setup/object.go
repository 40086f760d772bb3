package setup

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// object is a group of keys of parley.yaml. Beside what any document has, it reads the values that only this file has:
// time zones, holds, business hours, ids of chats.
type object struct {
	*Group
	name     string    // of an entry
	sections []section // of an account
	former   []Text    // names of a tag
}

// objectOf makes an object of a group. It returns nil for a nil group.
func objectOf(g *Group) *object {
	if g == nil {
		return nil
	}
	return &object{Group: g}
}

// has reports whether an entry has a key. There is none in an entry that isn't there.
func (o *object) has(key string) bool { return o != nil && o.Values[key] != nil }

// group returns the keys below a key; nil if the key is missing or faulty.
func (o *object) group(name string) *object { return objectOf(o.Group.Group(name)) }

// readObject reads the keys of a value. It returns nil if the value is not a group.
func (o *object) readObject(n ast.Node, where string) *object { return objectOf(o.ReadGroup(n, where)) }

// readObjects returns a key's list of groups; ok is false if the key is missing.
func (o *object) readObjects(name, each string) (all []*object, ok bool) {
	groups, ok := o.Groups(name, each)
	for _, g := range groups {
		all = append(all, objectOf(g))
	}
	return all, ok
}

// setText sets a value to the text of a key, without spaces around it, if the object has the key. It returns the text, or nil.
func setText[T ~string](o *object, key string, to *T) *Text {
	t := o.Text(key)
	if t != nil {
		*to = T(strings.TrimSpace(t.Value))
	}
	return t
}

// setOneOf is like setText for a text that must be one of those allowed.
func setOneOf[T ~string](o *object, key string, to *T, allowed ...string) {
	if t := setText(o, key, to); t != nil {
		o.checkOneOf(*t, key, allowed...)
	}
}

// setChoice is like setOneOf, but the text may also be empty.
func setChoice[T ~string](o *object, key string, to *T, allowed ...string) {
	if t := setText(o, key, to); t != nil && t.Value != "" {
		o.checkOneOf(*t, key, allowed...)
	}
}

// setList sets a list of texts without spaces around them, empty ones and duplicates, if the object has the key. If any are allowed,
// others get a fault. It returns the list, or nil.
func setList(o *object, key string, to *[]string, allowed ...string) *List {
	l := o.List(key)
	if l == nil {
		return nil
	}
	if len(allowed) > 0 {
		for _, t := range l.Items {
			o.checkOneOf(t, key, allowed...)
		}
	}
	*to = removeDuplicates(trimAll(l.Values()))
	return l
}
