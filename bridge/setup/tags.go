package setup

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/setup/document"
	"parley/store"
	tags "parley/store/tag"
)

const (
	maxTagRunes         = 40 // as for tags that agents make
	maxDescriptionRunes = 200
)

var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

type tagEntry struct {
	at          Position
	name        string
	description *document.Text
	color       *document.Text
	category    *document.Text
	kind        *document.Text
	formerly    *document.List
}

// readTag reads a tag that conversations may have.
func readTag(o *object) (tagEntry, bool) {
	e := tagEntry{at: o.At}
	if name := o.Text("name"); name != nil {
		e.name = strings.Join(strings.Fields(name.Value), " ")
		o.Where = "tag " + e.name
		o.tagName(*name, "name")
	} else if o.Values["name"] == nil {
		o.Fault(o.At, "name", "is missing", "A tag is known by its name.")
	}
	if e.description = o.Text("description"); e.description != nil && utf8.RuneCountInString(e.description.Value) > maxDescriptionRunes {
		o.Fault(e.description.At, "description", fmt.Sprintf("has more than %d letters", maxDescriptionRunes), "Say in a sentence when the tag fits.")
	}
	if e.color = o.Text("color"); e.color != nil && e.color.Value != "" && !colour.MatchString(e.color.Value) {
		o.Fault(e.color.At, "color", fmt.Sprintf("%q is no colour", e.color.Raw), `Write "#1d4ed8": red, green and blue, two hexadecimal digits each.`)
	}
	if e.category = o.Text("category"); e.category != nil && e.category.Value != "" {
		o.oneOf(*e.category, "category", bridge.TagCategories()...)
	}
	if e.kind = o.Text("kind"); e.kind != nil {
		o.oneOf(*e.kind, "kind", string(store.TagPlain), string(store.TagLabel))
	}
	if e.formerly = o.List("formerly"); e.formerly != nil {
		for i, t := range e.formerly.Items {
			o.tagName(t, "formerly")
			e.formerly.Items[i].Value = strings.Join(strings.Fields(t.Value), " ")
		}
	}
	o.Done()
	return e, e.name != ""
}

// tagName adds a fault if a text can't be a tag's name: people type several names with commas between them.
func (o *object) tagName(t document.Text, key string) {
	name := strings.Join(strings.Fields(t.Value), " ")
	switch {
	case name == "":
		o.Fault(t.At, key, "is empty", "Write the name that people choose: Billing.")
	case utf8.RuneCountInString(name) > maxTagRunes:
		o.Fault(t.At, key, fmt.Sprintf("has more than %d letters", maxTagRunes), "Shorten it, and say the rest in its description.")
	case strings.Contains(name, ","):
		o.Fault(t.At, key, fmt.Sprintf("%q has a comma", t.Raw), "People type several tags with commas between them: take it out.")
	}
}

// readTags reads tags, each name once: as that of a tag, or as one that a tag had.
func (f *File) readTags(entries []*object, seen *names) {
	for _, o := range entries {
		if e, ok := readTag(o); ok && seen.first("tag", e.name, e.at) {
			f.tags = append(f.tags, e)
		}
	}
	for _, e := range f.tags {
		if e.formerly != nil {
			for _, t := range e.formerly.Items {
				seen.first("tag", t.Value, t.At)
			}
		}
	}
}

func (s *state) tag(name string) *store.Tag {
	return find(s.tags, func(t store.Tag) bool { return strings.EqualFold(t.Name, name) })
}

// tagEntry changes a tag, or makes it. A tag whose name is listed as a former one of it becomes this tag.
func (o *overlay) tagEntry(e tagEntry) {
	for _, name := range former(e) {
		old := o.tag(name)
		switch {
		case old == nil || strings.EqualFold(name, e.name):
			continue
		case o.tag(e.name) == nil:
			old.Name, old.Formerly = e.name, append(slices.Clone(old.Formerly), old.Name)
		default:
			into := o.tag(e.name)
			into.Formerly = slices.Concat(into.Formerly, old.Formerly, []string{old.Name})
			o.tags = slices.DeleteFunc(o.tags, func(t store.Tag) bool { return strings.EqualFold(t.Name, name) })
		}
	}
	t := o.tag(e.name)
	if t == nil {
		for i := range o.tags { // what had this name once has it no more
			o.tags[i].Formerly = slices.DeleteFunc(slices.Clone(o.tags[i].Formerly), func(f string) bool { return strings.EqualFold(f, e.name) })
		}
		o.tags = append(o.tags, store.Tag{Name: e.name, Kind: store.TagPlain, Active: true})
		t = &o.tags[len(o.tags)-1]
	}
	set := func(field *string, given *document.Text) {
		if given != nil {
			*field = strings.TrimSpace(given.Value)
		}
	}
	t.Name = e.name // in this spelling
	set(&t.Description, e.description)
	set(&t.Color, e.color)
	set(&t.Category, e.category)
	if e.kind != nil {
		t.Kind = store.TagKind(e.kind.Value)
	}
	t.Formerly = formerNames(t.Name, slices.Concat(t.Formerly, former(e))) // conversations may have any of them: none is forgotten
}

