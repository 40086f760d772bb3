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
	for _, name := range e.Former() {
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

	t.Name = e.Name // in the spelling of the file
	setGiven(&t.Description, e.Description)
	setGiven(&t.Color, e.Color)
	setGiven(&t.Category, e.Category)

	if e.Kind != nil {
		t.Kind = store.TagKind(e.Kind.Value)
	}

	t.Formerly = formerNames(t.Name, slices.Concat(t.Formerly, e.Former())) // conversations may have any of them: none is forgotten
}

// formerNames returns the names that a tag had, without duplicates and without its own name.
func formerNames(own string, list []string) []string {
	var once []string
	for _, name := range list {
		if !slices.ContainsFunc(append(once, own), func(other string) bool { return strings.EqualFold(other, name) }) {
			once = append(once, name)
		}
	}
	return once
}
