package web

import (
	"html/template"
	"regexp"
	"slices"
	"strings"
)

// Form is an HTML form, rendered by the template "form". A handler fills it with stored values. If a submitted value is
// invalid, the handler calls Keep and shows the form again, with what was typed and a problem beside each invalid field:
//
//	form.Keep(v, map[string]string{"email.address": "This isn't an address."})
//	return v.ShowAgain("begin", web.Screen{Title: "Add a mailbox", Data: &form})
type Form struct {
	Action   string // the URL that it is sent to
	Version  string // the version of the data that it shows, to detect concurrent changes; "" means no such check
	Groups   []Group
	Problems []string // problems that belong to no single field
	Submit   string   // the text of the button; "" means Save
	Second   string   // the text of another button, which also sends "untested"; "" means no other button
	Hidden   []Field  // values that are sent without being shown
	Back     string   // the URL of a link beside the button; "" means no link
	Files    bool     // it has fields for files
	Unsaved  bool     // it shows values that were not saved: the page asks before the browser leaves it
}

// Fields returns all fields, the hidden ones first.
func (f Form) Fields() []Field {
	list := slices.Clone(f.Hidden)
	for _, g := range f.Groups {
		list = append(list, g.Fields...)
	}
	return list
}

// Group is a section of a form.
type Group struct {
	Title  string
	Help   string
	Folded bool // initially only the title is shown
	Fields []Field
}

// HasProblem reports whether a field of the group has a problem.
func (g Group) HasProblem() bool {
	return slices.ContainsFunc(g.Fields, func(f Field) bool { return f.Problem != "" })
}

// Field is one value of a form, rendered by the template "field".
type Field struct {
	Name     string // the parameter in the submitted form
	Label    string
	Help     string // may contain `code`, *emphasis* and links to the documentation (see helpHTML)
	Kind     string // one of the constants below, a type of HTML's input such as "date", or "" for one line of text
	Problem  string // what is wrong with the value; "" means nothing
	Required bool
	Fixed    bool // shown, but not editable

	// Value is the stored or submitted value. KindLines and KindChecks have one entry per line. KindChoice uses Choices
	// instead; the value of a KindSecret is never rendered.
	Value string

	Placeholder string   // of text fields
	Offers      []string // of text fields: values that the browser offers while somebody types
	Choices     []Choice // of KindChoice and KindChecks
	Stored      bool     // of KindSecret: a secret is stored
}

// Kinds of fields, in addition to the types of HTML's input.
const (
	KindCheck  = "check"  // a checkbox: the value is "true" or ""
	KindChecks = "checks" // a checkbox for each choice
	KindChoice = "choice" // one of the choices
	KindLines  = "lines"  // a list with one entry per line
	KindText   = "text"   // several lines of text
	KindSecret = "secret" // a value that is never shown
)

// Choice is an option of a field.
type Choice struct {
	Value  string
	Text   string
	Chosen bool
}

// optionsHTML renders choices as the options of a select element. It uses no template because that would be too slow
// for the thousands of people and tags that a company may have.
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

// ID returns the id of the field's HTML element.
func (f Field) ID() string { return "f-" + notInIDs.ReplaceAllString(f.Name, "-") }

// Choose returns a choice for each value, with the value as its text. Those in chosen are chosen.
func Choose(chosen []string, values ...string) []Choice {
	list := make([]Choice, len(values))
	for i, v := range values {
		list[i] = Choice{Value: v, Text: v, Chosen: slices.Contains(chosen, v)}
	}
	return list
}

// Keep fills the form with the submitted values, so that nothing that somebody typed is lost. problems has the fields'
// problems by name; those of other names are added to f.Problems. Submitted secrets are not kept: their fields ask to type them again.
//
// The form keeps the version that was submitted, too: the values are about the data that the person saw, and not about
// what somebody else may have stored meanwhile.
func (f *Form) Keep(v *Visit, problems map[string]string) {
	f.Unsaved = true
	if f.Version != "" {
		f.Version = v.Value("version")
	}
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
	for name, text := range problems {
		if !slices.ContainsFunc(f.Fields(), func(field Field) bool { return field.Name == name }) && text != "" {
			f.Problems = append(f.Problems, text)
		}
	}
	slices.Sort(f.Problems)
}

// keepValues sets the field to the submitted values.
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
	emphasis = regexp.MustCompile(`\*([^*\s][^*]*)\*`)
	helpLink = regexp.MustCompile(`\[([^\]]+)\]\(([a-z-]+\.md[#a-z0-9-]*)\)`)
	pageLink = regexp.MustCompile(`\[([^\]]+)\]\((/[a-z/-]+)\)`)
)

// HelpPath is the path below which the documentation is shown.
const HelpPath = "/settings/help/"

// helpHTML renders a help text as HTML. It marks up `code`, *emphasis*, and links to the documentation and to pages.
func helpHTML(s string) template.HTML {
	var b strings.Builder
	for i, piece := range strings.Split(s, "`") {
		if isCode := i%2 == 1; isCode {
			b.WriteString("<code>" + template.HTMLEscapeString(piece) + "</code>")
			continue
		}
		piece = pageLink.ReplaceAllString(template.HTMLEscapeString(piece), `<a href="$2">$1</a>`)
		piece = helpLink.ReplaceAllString(piece, `<a href="`+HelpPath+`$2" target="_blank">$1</a>`)
		b.WriteString(emphasis.ReplaceAllString(piece, "<em>$1</em>"))
	}
	return template.HTML(b.String()) //nolint:gosec // it was escaped above
}
