package settings

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

const (
	plainColour = "#6b7280" // of tags without a colour of their own
	firstColour = "#1d4ed8" // proposed for a new tag
)

type tagRow struct {
	Name, Path, Color, Description, Category string
	Label                                    bool
	Formerly                                 []string
}

func (p pages) tagPages() entryPages {
	return entryPages{pages: p, kind: setup.EntryTag, path: "/settings/tags", singular: "tag", title: "Tags and labels",
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

// labelsFirst sorts tags for their list: labels first, then by category.
func labelsFirst(tags []setup.Entry) []setup.Entry {
	isLabel := func(e setup.Entry) bool { return e.Value("kind") == "label" }
	slices.SortStableFunc(tags, func(a, b setup.Entry) int {
		if isLabel(a) != isLabel(b) {
			if isLabel(a) {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Value("category"), b.Value("category"))
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

func refineTag(_ *web.Visit, form *web.Form, e *setup.Entry, _ []setup.Entry) {
	color := findField(form, "color")
	color.Kind = "color"
	if color.Value == "" {
		color.Value = firstColour
		if e != nil {
			color.Value = plainColour
		}
	}

	if e == nil { // a new tag has no former names
		fields := &form.Groups[0].Fields
		*fields = slices.DeleteFunc(*fields, func(f web.Field) bool { return f.Name == "formerly" })
	}

	for i := range findField(form, "category").Choices {
		if c := &findField(form, "category").Choices[i]; c.Value == "" {
			c.Text = "nothing in particular"
		}
	}
}

// renameTag gives a tag another name. The tag keeps its old name as a former one.
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
