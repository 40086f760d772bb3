package setup

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/bridge"
	"parley/store"
)

const maxDescriptionRunes = 200

var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// readTag reads the entry of a tag, by which conversations are classified:
//
//	tags:
//	  - name: Billing
//	    description: Questions about invoices
//	    formerly: [Invoice]
//
// Tags that the entry lists as former names are renamed to this tag, or merged into it: the tag Invoice becomes Billing, and
// conversations with the tag Invoice count as Billing.
func (o *overlay) readTag(e *Group) {
	name := ""
	if t := e.Text("name"); t != nil {
		name = words(t.Value)
		e.Where = "tag " + name
		e.checkTagName(*t, "name")
		e.checkHasPage(name)
	} else if !e.has("name") {
		e.Fault(e.At, "name", "is missing", "A tag is known by its name.")
	}
	var former []string
	formerly := e.List("formerly")
	if formerly != nil {
		for _, t := range formerly.Items {
			e.checkTagName(t, "formerly")
			t.Value = words(t.Value)
			former, e.former = append(former, t.Value), append(e.former, t)
			if !strings.EqualFold(t.Value, name) {
				o.renameTag(t.Value, name)
			}
		}
	}

	t := o.Tag(name)
	if t == nil {
		t = o.addTag(name)
	}
	if t.Name != name { // the spelling changed
		t.Formerly = append(slices.Clone(t.Formerly), t.Name)
		t.Name = name
	}
	// Conversations may have any of the names, and statistics any spelling, so all of them are kept.
	t.Formerly = formerNames(t.Name, t.Formerly, former)

	if d := setText(e, "description", &t.Description); d != nil && utf8.RuneCountInString(d.Value) > maxDescriptionRunes {
		e.Fault(d.At, "description", fmt.Sprintf("has more than %d letters", maxDescriptionRunes), "Say in a sentence when the tag fits.")
	}
	if c := setText(e, "color", &t.Color); c != nil && c.Value != "" && !colour.MatchString(c.Value) {
		e.Fault(c.At, "color", fmt.Sprintf("%q isn't a colour", c.Raw), `Write "#1d4ed8": red, green and blue, two hexadecimal digits each.`)
	}
	setChoice(e, "category", &t.Category, bridge.TagCategories()...)
	setOneOf(e, "kind", &t.Kind, string(store.TagPlain), string(store.TagLabel))
	e.Done()
	o.entries.add("tag", name, e, e.At)
}

// addFormerNames adds the former names of a tag after the names of all tags: each may be in the file only once. A tag may list several
// spellings of the same name, though.
func (o *overlay) addFormerNames(e *Group) {
	spellings := []string{e.name}
	for _, t := range e.former {
		isSameName := slices.ContainsFunc(spellings, func(s string) bool { return strings.EqualFold(s, t.Value) })
		isOtherSpelling := isSameName && !slices.Contains(spellings, t.Value)
		if !isOtherSpelling {
			o.entries.add("tag", t.Value, e, t.At)
		}
		spellings = append(spellings, t.Value)
	}
}

// words returns the words of a text with single spaces between them.
func words(text string) string { return strings.Join(strings.Fields(text), " ") }

// checkTagName adds a fault if a text can't be the name of a tag. A comma isn't allowed, because people type
// lists of tags.
func (g *Group) checkTagName(t Text, key string) {
	name := words(t.Value)
	switch {
	case name == "":
		g.Fault(t.At, key, "is empty", "Write the name that people choose: Billing.")
	case utf8.RuneCountInString(name) > bridge.MaxTagRunes:
		g.Fault(t.At, key, fmt.Sprintf("has more than %d letters", bridge.MaxTagRunes), "Shorten it, and say the rest in its description.")
	case strings.Contains(name, ","):
		g.Fault(t.At, key, fmt.Sprintf("%q has a comma", t.Raw), "People type several tags with commas between them: take it out.")
	}
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

// Tag returns the entry of a tag. Empty values are written, too: a new database comes with some tags that have values, and the file
// overrides them.
func Tag(t store.Tag) *Mapping {
	entry := &Mapping{}
	entry.AddText("name", t.Name)
	entry.AddText("description", t.Description)
	entry.Put("color", t.Color)
	entry.Put("category", t.Category)
	entry.Put("kind", string(t.Kind))
	entry.AddList("formerly", t.Formerly)
	return entry
}

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

// tagFields describes a tag: a word such as Billing with which agents mark conversations.
func tagFields() []Field {
	return []Field{
		{
			Path: "name", Label: "Name", Input: InputLine, Required: true,
			Help: "After a change, all conversations show the new name.",
		},
		{
			Path: "description", Label: "When it fits", Input: InputLine,
			Help: "Colleagues see it when they choose tags.",
		},
		{Path: "color", Label: "Colour", Input: InputLine},
		{
			Path: "category", Label: "What it is about", Input: InputChoice,
			Choices: append([]string{""}, bridge.TagCategories()...),
		},
		{
			Path: "kind", Label: "Kind", Input: InputChoice,
			Choices: []string{string(store.TagPlain), string(store.TagLabel)}, Default: string(store.TagPlain),
			Help: "Conversations with a `label` stand out in lists.",
		},
		{
			Path: "formerly", Label: "Former names", Input: InputList,
			Help: "One per line. Typing a former name selects this tag, and an existing tag of that name is merged into " +
				"this one. Names can only be added: those that you leave out are kept.",
		},
	}
}
