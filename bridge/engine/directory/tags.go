package directory

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

// indexTags fills in the tags by their exact names, and which tag a name, written in any case, stands for now. Several
// tags can claim the same name. So the loops go from the weakest claim to the strongest, and each overwrites what an
// earlier one has set.
func (d *Directory) indexTags() {
	for i, t := range d.Tags { // the weakest: the name of a tag that can't be chosen any more
		d.tags[t.Name] = &d.Tags[i]
		d.currentName[strings.ToLower(t.Name)] = t.Name
	}

	for _, t := range d.Tags { // a name that a tag had before it was renamed
		for _, name := range t.Formerly {
			d.currentName[strings.ToLower(name)] = t.Name
		}
	}

	for _, t := range d.Tags { // the strongest: the present name of an active tag
		if t.Active {
			d.currentName[strings.ToLower(t.Name)] = t.Name
		}
	}
}

// Tag returns what surfaces show of a tag. A tag without a colour of its own, or that is not known, has its TagColor.
func (d *Directory) Tag(name string) bridge.Tag {
	t := d.tags[name]
	if t == nil {
		t = &store.Tag{}
	}
	return bridge.Tag{Name: name, Color: cmp.Or(t.Color, TagColor(name)), Label: t.Kind == store.TagLabel}
}

// CurrentTagNames replaces former names of tags by those that the tags have now, and returns each name once. The name of
// an active tag stays as it is, and so does a name that is not known.
func (d *Directory) CurrentTagNames(names []string) []string {
	var now []string
	for _, name := range names {
		current := d.currentName[strings.ToLower(name)]
		if current != "" && !d.isActiveTag(name) {
			name = current
		}
		if !slices.Contains(now, name) {
			now = append(now, name)
		}
	}
	return now
}

// TagsNamed returns what surfaces show of the tags of a conversation, by the names that they have now.
func (d *Directory) TagsNamed(names []string) []bridge.Tag {
	var tags []bridge.Tag
	for _, name := range d.CurrentTagNames(names) {
		tags = append(tags, d.Tag(name))
	}
	return tags
}

// isActiveTag reports whether a tag of exactly this name can be chosen.
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
		return len(categories) // without a category, or with one that is not known: last
	}

	slices.SortStableFunc(list, func(a, b store.Tag) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)))
	})

	return list
}

// TagColor picks one of a few calm colours by a tag's name: always the same one for a name.
func TagColor(name string) string {
	palette := []string{"#1d4ed8", "#0f766e", "#15803d", "#7c3aed", "#b45309", "#be185d", "#0e7490", "#4338ca"}
	h := fnv.New32a()
	_, _ = h.Write([]byte(strings.ToLower(name)))
	return palette[h.Sum32()%uint32(len(palette))]
}
