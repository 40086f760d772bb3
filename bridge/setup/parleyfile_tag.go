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

// ParleyfileTag is the entry of a tag in parley.yaml. Conversations may have tags.
//
//	tags:
//	  - name: Billing
//	    description: Questions about invoices
//	    formerly: [Invoice]
//
// A nil field means that the entry doesn't have the key, so that the property stays as it is.
type ParleyfileTag struct {
	At          Position
	Name        string
	Description *Text
	Color       *Text
	Category    *Text
	Kind        *Text
	Formerly    *List
}

// FormerNames returns the former names of the tag.
func (e ParleyfileTag) FormerNames() []string {
	if e.Formerly == nil {
		return nil
	}
	return e.Formerly.Values()
}

// readTag reads the entry of a tag. It returns false if the entry has no name.
func readTag(o *object) (ParleyfileTag, bool) {
	e := ParleyfileTag{At: o.At}
	if name := o.Text("name"); name != nil {
		e.Name = strings.Join(strings.Fields(name.Value), " ")
		o.Where = "tag " + e.Name
		o.checkTagName(*name, "name")
		o.checkHasPage(e.Name)
	} else if o.Values["name"] == nil {
		o.Fault(o.At, "name", "is missing", "A tag is known by its name.")
	}

	e.Description = o.Text("description")
	if e.Description != nil && utf8.RuneCountInString(e.Description.Value) > maxDescriptionRunes {
		o.Fault(e.Description.At, "description", fmt.Sprintf("has more than %d letters", maxDescriptionRunes),
			"Say in a sentence when the tag fits.")
	}

	e.Color = o.Text("color")
	hasColor := e.Color != nil && e.Color.Value != ""
	if hasColor && !colour.MatchString(e.Color.Value) {
		o.Fault(e.Color.At, "color", fmt.Sprintf("%q isn't a colour", e.Color.Raw),
			`Write "#1d4ed8": red, green and blue, two hexadecimal digits each.`)
	}

	e.Category = o.Text("category")
	if e.Category != nil && e.Category.Value != "" {
		o.checkOneOf(*e.Category, "category", bridge.TagCategories()...)
	}
	if e.Kind = o.Text("kind"); e.Kind != nil {
		o.checkOneOf(*e.Kind, "kind", string(store.TagPlain), string(store.TagLabel))
	}

	if e.Formerly = o.List("formerly"); e.Formerly != nil {
		for i, t := range e.Formerly.Items {
			o.checkTagName(t, "formerly")
			e.Formerly.Items[i].Value = strings.Join(strings.Fields(t.Value), " ")
		}
	}

	o.Done()
	return e, e.Name != ""
}

// checkTagName adds a fault if a text can't be the name of a tag. A comma isn't allowed, because people type
// lists of tags.
func (o *object) checkTagName(t Text, key string) {
	name := strings.Join(strings.Fields(t.Value), " ")
	switch {
	case name == "":
		o.Fault(t.At, key, "is empty", "Write the name that people choose: Billing.")
	case utf8.RuneCountInString(name) > bridge.MaxTagRunes:
		o.Fault(t.At, key, fmt.Sprintf("has more than %d letters", bridge.MaxTagRunes), "Shorten it, and say the rest in its description.")
	case strings.Contains(name, ","):
		o.Fault(t.At, key, fmt.Sprintf("%q has a comma", t.Raw), "People type several tags with commas between them: take it out.")
	}
}

// readTags reads all tags. A name may occur only once in the file, either as the name of a tag or as a former
// name. A tag may list several spellings of the same name, though.
func (f *ParleyfileFile) readTags(entries []*object, seen *names) {
	for _, o := range entries {
		e, ok := readTag(o)
		if ok && seen.checkNew("tag", e.Name, e.At) {
			f.Tags = append(f.Tags, e)
		}
	}
	for _, e := range f.Tags {
		if e.Formerly == nil {
			continue
		}
		spellings := []string{e.Name}
		for _, t := range e.Formerly.Items {
			isSameName := slices.ContainsFunc(spellings, func(s string) bool { return strings.EqualFold(s, t.Value) })
			isOtherSpelling := isSameName && !slices.Contains(spellings, t.Value)
			if isOtherSpelling || seen.checkNew("tag", t.Value, t.At) {
				spellings = append(spellings, t.Value)
			}
		}
	}
}
