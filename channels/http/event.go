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

// This file reads the events by which the company's own system tells what its customers do, in the form that
// docs/http-channel.md publishes:
//
//	{"type": "message", "id": "m1", "from": {"id": "c7", "name": "Ann Lee"}, "at": "2026-11-20T12:00:00Z", "text": "Where is my order?"}

// Batch is the body of a webhook: what happened, oldest first.
type Batch struct {
	Events []json.RawMessage `json:"events"` // of Event
}

// Event is one thing that happened on the customers' side. Unknown fields are ignored.
type Event struct {
	Type    string  `json:"type"`    // message, edit, delete, reaction, status; typing is ignored
	ID      string  `json:"id"`      // unique; of a message, it is also the message's id
	From    *Person `json:"from"`    // the customer; not of a status
	At      Moment  `json:"at"`      // when, by the sender's clock
	Text    string  `json:"text"`    // message, edit: Markdown
	Subject string  `json:"subject"` // message
	Files   []File  `json:"attachments"`
	ReplyTo string  `json:"reply_to"` // message: the id of the one that it answers, ours or the sender's
	Chosen  string  `json:"chosen"`   // message: the id of the button or row that was tapped
	Target  string  `json:"target"`   // edit, delete, reaction: the message it is about
	Emoji   string  `json:"emoji"`    // reaction; "" = taken back
	Message string  `json:"message"`  // status: the id of our callback, or the receiver's own
	State   string  `json:"state"`    // status: delivered, read, failed
	Reason  string  `json:"reason"`   // status: why it failed, for people
}

// Person is a customer.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// File is an attachment, in both directions. Content or URL is set.
type File struct {
	Name    string `json:"name,omitempty"`
	Type    string `json:"type,omitempty"`
	Size    Size   `json:"size,omitempty"`
	Content []byte `json:"content,omitempty"`
	URL     string `json:"url,omitempty"`
}

// Size is a number of bytes. JSON doesn't tell 5.0 from 5.
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

// maxSize is more bytes than any file has; numbers below it are exact.
const maxSize = 1 << 53

const (
	maxName  = 200  // runes of an id
	maxURL   = 2000 // bytes
	maxEmoji = 100  // bytes; some emoji are made of many characters
)

// kindsByName returns the types of events that become facts.
func kindsByName() map[string]channels.InboundKind {
	return map[string]channels.InboundKind{
		"message":  channels.InboundMessage,
		"edit":     channels.InboundEdit,
		"delete":   channels.InboundDelete,
		"reaction": channels.InboundReaction,
		"status":   channels.InboundStatus,
	}
}

// errIgnored is the error of an event of the type "typing", which is valid but says nothing to agents.
var errIgnored = errors.New("http: ignored")

// parse reads and checks one event. It doesn't depend on the account's settings, so that an event that was once accepted can always be
// read again.
// Errors: errIgnored; what is wrong, for the developers of the sender.
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

// exactNames drops from a JSON object each field that differs from another one only by capital letters: of id and ID it keeps id, as
// Event has it. encoding/json takes both for the same, and the later one would count. It does so in the objects within the fields named
// below, too.
func exactNames(raw []byte, below ...string) []byte {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return raw
	}
	isChanged := false
	for name := range fields {
		if small := strings.ToLower(name); small != name && fields[small] != nil {
			delete(fields, name)
			isChanged = true
		}
	}
	for _, name := range below {
		if exact := exactNames(fields[name]); !bytes.Equal(exact, fields[name]) {
			fields[name] = exact
			isChanged = true
		}
	}
	if !isChanged {
		return raw
	}
	raw, _ = json.Marshal(fields) // can't fail: the fields were read from JSON
	return raw
}

// whyInvalid returns what is wrong with an event that can't be read although no field has a wrong JSON type.
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
