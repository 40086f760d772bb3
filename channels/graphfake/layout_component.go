package graphfake

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Component is a component of a template in Graph's JSON format.
type Component struct {
	Type    string   `json:"type"`             // HEADER, BODY, FOOTER or BUTTONS
	Format  string   `json:"format,omitempty"` // of a header: TEXT, IMAGE, VIDEO, DOCUMENT or LOCATION
	Text    string   `json:"text,omitempty"`
	Buttons []Button `json:"buttons,omitempty"`
	Example *Example `json:"example,omitempty"`

	// For authentication templates, which send a one-time code.
	AddsWarning   bool `json:"add_security_recommendation,omitempty"`
	MinutesOfCode int  `json:"code_expiration_minutes,omitempty"`
}

// Button is a button of a template.
type Button struct {
	Type    string `json:"type"`
	Text    string `json:"text,omitempty"`
	URL     string `json:"url,omitempty"`
	Phone   string `json:"phone_number,omitempty"`
	OTP     string `json:"otp_type,omitempty"`
	Example texts  `json:"example,omitempty"`
	FlowID  string `json:"flow_id,omitempty"`
}

// Example has example values for the variables of a component, or an example file for a header. Meta's reviewers need them.
type Example struct {
	HeaderText   []string       `json:"header_text,omitempty"`
	HeaderHandle []string       `json:"header_handle,omitempty"`
	BodyText     [][]string     `json:"body_text,omitempty"`
	HeaderNamed  []NamedExample `json:"header_text_named_params,omitempty"`
	BodyNamed    []NamedExample `json:"body_text_named_params,omitempty"`
}

// NamedExample is an example value for a variable with a name.
type NamedExample struct {
	Name  string `json:"param_name"`
	Value string `json:"example"`
}

// texts is a list of strings. In JSON, a single string is accepted as well.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*t = texts{one}
		return nil
	}
	var list []string
	if err := json.Unmarshal(raw, &list); err != nil {
		return fmt.Errorf("layout: example: %w", err)
	}
	*t = list
	return nil
}

// LayoutTemplate is the content of a template.
type LayoutTemplate struct {
	Components []Component
	IsNamed    bool // variables have names, like {{first_name}}, instead of numbers, like {{1}}
	IsCode     bool // an authentication template, for which Meta provides the text
}

// Tidy normalises the template in place: it writes types in capital letters, and adds the text that Meta provides. Call it
// before Check.
func (t LayoutTemplate) Tidy() {
	for i := range t.Components {
		c := &t.Components[i]
		c.Type, c.Format = strings.ToUpper(c.Type), strings.ToUpper(c.Format)
		for j := range c.Buttons {
			c.Buttons[j].Type = strings.ToUpper(c.Buttons[j].Type)
		}
		if t.IsCode {
			c.addCodeText()
		}
	}
}

// addCodeText adds the text that Meta provides for authentication templates.
func (c *Component) addCodeText() {
	const code = "123456" // Meta's example
	switch {
	case c.Type == "BODY" && c.Text == "":
		c.Text = "Your code is *{{1}}*."
		if c.AddsWarning {
			c.Text += " For your security, do not share this code."
		}
		c.Example = &Example{BodyText: [][]string{{code}}}
	case c.Type == "FOOTER" && c.Text == "" && c.MinutesOfCode > 0:
		c.Text = fmt.Sprintf("This code expires in %d minutes.", c.MinutesOfCode)
	}
}

// Limits of templates: lengths in characters, and numbers of buttons. Source: Cloud API, "Templates: components".
const (
	layoutMaxHeader = 60
	layoutMaxBody   = 1024
	layoutMaxFooter = 60
	maxButton       = 25
	maxButtons      = 10
	maxURLButtons   = 2
	maxPhoneButtons = 1
	maxPhone        = 20
)

