package graphfake

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
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

// checkTemplateLocked finds the template and fills it in.
func (n *Number) checkTemplateLocked(in incoming, m *Message) *APIError {
	var use templateUse
	if err := strict(in.fields["template"], &use, "template"); err != nil {
		return err
	}
	if use.Name == "" || use.Language.Code == "" {
		return missing("template.name or language.code")
	}
	m.Content = in.fields["template"]
	t := n.waba.templateOfLocked(m)
	if t == nil {
		return &APIError{Status: 404, Code: 132001, Message: words(132001), Details: fmt.Sprintf("template name (%s) does not exist in %s", use.Name, use.Language.Code)}
	}
	switch t.Status {
	case "APPROVED":
	case "PAUSED":
		return apiError(132015, words(132015), "The template is paused because of its quality.")
	case "DISABLED":
		return apiError(132016, words(132016), "The template was paused too often and is disabled.")
	default:
		return &APIError{Status: 404, Code: 132001, Message: words(132001), Details: "The template is not approved."}
	}
	if t.Category == "AUTHENTICATION" && in.To == "" {
		return apiError(131062, words(131062), "Authentication templates need a phone number.")
	}
	filled := map[string][]string{}
	payloads := map[int]string{}
	for _, c := range use.Components {
		for _, p := range c.Parameters {
			if c.Type == "button" {
				i, err := strconv.Atoi(c.Index)
				if err != nil || p.Type != "payload" || c.SubType != "quick_reply" || p.Payload == "" {
					return badValue("template.components", "has a wrong button")
				}
				payloads[i] = p.Payload
				continue
			}
			if p.Type != "text" || p.Text == "" {
				return missing("template parameter text")
			}
			if badSpace.MatchString(p.Text) {
				return apiError(100, "Invalid parameter", "Param text cannot have new-line/tab characters or more than 4 consecutive spaces")
			}
			filled[c.Type] = append(filled[c.Type], p.Text)
		}
	}
	return t.fill(m, filled, payloads)
}

// fill writes the words of a filled template into a message.
func (t *Template) fill(m *Message, filled map[string][]string, payloads map[int]string) *APIError {
	var lines []string
	for _, c := range t.Components {
		if c.Type == "BUTTONS" {
			for i, b := range c.Buttons {
				choice := Choice{ID: payloads[i], Title: b.Text, URL: b.URL, kind: "button"}
				if choice.ID == "" {
					choice.ID = b.Text
				}
				m.buttons = append(m.buttons, choice)
			}
			continue
		}
		values := filled[lower(c.Type)]
		want, _ := variables(c.Text) // validated when it was made
		if len(values) != want {
			return apiError(132000, words(132000), fmt.Sprintf("%s: number of localizable_params (%d) does not match the expected number of params (%d)", lower(c.Type), len(values), want))
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
