package bridge

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"parley/channels"
	"parley/store"
)

// Uses of a template; one may have several.
const (
	TemplateStart  = "start"  // it may begin a conversation
	TemplateReply  = "reply"  // it may answer while free replies are possible
	TemplateWindow = "window" // it may answer when they are not
)

// maxValueRunes bounds what is put in place of one variable.
const maxValueRunes = 1000

// Template is a prepared text as forms and lists show it.
type Template struct {
	ID        int64             `json:"id"`
	Version   int               `json:"version"`
	Account   string            `json:"account"`
	Name      string            `json:"name"`
	Language  string            `json:"language"`
	Category  string            `json:"category"` // utility, marketing, authentication
	Uses      []string          `json:"uses"`
	Labels    []string          `json:"labels,omitempty"`
	Header    string            `json:"header,omitempty"`
	Body      string            `json:"body"`
	Footer    string            `json:"footer,omitempty"`
	Variables []string          `json:"variables,omitempty"`
	Examples  map[string]string `json:"examples,omitempty"`
	Status    string            `json:"status"` // draft, pending, approved, rejected, paused, disabled
	Reason    string            `json:"reason,omitempty"`
	Quality   string            `json:"quality,omitempty"` // green, yellow, red, "" = unknown
	Sees      string            `json:"sees,omitempty"`    // the category that the provider sees, where it is another
	Buttons   []TemplateButton  `json:"buttons,omitempty"`
}

// TemplateButton is a button below a template.
type TemplateButton struct {
	Title string `json:"title"`
	URL   string `json:"url,omitempty"` // "" = an answer to tap
}

// TemplateArgs are the arguments of verbs about templates.
type TemplateArgs struct {
	ID      int64             `json:"id,omitempty"`
	Version int               `json:"version,omitempty"` // which was seen
	Seen    string            `json:"seen,omitempty"`    // TemplateSeen of the values whose preview was seen
	Label   string            `json:"label,omitempty"`   // a picker shows only these
	Values  map[string]string `json:"values,omitempty"`
	Draft   *Template         `json:"draft,omitempty"`
}

// Ready says that these very values were seen in a preview: nothing else is sent.
func (a *TemplateArgs) Ready() bool {
	return a != nil && a.ID != 0 && a.Seen != "" && a.Seen == TemplateSeen(a.ID, a.Version, a.Values)
}

// TemplateSeen tells one preview from another.
func TemplateSeen(id int64, version int, values map[string]string) string {
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
	return textMark(fmt.Sprintf("%d %d %s", id, version, body))
}

// TemplateValue makes what somebody typed fit for a template: one line without control
// characters, which could hide or reorder what the customer reads.
func TemplateValue(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0xfeff:
			return -1
		case unicode.IsControl(r), r == 0x2028, r == 0x2029:
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > maxValueRunes {
		s = string(r[:maxValueRunes])
	}
	return s
}

// Preview gives the words of a template with values, as Markdown; what has no value stays
// {{so}}. missing are the names of those.
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

// Fits says that a template may be sent now, where free replies are possible or not.
func (t Template) Fits(open bool) bool {
	use := TemplateWindow
	if open {
		use = TemplateReply
	}
	return t.Status == string(channels.TemplateApproved) && slices.Contains(t.Uses, use)
}

// templateFacts shows a row.
func templateFacts(row store.Template, account string) Template {
	t := Template{ID: row.ID, Version: row.Version, Account: account, Name: row.Name, Language: row.Language, Category: row.Category,
		Uses: row.Uses, Labels: row.Labels, Header: row.Header, Body: row.Body, Footer: row.Footer, Examples: row.Examples,
		Variables: channels.Variables(row.Header, row.Body), Status: row.Status, Reason: row.Reason, Quality: row.Quality}
	if row.ProviderCategory != "" && row.ProviderCategory != row.Category {
		t.Sees = row.ProviderCategory
	}
	for _, b := range row.Buttons {
		t.Buttons = append(t.Buttons, TemplateButton{Title: b.Title, URL: b.URL})
	}
	return t
}

// templateOf gives a row as its channel knows it.
func templateOf(row store.Template) channels.Template {
	t := channels.Template{ExternalID: row.ExternalID, Name: row.ProviderName, Language: row.Language, Category: row.Category,
		Header: row.Header, Body: row.Body, Footer: row.Footer, Variables: channels.Variables(row.Header, row.Body), Examples: row.Examples}
	for _, b := range row.Buttons {
		t.Buttons = append(t.Buttons, channels.Button{ID: b.ID, Title: b.Title, URL: b.URL})
	}
	return t
}

// usedTemplate is what a message keeps of the template that it is.
type usedTemplate struct {
	ID      int64                `json:"id"`
	Version int                  `json:"version"`
	Name    string               `json:"name"`
	Use     channels.TemplateUse `json:"use"`
}

// fillTemplate fills a template in.
// Errors: *Problem with the name of what is missing.
func fillTemplate(row store.Template, values map[string]string) (usedTemplate, *Problem) {
	u := usedTemplate{ID: row.ID, Version: row.Version, Name: row.Name, Use: channels.TemplateUse{Template: templateOf(row), Values: map[string]string{}}}
	u.Use.Category = cmp.Or(row.ProviderCategory, row.Category) // what it is to its readers
	for _, name := range u.Use.Variables {
		value := TemplateValue(values[name])
		if value == "" {
			return u, &Problem{Code: "value_missing", Text: "There is nothing for " + strings.ReplaceAll(name, "_", " ") + " ({{" + name + "}}).",
				Hint: "Fill it in."}
		}
		u.Use.Values[name] = value
	}
	return u, nil
}

// templateUsed reads what a message keeps of its template; nil = it is none.
func templateUsed(m *store.Message) *usedTemplate {
	var u usedTemplate
	if len(m.Template) == 0 || json.Unmarshal(m.Template, &u) != nil || u.ID == 0 {
		return nil
	}
	return &u
}

// known gives what is known for the variables of templates in a conversation.
func knownValues(f Facts, company string) map[string]string {
	known := map[string]string{}
	put := func(value string, names ...string) {
		if value = TemplateValue(value); value != "" {
			for _, n := range names {
				known[n] = value
			}
		}
	}
	if f.Contact.Name != f.Contact.Address {
		put(f.Contact.Name, "customer_name")
		first, _, _ := strings.Cut(TemplateValue(f.Contact.Name), " ")
		put(first, "first_name")
	}
	if strings.Contains(f.Contact.Address, "@") {
		put(f.Contact.Address, "email")
	}
	put(f.Viewer.Name, "user_name", "agent_name")
	put(company, "company_name")
	return known
}
