package graphfake

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Component is a component of a template in Graph's JSON format.
type Component struct {
	Type    string   `json:"type"`             // HEADER, BODY, FOOTER or BUTTONS
	Format  string   `json:"format,omitempty"` // of a header: TEXT
	Text    string   `json:"text,omitempty"`
	Buttons []Button `json:"buttons,omitempty"`
	Example *Example `json:"example,omitempty"`
}

// Button is a button of a template.
type Button struct {
	Type string `json:"type"` // QUICK_REPLY or URL
	Text string `json:"text,omitempty"`
	URL  string `json:"url,omitempty"`
}

// Example has example values for the variables of a component. Meta's reviewers need them.
type Example struct {
	HeaderText []string   `json:"header_text,omitempty"`
	BodyText   [][]string `json:"body_text,omitempty"`
}

// Limits of templates: lengths in characters, and numbers of buttons. Source: Cloud API, "Templates: components".
const (
	layoutMaxHeader = 60
	layoutMaxBody   = 1024
	layoutMaxFooter = 60
	maxButton       = 25
	maxButtons      = 10
)

var variable = regexp.MustCompile(`\{\{([^{}]*)\}\}`)

// checkLayout returns the reason why Meta would refuse a template, or "" if it is valid.
func checkLayout(components []Component) string {
	seen := map[string]bool{}
	for _, c := range components {
		if seen[c.Type] {
			return "There are two components " + c.Type + "."
		}
		seen[c.Type] = true
		if fault := c.check(); fault != "" {
			return fault
		}
	}
	if !seen["BODY"] {
		return "A template has a body."
	}
	return ""
}

func (c Component) check() string {
	variables := len(variable.FindAllString(c.Text, -1))
	text := strings.TrimSpace(c.Text)
	switch c.Type {
	case "HEADER":
		if c.Format != "TEXT" || !hasLength(c.Text, layoutMaxHeader) || variables > 1 {
			return "A header is a text of 1 to 60 characters with one variable."
		}
	case "BODY":
		isBeside := strings.Contains(strings.ReplaceAll(text, " ", ""), "}}{{")
		if !hasLength(c.Text, layoutMaxBody) || isBeside || strings.HasPrefix(text, "{{") || strings.HasSuffix(text, "}}") {
			return "A body has 1 to 1024 characters, and words around each variable."
		}
	case "FOOTER":
		if variables > 0 || !hasLength(c.Text, layoutMaxFooter) {
			return "A footer has 1 to 60 characters and no variables."
		}
	case "BUTTONS":
		if len(c.Buttons) < 1 || len(c.Buttons) > maxButtons {
			return "A template has at most 10 buttons."
		}
		for _, b := range c.Buttons {
			isLink := b.Type == "URL"
			if !hasLength(b.Text, maxButton) || isLink != (b.URL != "") || !isLink && b.Type != "QUICK_REPLY" {
				return "A button has 1 to 25 characters, and a link has an address."
			}
		}
	default:
		return "Unknown component " + c.Type + "."
	}

	if named, examples := c.countVariables(), c.countExamples(); named != examples {
		return fmt.Sprintf("%d variables have %d examples.", named, examples)
	}
	return ""
}

// countVariables returns the number of distinct variables, which are numbered without gaps; -1 means that they aren't.
func (c Component) countVariables() int {
	highest, seen := 0, map[int]bool{}
	for _, found := range variable.FindAllStringSubmatch(c.Text, -1) {
		n, err := strconv.Atoi(strings.TrimSpace(found[1]))
		if err != nil || n < 1 {
			return -1
		}
		highest, seen[n] = max(highest, n), true
	}
	if highest != len(seen) {
		return -1
	}
	return highest
}

func (c Component) countExamples() int {
	switch {
	case c.Example == nil:
		return 0
	case c.Type == "HEADER":
		return len(c.Example.HeaderText)
	case len(c.Example.BodyText) > 0:
		return len(c.Example.BodyText[0])
	}
	return 0
}

// hasLength reports whether a text has 1 to maxRunes characters.
func hasLength(text string, maxRunes int) bool {
	return text != "" && utf8.RuneCountInString(text) <= maxRunes
}

// templateUse is the part of a message that selects a template and contains the values for its variables:
//
//	{"name": "order_ready", "language": {"code": "en"},
//	 "components": [{"type": "body", "parameters": [{"type": "text", "text": "A-17"}]}]}
type templateUse struct {
	Name     string `json:"name"`
	Language struct {
		Code   string `json:"code"`
		Policy string `json:"policy"`
	} `json:"language"`
	Components []usePart `json:"components"`
}

// usePart contains the values for one component of a template, or for one of its buttons.
type usePart struct {
	Type       string      `json:"type"`
	SubType    string      `json:"sub_type"` // the type of a button
	Index      string      `json:"index"`    // the position of a button, from 0
	Parameters []parameter `json:"parameters"`
}

// parameter is the value for a variable, or what a tap on a button answers.
type parameter struct {
	Type    string `json:"type"`
	Text    string `json:"text"`
	Payload string `json:"payload"`
}

// badSpace matches white space that a value must not contain.
var badSpace = regexp.MustCompile(`[\n\t]| {4,}`)

// fill returns a template's text and buttons with the values of a message, or the error with which Meta refuses the message.
func fill(components []Component, use templateUse) (text string, buttons []Choice, refused *APIError) {
	var lines []string
	for _, c := range components {
		for i, b := range c.Buttons {
			choice := Choice{Title: b.Text, URL: b.URL, kind: linkKind}
			if b.URL == "" {
				choice.ID, choice.kind = cmp.Or(use.payloadOf(i), b.Text), "button"
			}
			buttons = append(buttons, choice)
		}
		if c.Text == "" {
			continue
		}

		given := use.parametersOf(c.Type)
		if want := c.countVariables(); len(given) != want {
			return "", nil, cloudError(TemplateCount, fmt.Sprintf(
				"%s: number of localizable_params (%d) does not match the expected number of params (%d)", strings.ToLower(c.Type), len(given), want))
		}
		for _, p := range given {
			if p.Type != "text" || p.Text == "" {
				return "", nil, missingError("template parameter text")
			}
			if badSpace.MatchString(p.Text) {
				return "", nil, invalidError("Param text cannot have new-line/tab characters or more than 4 consecutive spaces")
			}
		}
		lines = append(lines, variable.ReplaceAllStringFunc(c.Text, func(found string) string {
			n, _ := strconv.Atoi(strings.Trim(found, "{} ")) // checked when the template was made
			return given[n-1].Text
		}))
	}
	return strings.Join(lines, "\n"), buttons, nil
}

// parametersOf returns the parameters for a component.
func (u templateUse) parametersOf(kind string) (list []parameter) {
	for _, c := range u.Components {
		if strings.EqualFold(c.Type, kind) {
			list = append(list, c.Parameters...)
		}
	}
	return list
}

// payloadOf returns what a tap on a button answers, or "" if the message doesn't say.
func (u templateUse) payloadOf(button int) string {
	for _, c := range u.Components {
		if c.Type == "button" && c.Index == strconv.Itoa(button) && len(c.Parameters) == 1 {
			return c.Parameters[0].Payload
		}
	}
	return ""
}
