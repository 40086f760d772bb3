package bridge

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"parley/channels"
	"parley/store"
)

// A template is a prepared text with variables, such as "Hello {{first_name}}, your order is ready." WhatsApp, for example,
// allows free text only until 24 hours after the customer's last message (the reply window). After that, it accepts only
// templates that it has approved.
//
// A template has three forms: Template in forms and lists, store.Template in the database, and channels.Template for the
// provider. This file converts between them and validates what people wrote.

// Uses of a template. A template may have several.
const (
	TemplateStart  = "start"  // to start a conversation
	TemplateReply  = "reply"  // to answer while the reply window is open
	TemplateWindow = "window" // to answer while the reply window is closed
)

const (
	maxTemplateName = 100  // runes of a template's name
	maxValueRunes   = 1000 // of a variable's value
)

// Template is a template as forms and lists show it.
type Template struct {
	ID               TemplateID        `json:"id"`
	Version          int               `json:"version"`
	Account          string            `json:"account"`
	Name             string            `json:"name"`
	Language         string            `json:"language"`
	Category         string            `json:"category"` // utility, marketing, authentication
	Uses             []string          `json:"uses"`
	Labels           []string          `json:"labels,omitempty"`
	Header           string            `json:"header,omitempty"`
	Body             string            `json:"body"`
	Footer           string            `json:"footer,omitempty"`
	Variables        []string          `json:"variables,omitempty"`
	Examples         map[string]string `json:"examples,omitempty"`
	Status           string            `json:"status"` // draft, pending, approved, rejected, paused, disabled
	Reason           string            `json:"reason,omitempty"`
	Quality          string            `json:"quality,omitempty"` // the provider's rating: green, yellow, red; "" means unknown
	ProviderCategory string            `json:"sees,omitempty"`    // the category that the provider assigned; "" if it is the same
	Buttons          []TemplateButton  `json:"buttons,omitempty"`
}

// TemplateButton is a button below a template.
type TemplateButton struct {
	Title string `json:"title"`
	URL   string `json:"url,omitempty"` // the page to open; "" means that the button sends its title as an answer
}

// TemplateArgs are the arguments of verbs about templates.
type TemplateArgs struct {
	ID      TemplateID        `json:"id,omitempty"`
	Version int               `json:"version,omitempty"` // the version that the actor saw
	Seen    string            `json:"seen,omitempty"`    // the PreviewMark of the preview that the actor saw
	Label   string            `json:"label,omitempty"`   // show only templates with this label in the picker
	Values  map[string]string `json:"values,omitempty"`
	Draft   *Template         `json:"draft,omitempty"`
}

// IsPreviewed reports whether the actor saw a preview of exactly this version with these values. Otherwise the template must
// not be sent.
func (a *TemplateArgs) IsPreviewed() bool {
	if a == nil || a.ID == 0 {
		return false
	}
	return a.Seen != "" && a.Seen == PreviewMark(a.ID, a.Version, a.Values)
}

// PreviewMark returns a hash that identifies a preview: a version of a template with values for its variables. Empty values
// are ignored.
func PreviewMark(id TemplateID, version int, values map[string]string) string {
	filled := make(map[string]string, len(values))
	for name, value := range values {
		if value != "" {
			filled[name] = value
		}
	}
	body, err := json.Marshal(filled) // sorts the names
	if err != nil {
		return ""
	}
	return TextMark(fmt.Sprintf("%d %d %s", id, version, body))
}

// TemplateValue sanitizes the value of a variable: it returns one line of at most maxValueRunes runes, without characters
// that could hide or reorder what the customer reads.
func TemplateValue(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case hidesOrReorders(r):
			return -1 // drop it
		case unicode.IsControl(r), isLineSeparator(r):
			return ' '
		default:
			return r
		}
	}, s)

	s = strings.Join(strings.Fields(s), " ")
	runes := []rune(s)
	if len(runes) > maxValueRunes {
		s = string(runes[:maxValueRunes])
	}

	return s
}

// hidesOrReorders reports whether r is an invisible character that changes the writing direction, or a byte order mark.
func hidesOrReorders(r rune) bool {
	const byteOrderMark = '\ufeff'
	return unicode.Is(unicode.Bidi_Control, r) || r == byteOrderMark
}

// isLineSeparator reports whether r separates lines or paragraphs without being a control character.
func isLineSeparator(r rune) bool { return r == '\u2028' || r == '\u2029' }

func isTemplateUse(use string) bool {
	return slices.Contains([]string{TemplateStart, TemplateReply, TemplateWindow}, use)
}

