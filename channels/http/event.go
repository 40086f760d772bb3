package http

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"parley/channels"
)

// This file parses events, by which the company's own system tells Parley what its customers do.
// docs/http-channel.md is the published specification. Example:
//
//	{"type": "message", "id": "m1", "from": {"id": "c7", "name": "Ann Lee"}, "at": "2026-11-20T12:00:00Z", "text": "Where is my order?"}

// Batch is the body of a webhook: events, oldest first.
type Batch struct {
	Events []json.RawMessage `json:"events"` // each an Event
}

// Event is one thing that a customer did, or the status of an answer. Unknown fields are ignored.
type Event struct {
	Type    string  `json:"type"`    // message, edit, delete, reaction, status; typing is ignored
	ID      string  `json:"id"`      // unique; also the id of the message, if it is one
	From    *Person `json:"from"`    // the customer; unused for a status
	At      Moment  `json:"at"`      // by the sender's clock
	Text    string  `json:"text"`    // message, edit: Markdown
	Subject string  `json:"subject"` // message
	Files   []File  `json:"attachments"`
	ReplyTo string  `json:"reply_to"` // message: id of the message that it answers, ours or the sender's
	Chosen  string  `json:"chosen"`   // message: id of the tapped button or row
	Target  string  `json:"target"`   // edit, delete, reaction: id of the message
	Emoji   string  `json:"emoji"`    // reaction; "" removes it
	Message string  `json:"message"`  // status: id of our callback, or the receiver's id of the message
	State   string  `json:"state"`    // status: delivered, read, failed
	Reason  string  `json:"reason"`   // status: why it failed, for people
}

// Person is a customer.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// File is an attachment, in either direction. It has either Content or URL.
type File struct {
	Name    string `json:"name,omitempty"`
	Type    string `json:"type,omitempty"`
	Size    Size   `json:"size,omitempty"`
	Content []byte `json:"content,omitempty"`
	URL     string `json:"url,omitempty"`
}

// Size is a number of bytes. It accepts 5.0 for 5, because JSON doesn't distinguish them.
type Size int64

// UnmarshalJSON implements json.Unmarshaler.
func (s *Size) UnmarshalJSON(raw []byte) error {
	var whole int64
	err := json.Unmarshal(raw, &whole)
	if err == nil {
		*s = Size(whole)
		return nil
	}

	var number float64
	isNumber := json.Unmarshal(raw, &number) == nil
	isWhole := number == math.Trunc(number) && math.Abs(number) < maxSize
	if !isNumber || !isWhole {
		return err
	}
	*s = Size(number)
	return nil
}

// maxSize is larger than any file. Below it, a float64 represents integers exactly.
const maxSize = 1 << 53

const (
	maxName  = 200  // runes in an id
	maxURL   = 2000 // bytes
	maxEmoji = 100  // bytes; some emojis consist of many characters
)

// kindsByName maps the types of events that are stored to kinds of Inbound.
func kindsByName() map[string]channels.InboundKind {
	return map[string]channels.InboundKind{
		"message":  channels.InboundMessage,
		"edit":     channels.InboundEdit,
		"delete":   channels.InboundDelete,
		"reaction": channels.InboundReaction,
		"status":   channels.InboundStatus,
	}
}

// errIgnored is the error for a valid event of type "typing", which Parley doesn't use.
var errIgnored = errors.New("http: ignored")

// parse parses and validates an event. It doesn't depend on the account's settings, so that an event that was
// accepted once can always be parsed again.
// Errors: errIgnored, or what is wrong, in words for the developers of the sender.
func parse(raw []byte) (Event, error) {
	var e Event
	raw = exactNames(raw, "from")
	if err := json.Unmarshal(raw, &e); err != nil {
		if at, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && at.Field != "" {
			return e, fmt.Errorf("%s is not of the right type", at.Field)
		}
		return e, errors.New(whyInvalid(raw))
	}

	if e.Type == "typing" {
		return e, errIgnored
	}
	if _, known := kindsByName()[e.Type]; !known {
		return e, errors.New("type is none of message, edit, delete, reaction, status, typing")
	}
	if err := checkID("id", e.ID); err != nil {
		return e, err
	}

	if e.Type != "status" {
		if e.From == nil {
			return e, errors.New("from is missing")
		}
		if err := checkID("from.id", e.From.ID); err != nil {
			return e, err
		}
	}

	return e, checkKind(e)
}

// exactNames removes each field of a JSON object whose name differs only in case from another one: of "id"
// and "ID" it keeps "id", the spelling in Event. encoding/json would use whichever comes last. It does the
// same for the objects in the fields named by nested.
func exactNames(raw []byte, nested ...string) []byte {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return raw
	}
	isChanged := false
	for name := range fields {
		lower := strings.ToLower(name)
		if lower != name && fields[lower] != nil {
			delete(fields, name)
			isChanged = true
		}
	}
	for _, name := range nested {
		if exact := exactNames(fields[name]); !bytes.Equal(exact, fields[name]) {
			fields[name] = exact
			isChanged = true
		}
	}
	if !isChanged {
		return raw
	}
	raw, _ = json.Marshal(fields) // can't fail: the fields came from JSON
	return raw
}

// whyInvalid returns what is wrong with an event that can't be decoded although no field has the wrong JSON type.
func whyInvalid(raw []byte) string {
	var e struct {
		At    json.RawMessage `json:"at"`
		Files []struct {
			Content json.RawMessage `json:"content"`
		} `json:"attachments"`
	}
	if json.Unmarshal(raw, &e) == nil {
		var at Moment
		if len(e.At) > 0 && json.Unmarshal(e.At, &at) != nil {
			return "at isn't a time like 2026-11-20T12:00:00Z (RFC 3339, with its zone)"
		}

		for i, f := range e.Files {
			var content []byte
			if len(f.Content) > 0 && json.Unmarshal(f.Content, &content) != nil {
				return fmt.Sprintf("attachments[%d].content is no base64 (RFC 4648 section 4)", i)
			}
		}
	}

	return "it isn't an object of the published form"
}
