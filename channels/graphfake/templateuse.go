package graphfake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"parley/channels/graphfake/codes"
)

// templateUse is a template in a message.
type templateUse struct {
	Name     string `json:"name"`
	Language struct {
		Code   string `json:"code"`
		Policy string `json:"policy"`
	} `json:"language"`
	Components []struct {
		Type       string `json:"type"`
		SubType    string `json:"sub_type"`
		Index      string `json:"index"`
		Parameters []struct {
			Type    string `json:"type"`
			Text    string `json:"text"`
			Payload string `json:"payload"`
		} `json:"parameters"`
	} `json:"components"`
}

// badSpace is what a parameter must not have.
var badSpace = regexp.MustCompile(`[\n\t]| {4,}`)

// checkContentLocked checks what needs the state: files and templates.
func (n *Number) checkContentLocked(in incoming, m *Message) *APIError {
	switch in.Type {
	case "image", "video", "audio", "document", "sticker":
		return n.checkMediaLocked(in, m)
	case "template":
		return n.checkTemplateLocked(in, m)
	}
	return nil
}

// checkTemplateLocked finds the template of a message, checks its parameters and fills it in.
func (n *Number) checkTemplateLocked(in incoming, m *Message) *APIError {
	var use templateUse
	if err := readStrict(in.fields["template"], &use, "template"); err != nil {
		return err
	}
	if use.Name == "" || use.Language.Code == "" {
		return missingError("template.name or language.code")
	}

	m.Content = in.fields["template"]
	t := n.waba.templateOfLocked(m)
	if t == nil {
		return &APIError{Status: http.StatusNotFound, Code: codes.NoTemplate, Message: codes.Title(codes.NoTemplate), Details: fmt.Sprintf("template name (%s) does not exist in %s", use.Name, use.Language.Code)}
	}

	switch t.Status {
	case templateApproved:
		// It may be sent: what fills it is checked below.
	case templatePaused:
		return cloudError(codes.TemplatePaused, "The template is paused because of its quality.")
	case templateDisabled:
		return cloudError(codes.TemplateDisabled, "The template was paused too often and is disabled.")
	default:
		return &APIError{Status: http.StatusNotFound, Code: codes.NoTemplate, Message: codes.Title(codes.NoTemplate), Details: "The template is not approved."}
	}

	if t.Category == "AUTHENTICATION" && in.To == "" {
		return cloudError(codes.NeedsPhone, "Authentication templates need a phone number.")
	}

	filled := map[string][]string{}
	payloads := map[int]string{}
	for _, c := range use.Components {
		for _, p := range c.Parameters {
			if c.Type == "button" {
				i, err := strconv.Atoi(c.Index)
				isQuickReply := c.SubType == "quick_reply" && p.Type == "payload"
				if err != nil || !isQuickReply || p.Payload == "" {
					return badValueError("template.components", "has a wrong button")
				}

				payloads[i] = p.Payload
				continue
			}

			if p.Type != "text" || p.Text == "" {
				return missingError("template parameter text")
			}
			if badSpace.MatchString(p.Text) {
				return invalidError("Param text cannot have new-line/tab characters or more than 4 consecutive spaces")
			}

			filled[c.Type] = append(filled[c.Type], p.Text)
		}
	}

	return t.fill(m, filled, payloads)
}

// fill writes the words of a filled template into a message. filled has the values by the kind of component, payloads those
// of the buttons by their position.
func (t *Template) fill(m *Message, filled map[string][]string, payloads map[int]string) *APIError {
	var lines []string
	for _, c := range t.Components {
		if c.Type == "BUTTONS" {
			for i, b := range c.Buttons {
				m.buttons = append(m.buttons, Choice{ID: cmp.Or(payloads[i], b.Text), Title: b.Text, URL: b.URL, kind: "button"})
			}
			continue
		}

		values := filled[strings.ToLower(c.Type)]
		want, _ := countVariables(c.Text) // validated when it was made
		if len(values) != want {
			return cloudError(codes.TemplateCount, fmt.Sprintf("%s: number of localizable_params (%d) does not match the expected number of params (%d)", strings.ToLower(c.Type), len(values), want))
		}

		text := variablePattern.ReplaceAllStringFunc(c.Text, func(v string) string {
			i, _ := strconv.Atoi(strings.Trim(v, "{}"))
			return values[i-1]
		})

		lines = append(lines, text)
	}

	m.Template = strings.Join(lines, "\n")
	m.Text = m.Template
	return nil
}

