package overlay

import (
	"slices"
	"strings"

	"parley/bridge/setup/document"
	"parley/bridge/setup/parleyfile"
	"parley/store"
)

// tagEntry changes a tag, or makes it. A tag whose name is listed as a former one of it becomes this tag.
func (o *overlay) tagEntry(e parleyfile.Tag) {
	for _, name := range e.FormerNames() {
		old := o.Tag(name)
		if old == nil || strings.EqualFold(name, e.Name) {
			continue
		}

		into := o.Tag(e.Name)
		if into == nil { // the tag gets a new name
			old.Formerly = append(slices.Clone(old.Formerly), old.Name)
			old.Name = e.Name
			continue
		}

		into.Formerly = slices.Concat(into.Formerly, old.Formerly, []string{old.Name})
		o.Tags = slices.DeleteFunc(o.Tags, func(t store.Tag) bool { return strings.EqualFold(t.Name, name) })
	}

	t := o.Tag(e.Name)
	if t == nil {
		// The name is this tag's from now on, and no longer a former name of another tag.
		for i := range o.Tags {
			o.Tags[i].Formerly = slices.DeleteFunc(slices.Clone(o.Tags[i].Formerly), func(f string) bool { return strings.EqualFold(f, e.Name) })
		}
		o.Tags = append(o.Tags, store.Tag{Name: e.Name, Kind: store.TagPlain, Active: true})
		t = &o.Tags[len(o.Tags)-1]
	}

	setGiven := func(field *string, given *document.Text) {
		if given != nil {
			*field = strings.TrimSpace(given.Value)
		}
	}

	if t.Name != e.Name { // in another spelling
		t.Formerly = append(slices.Clone(t.Formerly), t.Name)
		t.Name = e.Name
	}
	setGiven(&t.Description, e.Description)
	setGiven(&t.Color, e.Color)
	setGiven(&t.Category, e.Category)

	if e.Kind != nil {
		t.Kind = store.TagKind(e.Kind.Value)
	}

	// Conversations may have any of the names, and figures any of their spellings: none is forgotten.
	t.Formerly = formerNames(t.Name, t.Formerly, e.FormerNames())
}

// formerNames returns the spellings that a tag had before its present one (own), each once, and the names that a file lists besides.
func formerNames(own string, had, listed []string) []string {
	names := slices.Clone(had)
	for _, name := range listed {
		if !slices.ContainsFunc(had, func(known string) bool { return strings.EqualFold(known, name) }) {
			names = append(names, name)
		}
	}

	var once []string
	for _, name := range names {
		if name != own && !slices.Contains(once, name) {
			once = append(once, name)
		}
	}
	return once
}
