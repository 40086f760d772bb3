package graphfake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/channels/graphfake/codes"
)

// phonePattern is a number in "to", as people may write it.
var phonePattern = regexp.MustCompile(`^\+?[0-9][0-9 ()-]{4,24}$`)

func missingError(name string) *APIError {
	return cloudError(codes.Missing, "Parameter "+name+" is missing or empty.")
}

func badValueError(name, why string) *APIError {
	return cloudError(codes.BadValue, "Parameter "+name+" "+why+".")
}

// isRecipient reports whether "to" names a person: by phone number or, though WhatsApp then loses the message, by user id.
func isRecipient(to string) bool {
	return phonePattern.MatchString(to) || userIDPattern.MatchString(to)
}

// Limits of messages, in characters but for numbers of things.
// Source: Cloud API, "Messages" and the pages of each kind.
const (
	maxToken        = 512
	maxText         = 4096
	maxCaption      = 1024
	maxCards        = 257
	maxChoiceTitle  = 20 // of a button, and of the button that opens a list
	maxButtonID     = 256
	maxReplyButtons = 3
	maxSections     = 10
	maxRows         = 10
	maxRowID        = 200
	maxRowTitle     = 24 // also of a section
	maxRowWords     = 72
)

// validate checks a message and reads its words into m.
// Source: Cloud API, "Messages" and the pages of each kind.
func (n *Number) validate(in incoming, m *Message) *APIError {
	switch {
	case in.RecipientType != "" && in.RecipientType != "individual":
		return badValueError("recipient_type", "must be individual")
	case in.To == "" && in.Recipient == "":
		return missingError("to")
	case in.To != "" && !isRecipient(in.To):
		return badValueError("to", "is not a phone number")
	case in.To == "" && !userIDPattern.MatchString(in.Recipient):
		return badValueError("recipient", "is not a user id")
	case in.Token != nil && len(*in.Token) > maxToken:
		return badValueError("biz_opaque_callback_data", "is longer than 512 characters")
	case in.Context != nil && in.Context.MessageID == "":
		return missingError("context.message_id")
	case !slices.Contains(messageKinds(), in.Type):
		return invalidError("Param type must be one of {" + strings.ToUpper(strings.Join(messageKinds(), ", ")) + "}.")
	}

	raw, ok := in.fields[in.Type]
	if !ok {
		return missingError(in.Type)
	}

	takesContext := in.Type != "reaction" && in.Type != "template"
	if in.Context != nil && !takesContext {
		return badValueError("context", "can't be used with "+in.Type)
	}

	switch in.Type {
	case "text":
		return checkText(raw, m)
	case "image", "video", "audio", "document", "sticker":
		return checkMedia(in.Type, raw, m)
	case "location":
		return checkLocation(raw, m)
	case "contacts":
		return checkContacts(raw, m)
	case "interactive":
		return checkInteractive(raw, m)
	case "reaction":
		var r struct {
			MessageID string  `json:"message_id"`
			Emoji     *string `json:"emoji"`
		}
		if err := readStrict(raw, &r, "reaction"); err != nil {
			return err
		}
		if r.MessageID == "" || r.Emoji == nil {
			return missingError("reaction.message_id or emoji")
		}
	}

	return nil
}

// readStrict reads an object, and refuses keys that v doesn't have, as Graph does.
func readStrict(raw json.RawMessage, v any, name string) *APIError {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return invalidError(fmt.Sprintf("Param %s: %v", name, err))
	}
	return nil
}

// checkLength checks the length of a text.
func checkLength(name, s string, least, most int) *APIError {
	n := utf8.RuneCountInString(s)
	if n < least {
		return missingError(name)
	}
	if n > most {
		return badValueError(name, fmt.Sprintf("has %d characters, and %d are allowed", n, most))
	}
	return nil
}

// checkText checks a text, and puts what it says into m.
func checkText(raw json.RawMessage, m *Message) *APIError {
	var t struct {
		Body    string `json:"body"`
		Preview bool   `json:"preview_url"`
	}
	if err := readStrict(raw, &t, "text"); err != nil {
		return err
	}
	m.Text = t.Body
	return checkLength("text.body", t.Body, 1, maxText)
}

// mediaObject is what a message says of a file.
type mediaObject struct {
	ID       string `json:"id"`
	Link     string `json:"link"`
	Caption  string `json:"caption"`
	Filename string `json:"filename"`
}

// checkMedia checks a file, and puts what it says into m.
func checkMedia(kind string, raw json.RawMessage, m *Message) *APIError {
	var o mediaObject
	if err := readStrict(raw, &o, kind); err != nil {
		return err
	}

	hasID, hasLink := o.ID != "", o.Link != ""
	hasNoCaption := kind == "audio" || kind == "sticker"
	switch {
	case hasID == hasLink: // neither or both
		return missingError(kind + ".id or link")
	case o.Caption != "" && hasNoCaption:
		return invalidError("Unexpected key \"caption\" on param \"" + kind + "\".")
	case o.Filename != "" && kind != "document":
		return invalidError("Unexpected key \"filename\" on param \"" + kind + "\".")
	}

	m.Text = o.Caption
	m.File = &File{Name: o.Filename}
	return checkLength(kind+".caption", o.Caption, 0, maxCaption)
}

