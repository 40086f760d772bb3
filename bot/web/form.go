package web

import (
	"html/template"
	"regexp"
	"slices"
	"strings"
)

// Form is a form of a page. A handler makes one of what is stored, the template "form" draws it, and the browser
// sends it back. If something is wrong with a value, the handler calls Keep and shows the form again: with what was
// typed, and with what is wrong beside each field.
type Form struct {
	Action   string // where it is sent
	Version  string // the version of what the form changes, so that changes of others meanwhile are noticed; "" if none
	Groups   []Group
	Problems []string // problems that belong to no single field
	Submit   string   // what the button says; "" means Save
	Back     string   // where a link beside the button leads; "" if there is none
	Files    bool     // it has fields for files
	Unsaved  bool     // it shows values that were sent and not saved: browsers ask before they leave the page
}

// Group is a part of a form with a title of its own.
type Group struct {
	Title  string
	Help   string
	Folded bool // only its title is shown until somebody opens it
	Fields []Field
}

// HasProblem reports whether something is wrong with a field of the group.
func (g Group) HasProblem() bool {
	return slices.ContainsFunc(g.Fields, func(f Field) bool { return f.Problem != "" })
}

// Field is one value of a form; the template "field" draws it.
type Field struct {
	Name     string // in the form that is sent
	Label    string
	Help     string // may hold `code`, *emphasis* and links to the documentation
	Kind     string // one of the constants below, another type of HTML's input ("date"), or "" for a text of one line
	Problem  string // what is wrong with the value; "" means nothing
	Required bool
	Fixed    bool // it is shown, but can't be changed

	// Value is what is stored, or was sent: with KindLines and KindChecks one entry a line. The template draws it neither for
	// choices nor for secrets.
	Value string

	// A text, of one line or several: what it shows while it is empty.
	Placeholder string

	// KindChoice and KindChecks: what can be chosen, and what is.
	Choices []Choice

	// KindSecret: a secret is stored, which is never shown.
	Stored bool
}

// Kinds of fields besides the types of input.
const (
	KindCheck  = "check"  // yes or no: the value is "true" or ""
	KindChecks = "checks" // some of the choices
	KindChoice = "choice" // one of the choices
	KindLines  = "lines"  // a list, one entry a line
	KindText   = "text"   // a text of several lines
	KindSecret = "secret" // never shown
)

// Choice is something that can be chosen.
type Choice struct {
	Value  string
	Text   string
	Chosen bool
}

// optionsHTML writes choices as the options of a select. It does without a template, which would be too slow for the
// thousands of people and tags that a company may have.
func optionsHTML(list []Choice) template.HTML {
	var b strings.Builder
	for _, c := range list {
		b.WriteString(`<option value="`)
		template.HTMLEscape(&b, []byte(c.Value))
		b.WriteString(`"`)
		if c.Chosen {
			b.WriteString(` selected`)
		}
		b.WriteString(`>`)
		template.HTMLEscape(&b, []byte(c.Text))
		b.WriteString(`</option>`)
	}
	return template.HTML(b.String()) //nolint:gosec // each value was escaped above
}

var notInIDs = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// ID returns the id of the field's element.
func (f Field) ID() string { return "f-" + notInIDs.ReplaceAllString(f.Name, "-") }

// Choose makes choices of values, with the values as their texts, and marks those that are chosen.
func Choose(chosen []string, values ...string) []Choice {
	list := make([]Choice, len(values))
	for i, v := range values {
		list[i] = Choice{Value: v, Text: v, Chosen: slices.Contains(chosen, v)}
	}
	return list
}

// Keep puts into the form what was sent, so that nothing that somebody typed is lost. problems says what is wrong, by
// the names of fields. Secrets have to be typed again, and their fields say so.
func (f *Form) Keep(v *Visit, problems map[string]string) {
	f.Unsaved = true
	for g := range f.Groups {
		for i := range f.Groups[g].Fields {
			field := &f.Groups[g].Fields[i]
			field.Problem = problems[field.Name]
			sent := v.Request.PostForm[field.Name]
			if field.Kind == KindSecret && field.Problem == "" && strings.Join(sent, "") != "" {
				field.Problem = "Type it again: it was not kept."
			}

			field.keepValues(sent)
		}
	}
}

// keepValues sets the field to the values that were sent.
func (f *Field) keepValues(sent []string) {
	if f.Fixed || f.Kind == KindSecret {
		return
	}
	f.Value = strings.Join(sent, "\n")
	for i := range f.Choices {
		f.Choices[i].Chosen = slices.Contains(sent, f.Choices[i].Value)
	}
}

var (
	emphasis  = regexp.MustCompile(`\*([^*\s][^*]*)\*`)
	linkWords = regexp.MustCompile(`\[([^\]]+)\]\([^)]*\)`)
)

// helpHTML writes a help text as HTML. It marks `code` and *emphasis*. Of links to the documentation it keeps only the words.
func helpHTML(s string) template.HTML {
	var b strings.Builder
	for i, piece := range strings.Split(s, "`") {
		if isCode := i%2 == 1; isCode {
			b.WriteString("<code>" + template.HTMLEscapeString(piece) + "</code>")
			continue
		}
		piece = template.HTMLEscapeString(linkWords.ReplaceAllString(piece, "$1"))
		b.WriteString(emphasis.ReplaceAllString(piece, "<em>$1</em>"))
	}
	return template.HTML(b.String()) //nolint:gosec // it was escaped above
}
