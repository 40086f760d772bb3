package twilio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"parley/channels"
)

// A fact is one thing that Twilio reported: a callback, an entry of its list of messages, or the state of a template. Parley stores the
// fact's payload first and decodes it later. The payload keeps the original bytes, so that it can be decoded again by a newer version.
// Its first line names its kind. For a callback, the line also has the time of arrival and the query of the called URL:
//
//	hook	2026-11-05T10:00:00Z	o=12.0e.0123456789abcdef
//	MessageSid=SM12&MessageStatus=delivered

// Kinds of stored facts, with the formats of their payloads.
const (
	payloadHook     = "hook"     // hook TAB time TAB raw query LF form
	payloadListed   = "list"     // list LF JSON of listedMessage
	payloadTemplate = "template" // template LF JSON of channels.TemplateState
)

// hookPayload returns the payload of a callback that came at a time, with a raw query and a form as its body.
func hookPayload(at time.Time, query string, body []byte) []byte {
	query = strings.NewReplacer("\n", "", "\t", "").Replace(query)
	return append([]byte(payloadHook+"\t"+at.UTC().Format(time.RFC3339)+"\t"+query+"\n"), body...)
}

// listedMessage is the payload of an entry of Twilio's list of messages.
type listedMessage struct {
	Message json.RawMessage `json:"message"` // the entry, unchanged
	Media   []listedMedia   `json:"media,omitempty"`
	Others  bool            `json:"others,omitempty"` // another account or program may have sent it: see channels.Status
}

// listedMedia is a file of a listed message.
type listedMedia struct {
	URL         string `json:"url"`
	ContentType string `json:"content_type"`
}

// jsonPayload returns the payload of a fact whose content is v, a listedMessage or a channels.TemplateState.
func jsonPayload(kind string, v any) []byte {
	body, err := json.Marshal(v)
	if err != nil { // can't happen, because these types are plain data
		body = []byte("null")
	}
	return append([]byte(kind+"\n"), body...)
}

// reader decodes stored facts. It uses no network and no clock, so that the same fact always gives the same result.
type reader struct {
	whatsapp  bool
	callbacks *callbacks
}

// decode decodes a fact's payload.
// Errors: raw is not a payload of this channel.
func (d *reader) decode(raw []byte) ([]channels.Inbound, error) {
	head, body, found := bytes.Cut(raw, []byte("\n"))
	if !found {
		return nil, errors.New("twilio: fact: no head")
	}

	kind, timeAndQuery, isHook := strings.Cut(string(head), "\t")
	if isHook && kind == payloadHook {
		return d.decodeHook(timeAndQuery, body)
	}

	switch string(head) {
	case payloadListed:
		return d.decodeListed(body)
	case payloadTemplate:
		var t channels.TemplateState
		if err := json.Unmarshal(body, &t); err != nil {
			return nil, fmt.Errorf("twilio: fact: template: %w", err)
		}
		return []channels.Inbound{{Kind: channels.InboundTemplate, ExternalID: t.ExternalID, Template: &t}}, nil
	}

	return nil, errors.New("twilio: fact: unknown kind")
}

// decodeHook decodes the payload of a callback. head is "time TAB raw query".
func (d *reader) decodeHook(head string, body []byte) ([]channels.Inbound, error) {
	timeText, query, found := strings.Cut(head, "\t")
	if !found {
		return nil, errors.New("twilio: fact: unknown kind")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fmt.Errorf("twilio: fact: form: %w", err)
	}
	at, err := time.Parse(time.RFC3339, timeText)
	if err != nil {
		return nil, fmt.Errorf("twilio: fact: time: %w", err)
	}
	return d.decodeForm(form, at, query)
}
