package setup

import "strings"

// has reports whether a group has a key. There is none in a group that isn't there.
func (g *Group) has(key string) bool { return g != nil && g.Values[key] != nil }

// setText sets a value to the text of a key, without spaces around it, if the group has the key. It returns the text, or nil.
func setText[T ~string](o *Group, key string, to *T) *Text {
	t := o.Text(key)
	if t != nil {
		*to = T(strings.TrimSpace(t.Value))
	}
	return t
}

// setOneOf is like setText for a text that must be one of those allowed.
func setOneOf[T ~string](o *Group, key string, to *T, allowed ...string) {
	if t := setText(o, key, to); t != nil {
		o.checkOneOf(*t, key, allowed...)
	}
}

// setChoice is like setOneOf, but the text may also be empty.
func setChoice[T ~string](o *Group, key string, to *T, allowed ...string) {
	if t := setText(o, key, to); t != nil && t.Value != "" {
		o.checkOneOf(*t, key, allowed...)
	}
}

// setList sets a list of texts without spaces around them, empty ones and duplicates, if the group has the key. If any are allowed,
// others get a fault. It returns the list, or nil.
func setList(o *Group, key string, to *[]string, allowed ...string) *List {
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
