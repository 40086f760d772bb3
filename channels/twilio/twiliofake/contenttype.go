package twiliofake

import (
	"encoding/json"
	"maps"
	"slices"
	"unicode/utf8"
)

// contentType is a type of contents, and what a customer sees of it. A content may have several: each channel takes the one
// that it shows best.
// Source: Twilio, "Content types overview".
type contentType string

const (
	typeText          contentType = "twilio/text"
	typeMedia         contentType = "twilio/media"
	typeLocation      contentType = "twilio/location"
	typeListPicker    contentType = "twilio/list-picker"
	typeCallToAction  contentType = "twilio/call-to-action"
	typeQuickReply    contentType = "twilio/quick-reply"
	typeCard          contentType = "twilio/card"
	typeCatalog       contentType = "twilio/catalog"
	typeCarousel      contentType = "twilio/carousel"
	typeFlows         contentType = "twilio/flows"
	typeSchedule      contentType = "twilio/schedule"
	typeWhatsAppCard  contentType = "whatsapp/card"
	typeWhatsAppCode  contentType = "whatsapp/authentication"
	typeWhatsAppFlows contentType = "whatsapp/flows"
)

// listRichFirst lists all types, the richest first: the order in which WhatsApp takes them.
func listRichFirst() []contentType {
	return []contentType{
		typeWhatsAppCode, typeWhatsAppFlows, typeWhatsAppCard, typeCarousel, typeCatalog, typeFlows, typeSchedule, typeCard,
		typeListPicker, typeQuickReply, typeCallToAction, typeLocation, typeMedia, typeText,
	}
}

// listTextFirst lists all types in the order in which SMS takes them.
func listTextFirst() []contentType {
	return append([]contentType{typeText, typeMedia}, listRichFirst()...)
}

// body has the fields of all content types that Parley uses.
type body struct {
	Body    string           `json:"body"`
	Button  string           `json:"button"`
	Header  string           `json:"header_text"`
	Footer  string           `json:"footer"`
	Actions []map[string]any `json:"actions"`
	Items   []map[string]any `json:"items"`
}

// forWhatsApp returns the type that WhatsApp shows, and what it says.
func (c *storedContent) forWhatsApp() (contentType, body) { return c.readFirst(listRichFirst()) }

// forSMS returns the type that a text message shows, and what it says.
func (c *storedContent) forSMS() (contentType, body) { return c.readFirst(listTextFirst()) }

// readFirst returns the first of these types that the content has, and what it says.
func (c *storedContent) readFirst(order []contentType) (contentType, body) {
	for _, kind := range order {
		if raw, ok := c.types[kind]; ok {
			return kind, readBody(raw)
		}
	}
	return "", body{}
}

// readBody reads what a type of a content says.
func readBody(raw json.RawMessage) (b body) {
	_ = json.Unmarshal(raw, &b) // what can't be read is missing, and findFault refuses it
	return b
}

// listButtons returns what the customer may tap, and the title of the button that opens a list; "" if it isn't a list.
func (b body) listButtons() (list []Button, opener string) {
	for _, action := range b.Actions {
		list = append(list, Button{ID: readText(action, "id"), Title: readText(action, "title"), URL: readText(action, "url")})
	}
	for _, item := range b.Items {
		list = append(list, Button{ID: readText(item, "id"), Title: readText(item, "item")})
	}
	return list, b.Button
}

// readText returns a field that is a text; "" if it is missing or something else.
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

// findFault returns what Twilio refuses of a content; "" if nothing.
func (c *storedContent) findFault() string {
	for _, kind := range slices.Sorted(maps.Keys(c.types)) {
		if fault := kind.findFault(readBody(c.types[kind])); fault != "" {
			return fault
		}
	}
	return ""
}

// findFault returns what Twilio refuses of a content of that type; "" if nothing. Types that Parley doesn't use are taken
// whatever they say.
func (kind contentType) findFault(b body) string {
	switch kind {
	case typeText, typeWhatsAppCard:
		// They need nothing but the body, which is checked below.
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
		if slices.Contains(listRichFirst(), kind) {
			return ""
		}
		return "unknown content type " + string(kind)
	}

	if !isText(b.Body, maxText) {
		return string(kind) + ": body is required"
	}

	return ""
}

// areChoices reports whether there is at least one action or item, and not too many.
func areChoices(list []map[string]any) bool { return len(list) > 0 && len(list) <= maxChoices }

// haveTexts reports whether all actions or items have a text in the field of that name.
func haveTexts(list []map[string]any, name string, most int) bool {
	for _, fields := range list {
		if !isText(readText(fields, name), most) {
			return false
		}
	}
	return true
}

// isText reports whether a text has at least one character, and not more than most.
func isText(text string, most int) bool { return text != "" && utf8.RuneCountInString(text) <= most }
