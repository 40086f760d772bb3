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
)

// This file validates messages to customers, as far as this doesn't depend on state. A message has a type, and its content in
// the field of that name: {"to": "4917012345678", "type": "text", "text": {"body": "Hello"}}.

// phonePattern matches a phone number in the field "to", which may have spaces, parentheses and hyphens.
var phonePattern = regexp.MustCompile(`^\+?[0-9][0-9 ()-]{4,24}$`)

func missingError(name string) *APIError {
	return cloudError(Missing, "Parameter "+name+" is missing or empty.")
}

func badValueError(name, why string) *APIError {
	return cloudError(BadValue, "Parameter "+name+" "+why+".")
}

// isRecipient reports whether "to" is valid. User ids are accepted, although WhatsApp never delivers such a message.
func isRecipient(to string) bool {
	return phonePattern.MatchString(to) || userIDPattern.MatchString(to)
}

// Limits of messages: lengths in characters, and numbers of items. Source: as for validate.
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
	maxBody         = 1024 // of an interactive message
)

// validate validates a message and copies its text to m. Source: Cloud API, "Messages" and the pages of each type.
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

	switch in.Type {
	case "text":
		return checkText(raw, m)
	case "image", "video", "audio", "document":
		return checkMedia(in.Type, raw, m)
	case "location":
		return checkLocation(raw, m)
	case "contacts":
		return checkContacts(raw, m)
	case "interactive":
		return checkInteractive(raw, m)
	}

	return nil
}

// readStrict decodes a JSON object, and refuses unknown keys, as Graph does.
func readStrict(raw json.RawMessage, v any, name string) *APIError {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return invalidError(fmt.Sprintf("Param %s: %v", name, err))
	}
	return nil
}

func checkLength(name, s string, minRunes, maxRunes int) *APIError {
	n := utf8.RuneCountInString(s)
	if n < minRunes {
		return missingError(name)
	}
	if n > maxRunes {
		return badValueError(name, fmt.Sprintf("has %d characters, and %d are allowed", n, maxRunes))
	}
	return nil
}

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

// mediaObject is the file of a message, an upload.
type mediaObject struct {
	ID       string `json:"id"`
	Caption  string `json:"caption"`
	Filename string `json:"filename"`
}

func checkMedia(kind string, raw json.RawMessage, m *Message) *APIError {
	var o mediaObject
	if err := readStrict(raw, &o, kind); err != nil {
		return err
	}

	switch {
	case o.ID == "":
		return missingError(kind + ".id")
	case o.Caption != "" && kind == "audio":
		return invalidError("Unexpected key \"caption\" on param \"" + kind + "\".")
	case o.Filename != "" && kind != "document":
		return invalidError("Unexpected key \"filename\" on param \"" + kind + "\".")
	}

	m.Text = o.Caption
	m.File = &File{Name: o.Filename}
	return checkLength(kind+".caption", o.Caption, 0, maxCaption)
}

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
		limit   float64
	}{"latitude": {degrees: l.Latitude, limit: 90}, "longitude": {degrees: l.Longitude, limit: 180}} {
		degrees, err := v.degrees.Float64()
		if err != nil || math.Abs(degrees) > v.limit {
			return badValueError("location."+name, "isn't a place on Earth")
		}
	}

	m.Text = l.Name
	return nil
}

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
