package setup

import (
	"slices"
	"strings"

	"parley/store"
)

// tagEntry applies the entry of a tag, by which conversations are classified. It changes the stored tag, or makes
// a new one. Tags that the entry lists as former names are renamed to this tag, or merged into it: with {name:
// Billing, formerly: [Invoice]}, the tag Invoice becomes Billing, and conversations with the tag Invoice count
// as Billing.
func (o *overlay) tagEntry(e ParleyfileTag) {
	for _, name := range e.FormerNames() {
		if !strings.EqualFold(name, e.Name) {
			o.renameTag(name, e.Name)
		}
	}

	t := o.Tag(e.Name)
	if t == nil {
		t = o.addTag(e.Name)
	}

	setGiven := func(field *string, given *Text) {
		if given != nil {
			*field = strings.TrimSpace(given.Value)
		}
	}

	if t.Name != e.Name { // the spelling changed
		t.Formerly = append(slices.Clone(t.Formerly), t.Name)
		t.Name = e.Name
	}
	setGiven(&t.Description, e.Description)
	setGiven(&t.Color, e.Color)
	setGiven(&t.Category, e.Category)

	if e.Kind != nil {
		t.Kind = store.TagKind(e.Kind.Value)
	}

	// Conversations may have any of the names, and statistics any spelling, so all of them are kept.
	t.Formerly = formerNames(t.Name, t.Formerly, e.FormerNames())
}

// renameTag renames a tag, or merges it into the tag that has the new name. It does nothing if there is no tag to rename.
func (o *overlay) renameTag(from, to string) {
	old := o.Tag(from)
	if old == nil {
		return
	}

	into := o.Tag(to)
	if into == nil {
		old.Formerly = append(slices.Clone(old.Formerly), old.Name)
		old.Name = to
		return
	}

	into.Formerly = slices.Concat(into.Formerly, old.Formerly, []string{old.Name})
	o.Tags = slices.DeleteFunc(o.Tags, func(t store.Tag) bool { return strings.EqualFold(t.Name, from) })
}

// addTag adds a new tag. From now on its name is no longer a former name of any other tag.
func (o *overlay) addTag(name string) *store.Tag {
	isName := func(former string) bool { return strings.EqualFold(former, name) }
	for i := range o.Tags {
		o.Tags[i].Formerly = slices.DeleteFunc(slices.Clone(o.Tags[i].Formerly), isName)
	}
	o.Tags = append(o.Tags, store.Tag{Name: name, Kind: store.TagPlain, Active: true})
	return &o.Tags[len(o.Tags)-1]
}

// formerNames returns the earlier spellings of a tag and the former names that the file lists, without duplicates and
// without its current name.
func formerNames(current string, stored, listed []string) []string {
	names := slices.Clone(stored)
	for _, name := range listed {
		if !slices.ContainsFunc(stored, func(known string) bool { return strings.EqualFold(known, name) }) {
			names = append(names, name)
		}
	}

	var unique []string
	for _, name := range names {
		if name != current && !slices.Contains(unique, name) {
			unique = append(unique, name)
		}
	}
	return unique
}
