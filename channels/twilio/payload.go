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

// A fact is one thing that Twilio told, as it is stored until Decode reads it. The first line of its payload names its kind.

// Kinds of stored facts.
const (
	payloadHook     = "hook"     // hook TAB time TAB raw query LF form
	payloadListed   = "list"     // list LF JSON of listedMessage
	payloadTemplate = "template" // template LF JSON of channels.TemplateState
)

// hookPayload keeps a callback as it came.
func hookPayload(at time.Time, query string, body []byte) []byte {
	query = strings.NewReplacer("\n", "", "\t", "").Replace(query)
	return append([]byte(payloadHook+"\t"+at.UTC().Format(time.RFC3339)+"\t"+query+"\n"), body...)
}

// listedMessage is a message of Twilio's list, as it is stored.
type listedMessage struct {
	Message json.RawMessage `json:"message"` // as it came
	Media   []listedMedia   `json:"media,omitempty"`
	Others  bool            `json:"others,omitempty"` // another account or program may have sent it: see channels.Status
}

type listedMedia struct {
	URL         string `json:"url"`
	ContentType string `json:"content_type"`
}

func jsonPayload(kind string, v any) []byte {
	body, err := json.Marshal(v)
	if err != nil { // can't happen with the types that are passed: they are plain data
		body = []byte("null")
	}
	return append([]byte(kind+"\n"), body...)
}

// reader decodes stored facts. It uses no network and no clock, so that the same fact always gives the same result.
type reader struct {
	whatsapp  bool
	callbacks *callbacks
}

// decode returns what the customer or Twilio did, according to a fact.
// Errors: what is not a payload of this channel.
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

// decodeHook is decode for a callback. head is "time TAB raw query".
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
