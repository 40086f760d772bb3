package engine

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

// indexTags indexes tags by their exact names, and maps each current and former name, in lower case, to the current name of its tag.
// For example, after the tag "bill" was renamed to "invoice", conversations that were tagged "bill" show "invoice". Several tags can
// claim the same name, so the loops go from the weakest claim to the strongest, and later ones overwrite earlier ones.
func (d *Directory) indexTags() {
	for i, t := range d.Tags { // weakest: the name of any tag, including inactive ones
		d.tags[t.Name] = &d.Tags[i]
		d.currentName[strings.ToLower(t.Name)] = t.Name
	}

	for _, t := range d.Tags { // former names of renamed tags
		for _, name := range t.Formerly {
			d.currentName[strings.ToLower(name)] = t.Name
		}
	}

	for _, t := range d.Tags { // strongest: the current name of an active tag
		if t.Active {
			d.currentName[strings.ToLower(t.Name)] = t.Name
		}
	}
}

// Tag returns what chats show of a tag. A tag without a configured colour, or an unknown one, gets its TagColor.
func (d *Directory) Tag(name string) bridge.Tag {
	t := d.tags[name]
	if t == nil {
		t = &store.Tag{}
	}
	return bridge.Tag{Name: name, Color: cmp.Or(t.Color, TagColor(name)), Label: t.Kind == store.TagLabel}
}

// CurrentTagNames replaces former names of tags by their current names, and removes duplicates. Names of active tags, and unknown
// names, stay as they are.
func (d *Directory) CurrentTagNames(names []string) []string {
	var list []string
	for _, name := range names {
		current := d.currentName[strings.ToLower(name)]
		if current != "" && !d.isActiveTag(name) {
			name = current
		}
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// TagsNamed returns what chats show of a conversation's tags, under their current names.
func (d *Directory) TagsNamed(names []string) []bridge.Tag {
	var tags []bridge.Tag
	for _, name := range d.CurrentTagNames(names) {
		tags = append(tags, d.Tag(name))
	}
	return tags
}

// isActiveTag reports whether an active tag has exactly this name.
func (d *Directory) isActiveTag(name string) bool {
	t := d.tags[name]
	return t != nil && t.Active
}

// OfferedTags returns the tags that can be chosen: labels first, then the others by category and name.
func (d *Directory) OfferedTags() []store.Tag {
	var list []store.Tag
	for _, t := range d.Tags {
		if t.Active {
			list = append(list, t)
		}
	}

	categories := bridge.TagCategories()
	rank := func(t store.Tag) int {
		if t.Kind == store.TagLabel {
			return -1
		}
		if i := slices.Index(categories, t.Category); i >= 0 {
			return i
		}
		return len(categories) // no category, or an unknown one: last
	}

	slices.SortStableFunc(list, func(a, b store.Tag) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)))
	})

	return list
}

// TagColor picks a colour from a fixed palette by the hash of a tag's name, so that a tag always has the same one.
func TagColor(name string) string {
	palette := []string{"#1d4ed8", "#0f766e", "#15803d", "#7c3aed", "#b45309", "#be185d", "#0e7490", "#4338ca"}
	h := fnv.New32a()
	_, _ = h.Write([]byte(strings.ToLower(name)))
	return palette[h.Sum32()%uint32(len(palette))]
}
