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

// A template is a prepared text with variables ({{name}}). WhatsApp, for example, takes no free text 24 hours after
// the customer's last message, but still takes templates that it has approved. This file has the template as forms
// show it (Template), turns it into the row that is stored and into what a provider gets, and checks what people
// wrote.

// Uses of a template. A template may have several.
const (
	TemplateStart  = "start"  // it may begin a conversation
	TemplateReply  = "reply"  // it may answer while free replies are possible
	TemplateWindow = "window" // it may answer when they are not
)

// maxTemplateName is how many characters the name of a template may have.
const maxTemplateName = 100

// maxValueRunes is how long a value of a variable may be.
const maxValueRunes = 1000

// Template is a prepared text as forms and lists show it.
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
	Quality          string            `json:"quality,omitempty"` // green, yellow, red, "" means unknown
	ProviderCategory string            `json:"sees,omitempty"`    // the category that the provider sees; "" if it is the same
	Buttons          []TemplateButton  `json:"buttons,omitempty"`
}

// TemplateButton is a button below a template.
type TemplateButton struct {
	Title string `json:"title"`
	URL   string `json:"url,omitempty"` // "" means an answer to tap
}

// TemplateArgs are the arguments of verbs about templates.
type TemplateArgs struct {
	ID      TemplateID        `json:"id,omitempty"`
	Version int               `json:"version,omitempty"` // the version that the actor saw
	Seen    string            `json:"seen,omitempty"`    // the PreviewMark of the preview that the actor saw
	Label   string            `json:"label,omitempty"`   // the picker shows only templates with this label
	Values  map[string]string `json:"values,omitempty"`
	Draft   *Template         `json:"draft,omitempty"`
}

// IsPreviewed reports whether the actor saw a preview of exactly this version and these values. If not, nothing is sent.
func (a *TemplateArgs) IsPreviewed() bool {
	if a == nil || a.ID == 0 {
		return false
	}
	return a.Seen != "" && a.Seen == PreviewMark(a.ID, a.Version, a.Values)
}

// PreviewMark returns a hash of a preview. It differs for each version of the template and each set of values. Empty
// values don't count.
func PreviewMark(id TemplateID, version int, values map[string]string) string {
	seen := make(map[string]string, len(values))
	for name, value := range values {
		if value != "" {
			seen[name] = value
		}
	}
	body, err := json.Marshal(seen) // in the order of names
	if err != nil {
		return ""
	}
	return TextMark(fmt.Sprintf("%d %d %s", id, version, body))
}

// TemplateValue makes what somebody typed fit for a template: one line of at most maxValueRunes, without the control
// characters that could hide or reorder what the customer reads.
func TemplateValue(s string) string {
	s = strings.Map(func(r rune) rune {
		if hidesOrReorders(r) {
			return -1 // is left out
		}
		if unicode.IsControl(r) || isLineSeparator(r) {
			return ' '
		}
		return r
	}, s)

	s = strings.Join(strings.Fields(s), " ")
	runes := []rune(s)
	if len(runes) > maxValueRunes {
		s = string(runes[:maxValueRunes])
	}

	return s
}

// hidesOrReorders says that a character is not seen itself and changes the direction of others, or is a byte order
// mark.
func hidesOrReorders(r rune) bool {
	return unicode.Is(unicode.Bidi_Control, r) || r == '\ufeff' // the byte order mark
}

// isLineSeparator says that a character begins a line or a paragraph without being a control character.
func isLineSeparator(r rune) bool { return r == '\u2028' || r == '\u2029' }

// isTemplateUse says that a word is one of the uses of templates.
func isTemplateUse(use string) bool {
	return slices.Contains([]string{TemplateStart, TemplateReply, TemplateWindow}, use)
}

// Preview returns the words of a template with values, as Markdown. Variables without a value stay {{like_this}};
// missing has their names.
func (t Template) Preview(values map[string]string) (words string, missing []string) {
	use := channels.TemplateUse{Template: channels.Template{Header: t.Header, Body: t.Body, Footer: t.Footer}, Values: map[string]string{}}
	for _, b := range t.Buttons {
		use.Buttons = append(use.Buttons, channels.Button{Title: b.Title, URL: b.URL})
	}
	for _, name := range t.Variables {
		if v := TemplateValue(values[name]); v != "" {
			use.Values[name] = v
		} else {
			missing = append(missing, name)
		}
	}
	return use.Words(), missing
}

// MayBeSent reports whether a template may be sent as a reply. windowOpen means that the reply window is open, so that
// free text may leave, too.
func (t Template) MayBeSent(windowOpen bool) bool {
	use := TemplateWindow
	if windowOpen {
		use = TemplateReply
	}
	return t.Status == string(channels.TemplateApproved) && slices.Contains(t.Uses, use)
}

// ProviderTemplate returns a template's row in the form in which its channel and provider know it.
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

// TemplateRow makes a row from what people wrote, without account, ids and the provider's verdict. It derives the
// provider's name from the name. It adds examples for variables that Parley knows, and drops those of variables that
// the text doesn't have.
func TemplateRow(t Template) store.Template {
	row := store.Template{
		Name:     strings.TrimSpace(t.Name),
		Language: strings.TrimSpace(t.Language),
		Category: t.Category,
		Uses:     t.Uses,
		Labels:   t.Labels,
		Header:   strings.TrimSpace(t.Header),
		Body:     strings.TrimSpace(t.Body),
		Footer:   strings.TrimSpace(t.Footer),
		Examples: map[string]string{},
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
		plain := map[string]string{name: "{{" + name + "}}"} // without blanks inside
		row.Header, row.Body = channels.Fill(row.Header, plain), channels.Fill(row.Body, plain)
		if value := cmp.Or(TemplateValue(t.Examples[name]), channels.Example(name)); value != "" {
			row.Examples[name] = value
		}
	}

	return row
}

// TemplateFaults returns what is wrong with a row, before any provider is asked. It doesn't check the language of a
// row that is already stored (its ID is set): the language can't be changed, and earlier versions accepted more
// codes.
func TemplateFaults(row store.Template) []channels.TemplateFault {
	list := ProviderTemplate(row).Faults()
	if row.ID != 0 {
		list = slices.DeleteFunc(list, func(f channels.TemplateFault) bool { return f.Field == "language" })
	}
	if row.Name == "" || len([]rune(row.Name)) > maxTemplateName {
		list = append([]channels.TemplateFault{{Field: "name", Text: "is missing or too long", Hint: "Write up to 100 characters."}}, list...)
	}
	isOtherUse := func(use string) bool { return !isTemplateUse(use) }
	if len(row.Uses) == 0 || slices.ContainsFunc(row.Uses, isOtherUse) {
		list = append(list, channels.TemplateFault{
			Field: "types",
			Text:  "say nothing that is possible",
			Hint:  "Write any of start, reply and window.",
		})
	}
	return list
}

// TemplateDiffers reports whether two rows differ in something that the provider sees.
func TemplateDiffers(a, b store.Template) bool {
	type seenTexts struct{ providerName, category, header, body, footer string }
	seenOf := func(row store.Template) seenTexts {
		return seenTexts{providerName: row.ProviderName, category: row.Category, header: row.Header, body: row.Body, footer: row.Footer}
	}
	if seenOf(a) != seenOf(b) {
		return true
	}
	return !slices.Equal(a.Buttons, b.Buttons) || !maps.Equal(a.Examples, b.Examples)
}
