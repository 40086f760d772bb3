package meta

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"parley/channels"
)

// variablePattern matches a variable of a template, such as {{customer_name}}.
var variablePattern = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_.]+)\s*\}\}`)

// withPositions replaces the names of variables with numbers, as WhatsApp requires, in the order of their
// first use. names has the names in that order:
//
//	Hello {{name}}, order {{id}} for {{name}}   becomes   Hello {{1}}, order {{2}} for {{1}}
func withPositions(text string) (numbered string, names []string) {
	positions := map[string]int{} // by name, starting at 1
	numbered = variablePattern.ReplaceAllStringFunc(text, func(found string) string {
		name := variablePattern.FindStringSubmatch(found)[1]
		if positions[name] == 0 {
			names = append(names, name)
			positions[name] = len(names)
		}
		return "{{" + strconv.Itoa(positions[name]) + "}}"
	})
	return numbered, names
}

// collapseSpaces collapses white space in the value of a variable, because WhatsApp refuses newlines, tabs and more
// than four consecutive spaces.
// Source: Cloud API, error 132012 and "Templates: parameters".
func collapseSpaces(s string) string { return strings.Join(strings.Fields(s), " ") }

// templateMessage returns a template with its values in the form in which it is sent to a customer. A
// template is a text that Meta has approved, so only its name, language and values are sent.
// Errors: *channels.SendError of class TemplateBad if a variable has no value, or the template has no name or
// language.
func templateMessage(t channels.TemplateUse) (object, error) {
	var components []object
	for _, c := range []struct{ kind, text string }{{"header", t.Header}, {"body", t.Body}} {
		_, names := withPositions(c.text)
		var parameters []object
		for _, name := range names {
			v := collapseSpaces(t.Values[name])
			if v == "" {
				return nil, &channels.SendError{
					Class: channels.TemplateBad,
					Text:  fmt.Sprintf("The template's %s is empty.", name),
					Hint:  "Fill it in.",
				}
			}
			parameters = append(parameters, object{"type": "text", "text": v})
		}

		if len(parameters) > 0 {
			components = append(components, object{"type": c.kind, "parameters": parameters})
		}
	}

	for i, b := range t.Buttons {
		if b.URL == "" && b.ID != "" { // the response then says which button was tapped
			components = append(components, object{"type": "button", "sub_type": "quick_reply", "index": strconv.Itoa(i),
				"parameters": []object{{"type": "payload", "payload": b.ID}}})
		}
	}

	if t.Name == "" || t.Language == "" {
		return nil, &channels.SendError{
			Class: channels.TemplateBad,
			Text:  "The template has no name or no language.",
			Hint:  "Pick another template.",
		}
	}

	m := object{"name": t.Name, "language": object{"policy": "deterministic", "code": t.Language}}
	if len(components) > 0 {
		m["components"] = components
	}

	return m, nil
}

// templateComponents returns a template in the form in which it is submitted to Meta for approval.
// Errors: *channels.SendError of class BadContent if Meta would refuse it.
func templateComponents(t channels.Template) ([]object, error) {
	var components []object
	if t.Header != "" {
		header, err := headerComponent(t)
		if err != nil {
			return nil, err
		}
		components = append(components, header)
	}

	body, err := bodyComponent(t)
	if err != nil {
		return nil, err
	}
	components = append(components, body)

	if t.Footer != "" {
		if variablePattern.MatchString(t.Footer) {
			return nil, channels.RefuseContent("The footer of a template has no variables.", "Move them into the body.")
		}
		components = append(components, object{"type": "FOOTER", "text": t.Footer})
	}

	if len(t.Buttons) > 0 {
		components = append(components, buttonsComponent(t))
	}
	return components, nil
}

func buttonsComponent(t channels.Template) object {
	var buttons []object
	for _, b := range t.Buttons {
		if b.URL != "" {
			buttons = append(buttons, object{"type": "URL", "text": b.Title, "url": b.URL})
		} else {
			buttons = append(buttons, object{"type": "QUICK_REPLY", "text": b.Title})
		}
	}
	return object{"type": "BUTTONS", "buttons": buttons}
}

func headerComponent(t channels.Template) (object, error) {
	text, names := withPositions(t.Header)
	if len(names) > 1 {
		return nil, channels.RefuseContent("The header of a template has one variable at most.", "Move the others into the body.")
	}

	header := object{"type": "HEADER", "format": "TEXT", "text": text}
	if len(names) == 1 {
		example, err := listExamples(t, names)
		if err != nil {
			return nil, err
		}
		header["example"] = object{"header_text": example}
	}
	return header, nil
}

func bodyComponent(t channels.Template) (object, error) {
	text, names := withPositions(t.Body)
	if err := checkVariablePlaces(text); err != nil {
		return nil, err
	}

	body := object{"type": "BODY", "text": text}
	if len(names) > 0 {
		example, err := listExamples(t, names)
		if err != nil {
			return nil, err
		}
		body["example"] = object{"body_text": [][]string{example}}
	}
	return body, nil
}

// listExamples returns the example value of each variable. Meta requires one for each.
func listExamples(t channels.Template, names []string) ([]string, error) {
	var list []string
	for _, name := range names {
		example := collapseSpaces(t.Examples[name])
		if example == "" {
			return nil, channels.RefuseContent(fmt.Sprintf("The variable %s has no example; Meta wants one for each.", name),
				"Write an example.")
		}
		list = append(list, example)
	}
	return list, nil
}

// checkVariablePlaces checks that no variable is at the start or end of the text, or next to another
// variable.
func checkVariablePlaces(numbered string) error {
	text := strings.TrimSpace(numbered)
	previousEnd := 0
	for i, bounds := range variablePattern.FindAllStringIndex(text, -1) {
		begin, end := bounds[0], bounds[1]
		if begin == 0 || end == len(text) {
			return channels.RefuseContent("A template can't begin or end with a variable.", "Write words around it.")
		}
		if i > 0 && strings.TrimSpace(text[previousEnd:begin]) == "" {
			return channels.RefuseContent("Two variables of a template can't stand side by side.", "Write words between them.")
		}

		previousEnd = end
	}

	if text == "" {
		return channels.RefuseContent("The template has no text.", "Write one.")
	}

	return nil
}
