package channels

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// The strictest limits for templates that any provider publishes.
// Source: Meta, "Message templates" (components and their limits), read 2026-11.
const (
	templateNameRunes   = 512
	templateHeaderRunes = 60
	templateBodyRunes   = 1024
	templateFooterRunes = 60
	templateButtons     = 10
	templateTitleRunes  = 25
)

var (
	templateName     = regexp.MustCompile(`^[a-z0-9_]+$`)
	templateLanguage = regexp.MustCompile(`^[a-z]{2}(_[A-Z]{2})?$`)

	adjacentVariables = regexp.MustCompile(`\}\}\s*\{\{`)
	notInNames        = regexp.MustCompile(`[^a-z0-9]+`)
)

// TemplateCategories returns the categories that a template can have. Providers price them differently.
func TemplateCategories() []string { return []string{"utility", "marketing", "authentication"} }

// TemplateName converts a title to a name that providers accept: "Order update" becomes order_update.
func TemplateName(title string) string {
	return strings.Trim(notInNames.ReplaceAllString(strings.ToLower(title), "_"), "_")
}

// TemplateFault is a fault in a template that every provider would reject.
type TemplateFault struct {
	Field string // name, language, category, header, body, footer, buttons or examples
	Text  string // what is wrong, without a full stop: "has more than one variable"
	Hint  string // what to do about it: "Move the others into the body."
}

// Faults validates a template, so that people learn about faults without waiting for the provider's review. It returns
// nil for a valid template.
func (t Template) Faults() []TemplateFault {
	return slices.Concat(t.labelFaults(), t.textFaults(), t.bodyFaults(), t.buttonFaults(), t.exampleFaults())
}

// labelFaults validates the name, language and category.
func (t Template) labelFaults() []TemplateFault {
	var list []TemplateFault
	add := func(field, text, hint string) {
		list = append(list, TemplateFault{Field: field, Text: text, Hint: hint})
	}
	if !templateName.MatchString(t.Name) || len(t.Name) > templateNameRunes {
		add("name", fmt.Sprintf("%q can't be a provider's name", t.Name), "Use small letters, digits and _: order_update.")
	}
	if hint := languageHint(t.Language); hint != "" {
		add("language", fmt.Sprintf("%q isn't a language that templates can have", t.Language), hint)
	}
	if !slices.Contains(TemplateCategories(), t.Category) {
		add("category", fmt.Sprintf("%q is not possible", t.Category), "Write "+strings.Join(TemplateCategories(), ", ")+".")
	}
	return list
}

// textFaults validates the lengths and variables of the header, body and footer.
func (t Template) textFaults() []TemplateFault {
	var list []TemplateFault
	add := func(field, text, hint string) {
		list = append(list, TemplateFault{Field: field, Text: text, Hint: hint})
	}

	parts := []struct {
		field, text string
		maxRunes    int
	}{
		{"header", t.Header, templateHeaderRunes},
		{"body", t.Body, templateBodyRunes},
		{"footer", t.Footer, templateFooterRunes},
	}
	for _, part := range parts {
		if n := utf8.RuneCountInString(part.text); n > part.maxRunes {
			add(part.field, fmt.Sprintf("has %d characters", n), fmt.Sprintf("Shorten it to %d.", part.maxRunes))
		}
		if HasStrayBraces(part.text) {
			add(part.field, "has {{ or }} without a variable's name", "Write {{quote_number}}: small letters, digits and _.")
		}
	}

	if strings.ContainsAny(t.Header, "\n\r") {
		add("header", "has several lines", "Write one line.")
	}
	if len(Variables(t.Header)) > 1 {
		add("header", "has more than one variable", "Move the others into the body.")
	}
	if len(Variables(t.Footer)) > 0 {
		add("footer", "has a variable", "Move it into the body.")
	}
	return list
}

