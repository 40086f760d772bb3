package web

import (
	"html/template"
	"regexp"
	"slices"
	"strings"
)

// Form is a form of a page; the template "form" draws it.
type Form struct {
	Action   string // where it is sent
	Version  string // of what it changes, as its page was shown; "" = none
	Groups   []Group
	Problems []string // what is wrong with no field in particular
	Submit   string   // what the button says; "" = Save
	Back     string   // where a link beside the button leads; "" = there is none
	Files    bool     // it has fields for files
}

// Group is a part of a form with a title of its own.
type Group struct {
	Title  string
	Help   string
	Folded bool // only its title is shown until somebody opens it
	Fields []Field
}

// Faulty reports whether something is wrong with a field of the group.
func (g Group) Faulty() bool {
	return slices.ContainsFunc(g.Fields, func(f Field) bool { return f.Problem != "" })
}

// Field is one value of a form; the template "field" draws it.
type Field struct {
	Name        string // in the form that is sent
	Label       string
	Help        string // may hold `code` and *emphasis*
	Kind        string // text of one line (""), another type of input, or one of the constants below
	Value       string
	Choices     []Choice
	Placeholder string
	Problem     string // what is wrong with the value
	Required    bool
	Fixed       bool // it is shown and can't be changed
	Stored      bool // a secret is stored; it is never shown
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

// options writes what can be chosen as options of a select: a company has thousands of people and tags, of which templates
// would write one after the other a hundred times as slowly.
func options(list []Choice) template.HTML {
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

// ID is the field's name in the page.
func (f Field) ID() string { return "f-" + notInIDs.ReplaceAllString(f.Name, "-") }

// Choose marks the chosen ones among choices; texts are the values where none is given.
func Choose(chosen []string, values ...string) []Choice {
	list := make([]Choice, len(values))
	for i, v := range values {
		list[i] = Choice{Value: v, Text: v, Chosen: slices.Contains(chosen, v)}
	}
	return list
}

// Keep puts what was sent, and what is wrong with it, into the form, so that nothing that somebody typed is lost.
// Secrets are typed again.
func (f *Form) Keep(v *Visit, problems map[string]string) {
	for g := range f.Groups {
		for i := range f.Groups[g].Fields {
			field := &f.Groups[g].Fields[i]
			field.Problem = problems[field.Name]
			if field.Fixed || field.Kind == KindSecret {
				continue
			}
			values := v.Request.PostForm[field.Name]
			field.Value = strings.Join(values, "\n")
			for c := range field.Choices {
				field.Choices[c].Chosen = slices.Contains(values, field.Choices[c].Value)
			}
		}
	}
}

var (
	emphasis  = regexp.MustCompile(`\*([^*\s][^*]*)\*`)
	linkWords = regexp.MustCompile(`\[([^\]]+)\]\([^)]*\)`)
)

// words writes a help text: `code` and *emphasis* are marked, links to pages of the documentation become their
// text. Everything else is text.
func words(s string) template.HTML {
	var b strings.Builder
	for i, piece := range strings.Split(s, "`") {
		if i%2 == 1 { // code is shown as it is written
			b.WriteString("<code>" + template.HTMLEscapeString(piece) + "</code>")
			continue
		}
		piece = template.HTMLEscapeString(linkWords.ReplaceAllString(piece, "$1"))
		b.WriteString(emphasis.ReplaceAllString(piece, "<em>$1</em>"))
	}
	return template.HTML(b.String()) //nolint:gosec // it was escaped above
}
