package twiliofake

import (
	"encoding/json"
	"maps"
	"slices"
	"unicode/utf8"
)

// contentType is a format in which a content can be shown, such as plain text or a text with buttons. A content may have several. Each
// channel uses the best one that it supports: WhatsApp prefers buttons, and SMS prefers text.
// Source: Twilio, "Content types overview".
type contentType string

const (
	typeText         contentType = "twilio/text"
	typeListPicker   contentType = "twilio/list-picker"
	typeCallToAction contentType = "twilio/call-to-action"
	typeQuickReply   contentType = "twilio/quick-reply"
	typeWhatsAppCard contentType = "whatsapp/card"
)

// listRichFirst returns all types that our channel sends, richest first, which is WhatsApp's order of preference.
func listRichFirst() []contentType {
	return []contentType{typeWhatsAppCard, typeListPicker, typeQuickReply, typeCallToAction, typeText}
}

// listTextFirst returns all types in the order of preference of SMS.
func listTextFirst() []contentType {
	return append([]contentType{typeText}, listRichFirst()...)
}

// body is the JSON of a content in one type. It has the fields of all types that Parley uses.
type body struct {
	Body    string           `json:"body"`
	Button  string           `json:"button"`
	Header  string           `json:"header_text"`
	Footer  string           `json:"footer"`
	Actions []map[string]any `json:"actions"`
	Items   []map[string]any `json:"items"`
}

// forWhatsApp returns the type that WhatsApp shows, with its body.
func (c *storedContent) forWhatsApp() (contentType, body) { return c.readFirst(listRichFirst()) }

// forSMS returns the type that an SMS shows, with its body.
func (c *storedContent) forSMS() (contentType, body) { return c.readFirst(listTextFirst()) }

// readFirst returns the first type in order that the content has, with its body. If it has none of them, it returns "".
func (c *storedContent) readFirst(order []contentType) (contentType, body) {
	for _, kind := range order {
		if raw, ok := c.types[kind]; ok {
			return kind, readBody(raw)
		}
	}
	return "", body{}
}

// readBody decodes a body. Fields that can't be decoded stay empty, and findFault refuses them.
func readBody(raw json.RawMessage) (b body) {
	_ = json.Unmarshal(raw, &b)
	return b
}

// listButtons returns the buttons or list rows that the customer can tap. opener is the title of the button that opens the list, or ""
// for buttons.
func (b body) listButtons() (list []Button, opener string) {
	for _, action := range b.Actions {
		list = append(list, Button{ID: readText(action, "id"), Title: readText(action, "title"), URL: readText(action, "url")})
	}
	for _, item := range b.Items {
		list = append(list, Button{ID: readText(item, "id"), Title: readText(item, "item")})
	}
	return list, b.Button
}

// readText returns a field that is a string, or "".
func readText(fields map[string]any, name string) string {
	text, _ := fields[name].(string)
	return text
}

// Limits of contents.
// Source: Twilio, content types quick-reply, call-to-action and list-picker.
const (
	maxChoices     = 10 // actions or items
	maxActionTitle = 25
	maxItemTitle   = 24
	maxItemID      = 200
	maxListButton  = 20
	maxText        = 1600
)

// findFault returns the reason why Twilio refuses a content, or "".
func (c *storedContent) findFault() string {
	for _, kind := range slices.Sorted(maps.Keys(c.types)) {
		if fault := kind.findFault(readBody(c.types[kind])); fault != "" {
			return fault
		}
	}
	return ""
}

// findFault returns the reason why Twilio refuses a body of that type, or "".
func (kind contentType) findFault(b body) string {
	switch kind {
	case typeText, typeWhatsAppCard:
		// These only need a text, which is checked below.
	case typeQuickReply, typeCallToAction:
		if !areChoices(b.Actions) || !haveTexts(b.Actions, "title", maxActionTitle) {
			return string(kind) + ": 1 to 10 actions with titles of at most 25 characters"
		}
	case typeListPicker:
		haveItemTexts := haveTexts(b.Items, "item", maxItemTitle) && haveTexts(b.Items, "id", maxItemID)
		if !areChoices(b.Items) || !isText(b.Button, maxListButton) || !haveItemTexts {
			return string(kind) + ": 1 to 10 items, a button"
		}
	default:
		return "unknown content type " + string(kind)
	}

	if !isText(b.Body, maxText) {
		return string(kind) + ": body is required"
	}

	return ""
}

// areChoices reports whether the number of actions or items is allowed.
func areChoices(list []map[string]any) bool { return len(list) > 0 && len(list) <= maxChoices }

// haveTexts reports whether all actions or items have a text of at most limit characters in a field.
func haveTexts(list []map[string]any, name string, limit int) bool {
	for _, fields := range list {
		if !isText(readText(fields, name), limit) {
			return false
		}
	}
	return true
}

// isText reports whether a text isn't empty and has at most limit characters.
func isText(text string, limit int) bool { return text != "" && utf8.RuneCountInString(text) <= limit }