// formerNames gives each name once that a tag had besides its own.
func formerNames(own string, list []string) []string {
	var once []string
	for _, name := range list {
		if !slices.ContainsFunc(append(once, own), func(other string) bool { return strings.EqualFold(other, name) }) {
			once = append(once, name)
		}
	}
	return once
}

// pruneTags takes out tags that the file doesn't have, under their names or as former names of others.
func (o *overlay) pruneTags(f *File) {
	if !f.sections.tags {
		return
	}
	o.tags = slices.DeleteFunc(o.tags, func(t store.Tag) bool {
		return !slices.ContainsFunc(f.tags, func(e tagEntry) bool {
			return strings.EqualFold(e.name, t.Name) || slices.ContainsFunc(former(e), func(name string) bool { return strings.EqualFold(name, t.Name) })
		})
	})
}

func former(e tagEntry) []string {
	if e.formerly == nil {
		return nil
	}
	return e.formerly.Values()
}

func tagAttributes(t store.Tag) []attribute {
	return []attribute{
		{name: "description", value: t.Description},
		{name: "color", value: t.Color, empty: "(by its name)"},
		{name: "category", value: t.Category},
		{name: "kind", value: string(t.Kind)},
		{name: "formerly", value: sorted(t.Formerly)},
	}
}

// tagsOf gives the tags that can be chosen, each once: an older database may have several spellings of one.
func tagsOf(rows []store.Tag) []store.Tag {
	var list []store.Tag
	known := map[string]bool{}
	for _, t := range rows {
		if name := strings.ToLower(t.Name); t.Active && !known[name] {
			known[name] = true
			list = append(list, t)
		}
	}
	return list
}

// tagBefore gives a wanted tag as it is stored: under its name, or under one that it had until now.
func (s *state) tagBefore(want store.Tag) *store.Tag {
	if t := s.tag(want.Name); t != nil {
		return t
	}
	return find(s.tags, func(t store.Tag) bool { return hadName(want, t.Name) })
}

func hadName(t store.Tag, name string) bool {
	return slices.ContainsFunc(t.Formerly, func(f string) bool { return strings.EqualFold(f, name) })
}

// tagChanges lists, for people, what changes in the list of tags.
func tagChanges(have, want *state) []string {
	var lines []string
	for _, t := range want.tags {
		before := have.tagBefore(t)
		if before != nil && before.Name != t.Name {
			lines = append(lines, "~ tag "+t.Name+": name "+change(before.Name, t.Name))
		}
		lines = append(lines, compare("tag "+t.Name, attributesOf(before, tagAttributes), tagAttributes(t))...)
	}
	for _, t := range have.tags {
		switch into := find(want.tags, func(w store.Tag) bool { return hadName(w, t.Name) }); {
		case want.tag(t.Name) != nil:
		case into == nil:
			lines = append(lines, "- tag "+t.Name+": can't be chosen any more (conversations keep it)")
		case have.tag(into.Name) != nil:
			lines = append(lines, "- tag "+t.Name+": is "+into.Name+" now")
		}
	}
	return lines
}

func (w *work) saveTags(ctx context.Context, tx pgx.Tx) error {
	for _, t := range w.have.tags { // first: a name may become another tag's
		var err error
		into := find(w.want.tags, func(want store.Tag) bool { return hadName(want, t.Name) })
		same := find(w.want.tags, func(want store.Tag) bool { return want.Name == t.Name })
		switch {
		case same != nil:
		case into != nil || w.want.tag(t.Name) != nil: // another name, or another spelling
			err = tags.Forget(ctx, tx, t.Name)
		default:
			err = tags.Retire(ctx, tx, t.Name)
		}
		if err != nil {
			return err
		}
	}
	for _, t := range w.want.tags {
		if old := w.have.tagBefore(t); old != nil && old.Name == t.Name && slices.Equal(tagAttributes(*old), tagAttributes(t)) {
			continue
		}
		if err := tags.Save(ctx, tx, t); err != nil {
			return err
		}
	}
	return nil
}

func (s *state) exportTags() []*document.Draft {
	list := slices.Clone(s.tags)
	slices.SortStableFunc(list, func(a, b store.Tag) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.Name, b.Name))
	})
	var groups []*document.Draft
	for _, t := range list {
		g := &document.Draft{}
		g.Text("name", t.Name)
		g.Text("description", t.Description)
		for _, key := range []attribute{{name: "color", value: t.Color}, {name: "category", value: t.Category}, {name: "kind", value: string(t.Kind)}} {
			g.Put(key.name, key.value) // also an empty one: a new database has some of these tags, with values
		}
		g.List("formerly", t.Formerly)
		groups = append(groups, g)
	}
	return groups
}
