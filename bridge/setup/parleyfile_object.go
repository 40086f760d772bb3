package setup

import "github.com/goccy/go-yaml/ast"

// object is a group of keys of parley.yaml. Beside what any document has, it reads the values that only this file has:
// time zones, holds, business hours, ids of chats.
type object struct{ *Group }

// objectOf makes an object of a group. It returns nil for a nil group.
func objectOf(g *Group) *object {
	if g == nil {
		return nil
	}
	return &object{g}
}

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
