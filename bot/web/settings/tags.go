package settings

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bridge"
	"parley/bridge/setup"
)

// The pages of tags. entryPages implements lists and forms of entries; this file configures it. A tag says what a
// conversation is about, such as "refund". A tag of the kind "label" says what is to be done, and makes its conversations
// stand out in lists.

const (
	plainColour = "#6b7280" // of tags without a colour
	firstColour = "#1d4ed8" // the default for a new tag
)

type tagRow struct {
	Name, Path, Color, Description, Category string
	Label                                    bool
	Formerly                                 []string
}

func (p pages) tagPages() entryPages {
	return entryPages{
		pages:       p,
		kind:        setup.EntryTag,
		path:        "/settings/tags",
		singular:    "tag",
		title:       "Tags and labels",
		help:        "What conversations are about. A *label* says what is to be done: conversations that have one stand out in lists.",
		takeOutHelp: "Nobody is offered it any more. Conversations that have it keep it.",
		parts:       []fieldGroup{{paths: []string{"name", "description", "color", "category", "kind", "formerly"}}},
		rows: func(v *web.Visit, s *listFilter, all []setup.Entry) (any, error) {
			return tagRows(pageOf(v, s, labelsFirst(ofKind(all, setup.EntryTag)))), nil
		},
		newName:      func(v *web.Visit) string { return strings.Join(strings.Fields(v.Value("name")), " ") },
		refineForm:   refineTag,
		finishChange: renameTag,
	}
}

func pathOf(name string) string { return url.PathEscape(name) }

// labelsFirst sorts tags in place for their list: labels first, then by category.
func labelsFirst(tags []setup.Entry) []setup.Entry {
	rank := func(e setup.Entry) int {
		if e.Value("kind") == "label" {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(tags, func(a, b setup.Entry) int {
		return cmp.Or(rank(a)-rank(b), strings.Compare(a.Value("category"), b.Value("category")))
	})
	return tags
}

func tagRows(tags []setup.Entry) (rows []tagRow) {
	for _, e := range tags {
		color := cmp.Or(e.Value("color"), plainColour)
		rows = append(rows, tagRow{
			Name:        e.Name,
			Path:        "/settings/tags/" + pathOf(e.Name),
			Color:       color,
			Description: e.Value("description"),
			Category:    e.Value("category"),
			Label:       e.Value("kind") == "label",
			Formerly:    e.Values["formerly"],
		})
	}
	return rows
}

// refineTag adapts the form of a tag: a colour picker with a default, no former names for a new tag, and a text for the
// empty category.
func refineTag(v *web.Visit, form *web.Form, e *setup.Entry, all []setup.Entry) {
	color := findField(form, "color")
	color.Kind = "color"
	if color.Value == "" {
		color.Value = firstColour
		if e != nil {
			color.Value = plainColour
		}
	}

	if e == nil {
		fields := &form.Groups[0].Fields
		*fields = slices.DeleteFunc(*fields, func(f web.Field) bool { return f.Name == "formerly" })
		if near := nearTag(all, v.Value("name")); near != "" && v.Value(anyway) == "" {
			*fields = append(*fields, web.Field{Name: anyway, Kind: web.KindCheck, Label: "Create it anyway",
				Problem: "There is already “" + near + "”."})
		}
	}

	categories := findField(form, "category").Choices
	for i := range categories {
		if categories[i].Value == "" {
			categories[i].Text = "nothing in particular"
		}
	}
}

// anyway is the field of a new tag that is nearly one that there is.
const anyway = "anyway"

// nearTag returns a tag that probably means the same as a new name, or "".
func nearTag(all []setup.Entry, name string) string {
	for _, e := range ofKind(all, setup.EntryTag) {
		if name != "" && !strings.EqualFold(e.Name, name) && bridge.AreNearTags(e.Name, name) {
			return e.Name
		}
	}
	return ""
}

// renameTag completes a change that renames a tag: the old name is added to the former names. A change of case alone isn't
// recorded. It returns no problems.
func renameTag(c *setup.Change, v *web.Visit, old *setup.Entry) []string {
	name := strings.Join(strings.Fields(v.Value("name")), " ")
	if old == nil || name == old.Name {
		return nil
	}
	c.Was, c.Name = old.Name, name
	if !strings.EqualFold(name, old.Name) {
		former, given := c.Values["formerly"]
		if !given {
			former = old.Values["formerly"]
		}
		c.Values["formerly"] = append(slices.Clone(former), old.Name)
	}
	return nil
}