// languageHint returns what to write instead of an invalid language code, or "" if the code is valid. Valid are the codes of
// WhatsApp, and codes for languages that WhatsApp doesn't have at all, because templates can also be sent by mail.
func languageHint(code string) string {
	if IsKnown(code) {
		return ""
	}

	suggested := Suggest(code)
	last := len(suggested) - 1
	language, _, _ := strings.Cut(code, "_")
	switch {
	case last > 0:
		return "Write " + strings.Join(suggested[:last], ", ") + " or " + suggested[last] + "."
	case last == 0:
		return "Write " + suggested[0] + "."
	case templateLanguage.MatchString(code) && isLanguage(language):
		return ""
	}
	return "Write it like en or en_US."
}

// isLanguage reports whether code is a two-letter language code. Source: ISO 639-1.
func isLanguage(code string) bool {
	return slices.Contains(strings.Fields(`
		aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu
		fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn
		ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os
		pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw
		ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu`), code)
}

// bodyFaults returns the first fault that only the body can have.
func (t Template) bodyFaults() []TemplateFault {
	fault := func(text, hint string) []TemplateFault {
		return []TemplateFault{{Field: "body", Text: text, Hint: hint}}
	}

	body := strings.TrimSpace(t.Body)
	if body == "" {
		return fault("is missing", "Write what the customer reads.")
	}
	if strings.HasPrefix(body, "{{") || strings.HasSuffix(body, "}}") {
		return fault("begins or ends with a variable", "Providers want words around it: Hello {{first_name}}, …")
	}
	if adjacentVariables.MatchString(body) {
		return fault("has two variables beside each other", "Put a word between them.")
	}

	return nil
}

// buttonFaults validates the buttons.
func (t Template) buttonFaults() []TemplateFault {
	var list []TemplateFault
	add := func(text, hint string) {
		list = append(list, TemplateFault{Field: "buttons", Text: text, Hint: hint})
	}
	if len(t.Buttons) > templateButtons {
		add(fmt.Sprintf("there are %d", len(t.Buttons)), fmt.Sprintf("At most %d are possible.", templateButtons))
	}

	for i, b := range t.Buttons {
		n := utf8.RuneCountInString(b.Title)
		if n == 0 || n > templateTitleRunes {
			add(fmt.Sprintf("a title has %d characters", n), fmt.Sprintf("Write 1 to %d.", templateTitleRunes))
		}
		if HasStrayBraces(b.Title+b.URL) || len(Variables(b.Title, b.URL)) > 0 { // values are filled into the header and the body alone
			add("one has a variable", "Move it into the body.")
		}
		if b.URL != "" && !IsWebAddress(b.URL) {
			add(fmt.Sprintf("one leads to %q", b.URL), "Write https://…")
		}
		if slices.ContainsFunc(t.Buttons[:i], func(other Button) bool { return other.Title == b.Title }) {
			add(fmt.Sprintf("two have the title %q", b.Title), "")
		}
	}

	return list
}

// IsWebAddress reports whether text is an absolute http or https URL.
func IsWebAddress(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http"
}

// exampleFaults returns a fault for each variable without an example value.
func (t Template) exampleFaults() []TemplateFault {
	var list []TemplateFault
	for _, name := range Variables(t.Header, t.Body) {
		if strings.TrimSpace(t.Examples[name]) == "" {
			list = append(list, TemplateFault{
				Field: "examples",
				Text:  "have nothing for {{" + name + "}}",
				Hint:  "Providers want to see what it may look like.",
			})
		}
	}
	return list
}

// Example returns an example value for a built-in variable, or "" for other variables.
func Example(name string) string {
	switch name {
	case "customer_name":
		return "Ann Miller"
	case "first_name":
		return "Ann"
	case "user_name", "agent_name":
		return "Kim"
	case "company_name":
		return "Acme"
	case "email":
		return "ann@example.com"
	case "quote_number":
		return "Q-1042"
	}

	return ""
}
