package setup

import (
	"slices"
	"strings"

	"parley/store"
)

// Tag finds a tag by its name, or returns nil if there is none.
func (s *State) Tag(name string) *store.Tag {
	return find(s.Tags, func(t store.Tag) bool { return strings.EqualFold(t.Name, name) })
}

// StoredTag returns a wanted tag as it is stored: under its name, or under one that it had until now.
func (s *State) StoredTag(want store.Tag) *store.Tag {
	if t := s.Tag(want.Name); t != nil {
		return t
	}
	return find(s.Tags, func(t store.Tag) bool { return wasNamed(want, t.Name) })
}

// TagByFormerName finds the tag that once had a name, or returns nil if there is none.
func (s *State) TagByFormerName(name string) *store.Tag {
	return find(s.Tags, func(t store.Tag) bool { return wasNamed(t, name) })
}

func wasNamed(t store.Tag, name string) bool {
	return slices.ContainsFunc(t.Formerly, func(f string) bool { return strings.EqualFold(f, name) })
}