var (
	variable     = regexp.MustCompile(`\{\{([^{}]*)\}\}`)
	variableName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// Check returns the reason why Meta would refuse the template, or "" if it is valid. Tidy must have been called before.
func (t LayoutTemplate) Check() string {
	seen := map[string]bool{}
	for _, c := range t.Components {
		if seen[c.Type] {
			return "There are two components " + c.Type + "."
		}
		seen[c.Type] = true
		if fault := t.checkComponent(c); fault != "" {
			return fault
		}
	}
	if !seen["BODY"] {
		return "A template has a body."
	}
	return ""
}

func (t LayoutTemplate) checkComponent(c Component) string {
	variables, fault := t.listVariables(c.Text)
	if fault != "" {
		return fault
	}

	switch c.Type {
	case "HEADER":
		fault = c.checkHeader(len(variables))
	case "BODY":
		fault = c.checkBody()
	case "FOOTER":
		if len(variables) > 0 || !hasLength(c.Text, layoutMaxFooter) {
			fault = "A footer has 1 to 60 characters and no variables."
		}
	case "BUTTONS":
		fault = c.checkButtons()
	default:
		fault = "Unknown component " + c.Type + "."
	}
	if fault != "" {
		return fault
	}

	if examples := c.countExamples(t.IsNamed); len(variables) != examples {
		return fmt.Sprintf("%d variables have %d examples.", len(variables), examples)
	}
	return ""
}

// checkHeader checks a header. variables is the number of variables in its text.
func (c Component) checkHeader(variables int) string {
	switch c.Format {
	case "TEXT":
		if !hasLength(c.Text, layoutMaxHeader) || variables > 1 {
			return "A header is a text of 1 to 60 characters with one variable."
		}
	case "IMAGE", "VIDEO", "DOCUMENT":
		if c.Example == nil || len(c.Example.HeaderHandle) == 0 {
			return "A header with a file has an example: header_handle."
		}
	case "LOCATION":
		// Each message contains its own location.
	default:
		return "A header is one of TEXT, IMAGE, VIDEO, DOCUMENT, LOCATION."
	}
	return ""
}

func (c Component) checkBody() string {
	if !hasLength(c.Text, layoutMaxBody) {
		return "A body has 1 to 1024 characters."
	}
	text := strings.TrimSpace(c.Text)
	if strings.HasPrefix(text, "{{") || strings.HasSuffix(text, "}}") {
		return "Variables can't be at the start or end of the template."
	}
	if strings.Contains(strings.ReplaceAll(text, " ", ""), "}}{{") {
		return "Variables can't be side by side."
	}
	return ""
}

func (c Component) checkButtons() string {
	counts := map[string]int{}
	for _, b := range c.Buttons {
		counts[b.Type]++
		if fault := b.check(); fault != "" {
			return fault
		}
	}
	switch {
	case len(c.Buttons) < 1 || len(c.Buttons) > maxButtons:
		return "A template has at most 10 buttons."
	case counts["URL"] > maxURLButtons || counts["PHONE_NUMBER"] > maxPhoneButtons:
		return "A template has at most 2 links and 1 phone number."
	}
	return ""
}

func (b Button) check() string {
	mayOmitText := b.Type == "OTP" || b.Type == "COPY_CODE" // WhatsApp provides the text
	isOmitted := mayOmitText && b.Text == ""
	if !isOmitted && !hasLength(b.Text, maxButton) {
		return "A button has 1 to 25 characters."
	}

	switch b.Type {
	case "QUICK_REPLY":
		if b.URL != "" || b.Phone != "" {
			return "An answer has neither link nor phone number."
		}
	case "URL":
		if fault := b.checkLink(); fault != "" {
			return fault
		}
	case "PHONE_NUMBER":
		if !hasLength(b.Phone, maxPhone) {
			return "A phone number has 1 to 20 characters."
		}
	case "OTP":
		if !slices.Contains([]string{"COPY_CODE", "ONE_TAP", "ZERO_TAP"}, strings.ToUpper(b.OTP)) {
			return "otp_type is one of COPY_CODE, ONE_TAP, ZERO_TAP."
		}
	case "COPY_CODE":
		if len(b.Example) == 0 {
			return "A code to copy has an example."
		}
	case "FLOW", "MPM", "SPM", "CATALOG", "VOICE_CALL":
		// The emulator doesn't know the objects that these refer to, such as flows and catalogs.
	default:
		return "Unknown button " + b.Type + "."
	}
	return ""
}

// checkLink checks the URL of a button. It must have an example if and only if it has a variable.
func (b Button) checkLink() string {
	hasVariable, hasExample := variable.MatchString(b.URL), len(b.Example) > 0
	if b.URL == "" || hasVariable != hasExample {
		return "A link has an address, and an example of its variable."
	}
	return ""
}

// countExamples returns the number of example values for the variables in the component's text.
func (c Component) countExamples(isNamed bool) int {
	switch {
	case c.Example == nil:
		return 0
	case c.Type == "HEADER" && isNamed:
		return len(c.Example.HeaderNamed)
	case c.Type == "HEADER":
		return len(c.Example.HeaderText)
	case isNamed:
		return len(c.Example.BodyNamed)
	case len(c.Example.BodyText) > 0:
		return len(c.Example.BodyText[0])
	}
	return 0
}

// listVariables returns the distinct variables in a text. Numbers are sorted: "1", "2". Names are in the order of their
// first use. fault is the reason why they are invalid, or "".
func (t LayoutTemplate) listVariables(text string) (names []string, fault string) {
	for _, found := range variable.FindAllStringSubmatch(text, -1) {
		name := strings.TrimSpace(found[1])
		if t.IsNamed && !variableName.MatchString(name) {
			return nil, "Variables have names of small letters, digits and _: {{first_name}}."
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if t.IsNamed {
		return names, ""
	}

	for _, name := range names {
		n, err := strconv.Atoi(name)
		if err != nil || n < 1 {
			return nil, "Variables are numbers: {{1}}."
		}
		if n > len(names) {
			return nil, "Variables are numbered without gaps."
		}
	}
	for i := range names { // distinct numbers without gaps are 1, 2, …
		names[i] = strconv.Itoa(i + 1)
	}
	return names, ""
}

// hasLength reports whether a text has 1 to maxRunes characters.
func hasLength(text string, maxRunes int) bool {
	return text != "" && utf8.RuneCountInString(text) <= maxRunes
}
