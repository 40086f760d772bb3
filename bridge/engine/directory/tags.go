package directory

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

// indexTags notes under which tag each name is shown: a name that a tag has now comes before one that another had.
func (d *Directory) indexTags() {
	for i, t := range d.Tags {
		d.tags[t.Name] = &d.Tags[i]
		d.currentName[strings.ToLower(t.Name)] = t.Name
	}
	for _, t := range d.Tags {
		for _, name := range t.Formerly {
			d.currentName[strings.ToLower(name)] = t.Name
		}
	}
	for _, t := range d.Tags {
		if t.Active {
			d.currentName[strings.ToLower(t.Name)] = t.Name
		}
	}
}

// Tag returns what surfaces show of a tag: its colour is the one that it was given, else its TagColor.
func (d *Directory) Tag(name string) bridge.Tag {
	t := d.tags[name]
	if t == nil {
		t = &store.Tag{}
	}
	return bridge.Tag{Name: name, Color: cmp.Or(t.Color, TagColor(name)), Label: t.Kind == store.TagLabel}
}

// CurrentTagNames returns tags the names that they have now, each once.
func (d *Directory) CurrentTagNames(names []string) []string {
	var now []string
	for _, name := range names {
		if current := d.currentName[strings.ToLower(name)]; current != "" && (d.tags[name] == nil || !d.tags[name].Active) {
			name = current
		}
		if !slices.Contains(now, name) {
			now = append(now, name)
		}
	}
	return now
}

// OfferedTags are the tags that can be chosen: labels first, then the others by their categories and names.
func (d *Directory) OfferedTags() []store.Tag {
	var list []store.Tag
	for _, t := range d.Tags {
		if t.Active {
			list = append(list, t)
		}
	}
	rank := func(t store.Tag) int {
		if t.Kind == store.TagLabel {
			return -1
		}
		if i := slices.Index(bridge.TagCategories(), t.Category); i >= 0 {
			return i
		}
		return len(bridge.TagCategories())
	}
	slices.SortStableFunc(list, func(a, b store.Tag) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)))
	})
	return list
}

// TagColor assigns a tag one of a few calm colours, always the same.
func TagColor(name string) string {
	palette := []string{"#1d4ed8", "#0f766e", "#15803d", "#7c3aed", "#b45309", "#be185d", "#0e7490", "#4338ca"}
	h := fnv.New32a()
	_, _ = h.Write([]byte(strings.ToLower(name)))
	return palette[h.Sum32()%uint32(len(palette))]
}