// Preview returns the text of a template with the given values, in Markdown. Variables without a value stay {{like_this}},
// and missing lists their names.
func (t Template) Preview(values map[string]string) (words string, missing []string) {
	use := channels.TemplateUse{Template: channels.Template{Header: t.Header, Body: t.Body, Footer: t.Footer}, Values: map[string]string{}}
	for _, b := range t.Buttons {
		use.Buttons = append(use.Buttons, channels.Button{Title: b.Title, URL: b.URL})
	}
	for _, name := range t.Variables {
		value := TemplateValue(values[name])
		if value == "" {
			missing = append(missing, name)
			continue
		}
		use.Values[name] = value
	}
	return use.Words(), missing
}

// MayBeSent reports whether a template may be sent as a reply while the reply window is open (windowOpen) or closed.
func (t Template) MayBeSent(windowOpen bool) bool {
	use := TemplateWindow
	if windowOpen {
		use = TemplateReply
	}
	return t.Status == string(channels.TemplateApproved) && slices.Contains(t.Uses, use)
}

// ProviderTemplate converts a stored template into the form for its channel and provider.
func ProviderTemplate(row store.Template) channels.Template {
	t := channels.Template{
		ExternalID: row.ExternalID,
		Name:       row.ProviderName,
		Language:   row.Language,
		Category:   row.Category,
		Header:     row.Header,
		Body:       row.Body,
		Footer:     row.Footer,
		Variables:  channels.Variables(row.Header, row.Body),
		Examples:   row.Examples,
	}
	for _, b := range row.Buttons {
		t.Buttons = append(t.Buttons, channels.Button{ID: b.ID, Title: b.Title, URL: b.URL})
	}
	return t
}

// TemplateRow converts what people wrote into a row to store. The provider's name is derived from the name. Examples of
// variables that the text doesn't use are dropped, and missing examples of well-known variables are added. TemplateRow does
// not set the account, the ids and the provider's decision.
func TemplateRow(t Template) store.Template {
	row := store.Template{
		Name:     strings.TrimSpace(t.Name),
		Language: strings.TrimSpace(t.Language),
		Category: t.Category,
		Uses:     t.Uses,
		Labels:   t.Labels,
		TemplateContent: store.TemplateContent{
			Header:   strings.TrimSpace(t.Header),
			Body:     strings.TrimSpace(t.Body),
			Footer:   strings.TrimSpace(t.Footer),
			Examples: map[string]string{},
		},
	}
	row.ProviderName = channels.TemplateName(row.Name)
	for i, b := range t.Buttons {
		row.Buttons = append(row.Buttons, store.TemplateButton{
			ID:    fmt.Sprintf("b%d", i+1),
			Title: strings.TrimSpace(b.Title),
			URL:   strings.TrimSpace(b.URL),
		})
	}

	for _, name := range channels.Variables(row.Header, row.Body) {
		canonical := map[string]string{name: "{{" + name + "}}"} // replaces "{{ name }}"
		row.Header, row.Body = channels.Fill(row.Header, canonical), channels.Fill(row.Body, canonical)
		if value := cmp.Or(TemplateValue(t.Examples[name]), channels.Example(name)); value != "" {
			row.Examples[name] = value
		}
	}

	return row
}

// TemplateFaults validates a row without asking a provider.
func TemplateFaults(row store.Template) []channels.TemplateFault {
	faults := ProviderTemplate(row).Faults()
	if row.Name == "" || len([]rune(row.Name)) > maxTemplateName {
		fault := channels.TemplateFault{Field: "name", Text: "is missing or too long", Hint: "Write up to 100 characters."}
		faults = append([]channels.TemplateFault{fault}, faults...)
	}
	isUnknown := func(use string) bool { return !isTemplateUse(use) }
	if len(row.Uses) == 0 || slices.ContainsFunc(row.Uses, isUnknown) {
		faults = append(faults, channels.TemplateFault{
			Field: "types",
			Text:  "say nothing that is possible",
			Hint:  "Write any of start, reply and window.",
		})
	}
	return faults
}

// TemplateDiffers reports whether two rows differ in something that is sent to the provider.
func TemplateDiffers(a, b store.Template) bool {
	type sentTexts struct{ providerName, category, header, body, footer string }
	textsOf := func(row store.Template) sentTexts {
		return sentTexts{providerName: row.ProviderName, category: row.Category, header: row.Header, body: row.Body, footer: row.Footer}
	}
	if textsOf(a) != textsOf(b) {
		return true
	}
	return !slices.Equal(a.Buttons, b.Buttons) || !maps.Equal(a.Examples, b.Examples)
}
