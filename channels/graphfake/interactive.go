package graphfake

import (
	"encoding/json"
	"strings"
)

// Choice is a button or list row below a message, which the customer can tap.
type Choice struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	URL         string `json:"url,omitempty"`

	kind string
}

// linkKind is the kind of a Choice that opens a link. A tap on it sends no webhook.
const linkKind = "url"

// interactiveObject is the content of a message with reply buttons, a list or a link.
type interactiveObject struct {
	Type string `json:"type"`
	Body *struct {
		Text string `json:"text"`
	} `json:"body"`
	Action struct {
		Name       string `json:"name"`
		Parameters *struct {
			DisplayText string `json:"display_text"`
			URL         string `json:"url"`
		} `json:"parameters"`
		Button  string `json:"button"`
		Buttons []struct {
			Type  string `json:"type"`
			Reply struct {
				ID    string `json:"id"`
				Title string `json:"title"`
			} `json:"reply"`
		} `json:"buttons"`
		Sections []struct {
			Title string `json:"title"`
			Rows  []struct {
				ID          string `json:"id"`
				Title       string `json:"title"`
				Description string `json:"description"`
			} `json:"rows"`
		} `json:"sections"`
	} `json:"action"`
}

// checkInteractive validates an interactive message, and copies its text to m.
func checkInteractive(raw json.RawMessage, m *Message) *APIError {
	var o interactiveObject
	if err := readStrict(raw, &o, "interactive"); err != nil {
		return err
	}
	if o.Body == nil {
		return missingError("interactive.body")
	}

	m.Text = o.Body.Text
	errs := []*APIError{checkLength("interactive.body.text", o.Body.Text, 1, maxBody)}

	switch o.Type {
	case "button":
		errs = append(errs, o.checkButtons()...)
	case "list":
		errs = append(errs, o.checkList()...)
	case "cta_url":
		errs = append(errs, o.checkLink())
	default:
		errs = append(errs, badValueError("interactive.type", "is unknown"))
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (o interactiveObject) checkLink() *APIError {
	link := o.Action.Parameters
	if o.Action.Name != "cta_url" || link == nil {
		return missingError("interactive.action.parameters")
	}
	if !strings.HasPrefix(link.URL, "http") {
		return missingError("interactive.action.parameters")
	}
	return checkLength("display_text", link.DisplayText, 1, maxChoiceTitle)
}

// checkButtons validates reply buttons. The result may contain nils.
func (o interactiveObject) checkButtons() (errs []*APIError) {
	if len(o.Action.Buttons) < 1 || len(o.Action.Buttons) > maxReplyButtons {
		errs = append(errs, badValueError("interactive.action.buttons", "has not 1 to 3 items"))
	}
	ids, titles := map[string]bool{}, map[string]bool{}
	for _, b := range o.Action.Buttons {
		id, title := b.Reply.ID, b.Reply.Title
		isRepeated := ids[id] || titles[title]
		if isRepeated || b.Type != "reply" {
			errs = append(errs, badValueError("interactive.action.buttons", "has a wrong type or twice the same"))
		}
		ids[id], titles[title] = true, true
		errs = append(errs, checkLength("button id", id, 1, maxButtonID), checkLength("button title", title, 1, maxChoiceTitle))
	}
	return errs
}

// checkList validates a list. The result may contain nils.
func (o interactiveObject) checkList() (errs []*APIError) {
	errs = append(errs, checkLength("interactive.action.button", o.Action.Button, 1, maxChoiceTitle))
	if len(o.Action.Sections) < 1 || len(o.Action.Sections) > maxSections {
		errs = append(errs, badValueError("interactive.action.sections", "has not 1 to 10 items"))
	}
	rowCount, ids := 0, map[string]bool{}
	for _, s := range o.Action.Sections {
		minTitle := 0
		if len(o.Action.Sections) > 1 {
			minTitle = 1
		}
		errs = append(errs, checkLength("section title", s.Title, minTitle, maxRowTitle))
		for _, r := range s.Rows {
			if ids[r.ID] {
				errs = append(errs, badValueError("row id", "comes twice"))
			}
			ids[r.ID] = true
			rowCount++
			errs = append(errs, checkLength("row id", r.ID, 1, maxRowID), checkLength("row title", r.Title, 1, maxRowTitle),
				checkLength("row description", r.Description, 0, maxRowWords))
		}
	}
	if rowCount < 1 || rowCount > maxRows {
		errs = append(errs, badValueError("interactive.action.sections", "has not 1 to 10 rows in total"))
	}
	return errs
}

// Choices returns the buttons and list rows of a message.
func (m *Message) Choices() []Choice {
	var list []Choice
	switch m.Type {
	case "interactive":
		var o interactiveObject
		_ = json.Unmarshal(m.Content, &o) // validated before
		for _, b := range o.Action.Buttons {
			list = append(list, Choice{ID: b.Reply.ID, Title: b.Reply.Title, kind: "button_reply"})
		}
		for _, s := range o.Action.Sections {
			for _, r := range s.Rows {
				list = append(list, Choice{ID: r.ID, Title: r.Title, Description: r.Description, kind: "list_reply"})
			}
		}
		if p := o.Action.Parameters; p != nil {
			list = append(list, Choice{Title: p.DisplayText, URL: p.URL, kind: linkKind})
		}
	case "template":
		list = append(list, m.buttons...)
	}
	return list
}