// checkLocation checks a location, and puts what it says into m.
func checkLocation(raw json.RawMessage, m *Message) *APIError {
	var l struct {
		Latitude  *json.Number `json:"latitude"`
		Longitude *json.Number `json:"longitude"`
		Name      string       `json:"name"`
		Address   string       `json:"address"`
	}
	if err := readStrict(raw, &l, "location"); err != nil {
		return err
	}
	if l.Latitude == nil || l.Longitude == nil {
		return missingError("location.latitude or longitude")
	}

	for name, v := range map[string]struct {
		degrees *json.Number
		most    float64
	}{"latitude": {degrees: l.Latitude, most: 90}, "longitude": {degrees: l.Longitude, most: 180}} {
		degrees, err := v.degrees.Float64()
		if err != nil || math.Abs(degrees) > v.most {
			return badValueError("location."+name, "is no place on Earth")
		}
	}

	m.Text = l.Name
	return nil
}

// checkContacts checks contact cards, and puts what it says into m.
func checkContacts(raw json.RawMessage, m *Message) *APIError {
	var list []struct {
		Name struct {
			Formatted string `json:"formatted_name"`
			First     string `json:"first_name"`
			Last      string `json:"last_name"`
			Middle    string `json:"middle_name"`
			Suffix    string `json:"suffix"`
			Prefix    string `json:"prefix"`
		} `json:"name"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return invalidError("Param contacts must be an array.")
	}
	if len(list) == 0 || len(list) > maxCards {
		return badValueError("contacts", "has none or too many")
	}

	for _, c := range list {
		oneMore := cmp.Or(c.Name.First, c.Name.Last, c.Name.Middle, c.Name.Suffix, c.Name.Prefix)
		if c.Name.Formatted == "" || oneMore == "" {
			return missingError("contacts.name.formatted_name and one more name")
		}
		m.Text = c.Name.Formatted
	}

	return nil
}

// Choice is something to tap.
type Choice struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	URL         string `json:"url,omitempty"`

	kind string
}

// interactiveObject is a message with something to tap.
type interactiveObject struct {
	Type   string `json:"type"`
	Header *struct {
		Type string `json:"type"`
		Text string `json:"text"`
	} `json:"header"`
	Body *struct {
		Text string `json:"text"`
	} `json:"body"`
	Footer *struct {
		Text string `json:"text"`
	} `json:"footer"`
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

// checkInteractive checks a message with something to tap, and puts what it says into m.
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
	if o.Header != nil && o.Header.Type == "text" {
		errs = append(errs, checkLength("interactive.header.text", o.Header.Text, 1, maxHeader))
	}
	if o.Footer != nil {
		errs = append(errs, checkLength("interactive.footer.text", o.Footer.Text, 1, maxFooter))
	}

	switch o.Type {
	case "button":
		errs = append(errs, o.checkButtons()...)
	case "list":
		errs = append(errs, o.checkList()...)
	case "cta_url":
		errs = append(errs, o.checkLink())
	case "location_request_message":
		if o.Action.Name != "send_location" {
			errs = append(errs, badValueError("interactive.action.name", "must be send_location"))
		}
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

// checkLink checks the link of a message.
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

// checkButtons returns the faults of buttons; nil stands for a check that found none.
func (o interactiveObject) checkButtons() (errs []*APIError) {
	if len(o.Action.Buttons) < 1 || len(o.Action.Buttons) > maxReplyButtons {
		errs = append(errs, badValueError("interactive.action.buttons", "has not 1 to 3 items"))
	}
	ids, titles := map[string]bool{}, map[string]bool{}
	for _, b := range o.Action.Buttons {
		isRepeated := ids[b.Reply.ID] || titles[b.Reply.Title]
		if isRepeated || b.Type != "reply" {
			errs = append(errs, badValueError("interactive.action.buttons", "has a wrong type or twice the same"))
		}
		ids[b.Reply.ID], titles[b.Reply.Title] = true, true
		errs = append(errs, checkLength("button id", b.Reply.ID, 1, maxButtonID), checkLength("button title", b.Reply.Title, 1, maxChoiceTitle))
	}
	return errs
}

// checkList returns the faults of a list; nil stands for a check that found none.
func (o interactiveObject) checkList() (errs []*APIError) {
	errs = append(errs, checkLength("interactive.action.button", o.Action.Button, 1, maxChoiceTitle))
	if len(o.Action.Sections) < 1 || len(o.Action.Sections) > maxSections {
		errs = append(errs, badValueError("interactive.action.sections", "has not 1 to 10 items"))
	}
	rows, ids := 0, map[string]bool{}
	for _, s := range o.Action.Sections {
		least := 0
		if len(o.Action.Sections) > 1 {
			least = 1
		}
		errs = append(errs, checkLength("section title", s.Title, least, maxRowTitle))
		for _, r := range s.Rows {
			if ids[r.ID] {
				errs = append(errs, badValueError("row id", "comes twice"))
			}
			ids[r.ID] = true
			rows++
			errs = append(errs, checkLength("row id", r.ID, 1, maxRowID), checkLength("row title", r.Title, 1, maxRowTitle),
				checkLength("row description", r.Description, 0, maxRowWords))
		}
	}
	if rows < 1 || rows > maxRows {
		errs = append(errs, badValueError("interactive.action.sections", "has not 1 to 10 rows in total"))
	}
	return errs
}

// Choices lists what can be tapped below a message.
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
			list = append(list, Choice{Title: p.DisplayText, URL: p.URL, kind: "url"})
		}
	case "template":
		list = append(list, m.buttons...)
	}
	return list
}