// templateOfLocked finds the template that a message was made of.
func (w *waba) templateOfLocked(m *Message) *Template {
	var o templateUse
	if json.Unmarshal(m.Content, &o) != nil {
		return nil
	}
	i := slices.IndexFunc(w.templates, func(t *Template) bool { return t.Name == o.Name && t.Language == o.Language.Code })
	if i < 0 {
		return nil
	}
	return w.templates[i]
}

// checkTemplate checks the parts of a template.
func checkTemplate(components []TemplateComponent) *APIError {
	hasBody := false
	for _, c := range components {
		vars, err := countVariables(c.Text)
		if err != nil {
			return err
		}

		switch c.Type {
		case "BODY":
			hasBody = true
			if err := checkTemplateBody(c.Text); err != nil {
				return err
			}
		case "HEADER":
			isText := c.Format == "TEXT" && hasLength(c.Text, maxHeader)
			if !isText || vars > 1 {
				return badTemplate("A header is a text of 1 to 60 characters with one variable.")
			}
		case "FOOTER":
			if vars > 0 || !hasLength(c.Text, maxFooter) {
				return badTemplate("A footer has 1 to 60 characters and no variables.")
			}
		case "BUTTONS":
			if err := checkTemplateButtons(c); err != nil {
				return err
			}
		default:
			return badTemplate("Unknown component " + c.Type + ".")
		}

		if examples := c.countExamples(); vars != examples {
			return badTemplate(fmt.Sprintf("%d variables have %d examples.", vars, examples))
		}
	}

	if !hasBody {
		return badTemplate("A template has a body.")
	}

	return nil
}

// Lengths of texts, in characters. Source: Cloud API, "Templates" and "Messages".
const (
	maxBody   = 1024
	maxHeader = 60
	maxFooter = 60
	maxButton = 25
)

// hasLength reports whether a text has at least one character, and not more than most.
func hasLength(text string, most int) bool {
	return text != "" && utf8.RuneCountInString(text) <= most
}

// checkTemplateBody checks the text of a template.
func checkTemplateBody(text string) *APIError {
	if !hasLength(text, maxBody) {
		return badTemplate("A body has 1 to 1024 characters.")
	}
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "{{") || strings.HasSuffix(text, "}}") {
		return badTemplate("Variables can't be at the start or end of the template.")
	}
	if strings.Contains(strings.ReplaceAll(text, " ", ""), "}}{{") {
		return badTemplate("Variables can't be side by side.")
	}
	return nil
}

// countExamples counts the example values of a part of a template.
func (c TemplateComponent) countExamples() int {
	if c.Example == nil {
		return 0
	}
	if c.Type == "HEADER" {
		return len(c.Example.HeaderText)
	}
	if len(c.Example.BodyText) == 0 {
		return 0
	}
	return len(c.Example.BodyText[0])
}

// checkTemplateButtons checks the buttons of a template.
func checkTemplateButtons(c TemplateComponent) *APIError {
	const maxTemplateButtons = 10
	if len(c.Buttons) < 1 || len(c.Buttons) > maxTemplateButtons {
		return badTemplate("A template has at most 10 buttons.")
	}

	for _, b := range c.Buttons {
		rightType := "QUICK_REPLY"
		if b.URL != "" {
			rightType = "URL"
		}
		if b.Type != rightType || !hasLength(b.Text, maxButton) {
			return badTemplate("A button has a type and 1 to 25 characters.")
		}
	}

	return nil
}

// countVariables counts {{1}}, {{2}}, … and refuses gaps between them.
func countVariables(text string) (int, *APIError) {
	highest, seen := 0, map[int]bool{}
	for _, m := range variablePattern.FindAllStringSubmatch(text, -1) {
		i, err := strconv.Atoi(m[1])
		if err != nil || i < 1 {
			return 0, badTemplate("Variables are numbers: {{1}}.")
		}
		seen[i] = true
		highest = max(highest, i)
	}
	if len(seen) != highest {
		return 0, badTemplate("Variables are numbered without gaps.")
	}
	return highest, nil
}
