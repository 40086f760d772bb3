package whatsapp

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strconv"
	"strings"

	"parley/channels"
	"parley/channels/graph"
)

// A fact is one thing that a webhook tells: a message, the status of a message, or a change of the account. A webhook may bring
// many. Each is stored under an id of its own, so that it counts once however often Meta sends it. It is read later, by Decode.

// Kinds of facts.
const (
	factMessage = "message" // a customer's message
	factStatus  = "status"  // the status of our message
	factEcho    = "echo"    // a message to a customer that the business wrote outside of Parley
	factConsent = "consent"
	factErrors  = "errors" // about the number
	factChange  = "change" // anything else
)

// fact is the payload that is stored for one message, status or other item of a webhook.
type fact struct {
	Kind    string          `json:"kind"`
	Field   string          `json:"field"`
	WABA    string          `json:"waba,omitempty"`
	Phone   string          `json:"phone,omitempty"` // phone_number_id
	Time    int64           `json:"time,omitempty"`  // of the webhook's entry, Unix seconds
	Contact json.RawMessage `json:"contact,omitempty"`
	Data    json.RawMessage `json:"data"`
}

// loose is a string that may be written as a number, as ids and times in webhooks are.
type loose string

// UnmarshalJSON implements json.Unmarshaler. A value that is neither becomes "".
func (l *loose) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	*l = ""

	if len(b) == 0 {
		return nil
	}

	switch first := b[0]; first {
	case '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*l = loose(s)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		*l = loose(b)
	}

	return nil
}

// envelope is the body of a webhook. Its parts are read one by one, so that one that can't be read doesn't hide the others.
type envelope struct {
	Object string `json:"object"`
	Entry  []struct {
		ID      loose `json:"id"`
		Time    loose `json:"time"`
		Changes []struct {
			Field string          `json:"field"`
			Value json.RawMessage `json:"value"`
		} `json:"changes"`
	} `json:"entry"`
}

// changeValue has the fields of a change that split needs.
type changeValue struct {
	Metadata struct {
		PhoneNumberID loose `json:"phone_number_id"`
	} `json:"metadata"`
	Contacts    []json.RawMessage `json:"contacts"`
	Messages    []json.RawMessage `json:"messages"`
	Statuses    []json.RawMessage `json:"statuses"`
	Errors      []json.RawMessage `json:"errors"`
	Echoes      []json.RawMessage `json:"message_echoes"`
	Preferences []json.RawMessage `json:"user_preferences"`
}

// identifiers has the fields that identify an item and its customer.
type identifiers struct {
	ID              loose `json:"id"`
	From            loose `json:"from"`
	FromUserID      loose `json:"from_user_id"`
	To              loose `json:"to"`
	ToUserID        loose `json:"to_user_id"`
	WaID            loose `json:"wa_id"`
	UserID          loose `json:"user_id"`
	Recipient       loose `json:"recipient_id"`
	RecipientUserID loose `json:"recipient_user_id"`
	Status          loose `json:"status"`
	Timestamp       loose `json:"timestamp"`
	Value           loose `json:"value"`
	Category        loose `json:"category"`

	System json.RawMessage `json:"system"`
}

// split returns a fact for each message, status or other item of a webhook. What can't be read becomes a fact that is stored and
// shown to admins but never applied (Fact.Quarantine), so that nothing that Meta sends is lost.
func split(body []byte) []channels.Fact {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return []channels.Fact{graph.UnreadableFact(body, "", "not a webhook: "+err.Error())}
	}
	if e.Object != "whatsapp_business_account" {
		return []channels.Fact{graph.UnreadableFact(body, "", "not about a WhatsApp business account")}
	}

	var facts []channels.Fact
	for _, entry := range e.Entry {
		at, _ := strconv.ParseInt(string(entry.Time), 10, 64) // unreadable: 0, unknown
		for _, change := range entry.Changes {
			base := fact{Field: change.Field, WABA: string(entry.ID), Time: at}
			facts = append(facts, splitChange(base, change.Value)...)
		}
	}

	if len(facts) == 0 {
		return []channels.Fact{graph.UnreadableFact(body, "", "a webhook that tells nothing")}
	}

	return facts
}

// Bounds of one change.
const (
	maxItems        = 2000 // messages, statuses and others; Meta sends a thousand at most
	maxContactBytes = 4096 // of a customer's profile, which is stored with each item
)

// splitChange returns the facts of one change: one for each item in its lists, or else one for the change as a whole.
func splitChange(base fact, raw json.RawMessage) []channels.Fact {
	var v changeValue
	if err := json.Unmarshal(raw, &v); err != nil {
		return []channels.Fact{graph.UnreadableFact(raw, "", "a change that can't be read: "+err.Error())}
	}

	base.Phone = string(v.Metadata.PhoneNumberID)
	n := len(v.Messages) + len(v.Statuses) + len(v.Echoes) + len(v.Preferences) + len(v.Errors)
	if n > maxItems {
		return []channels.Fact{graph.UnreadableFact(raw, base.Phone,
			"a change that tells "+strconv.Itoa(n)+" things: Meta sends no more than a thousand at once")}
	}

	var facts []channels.Fact
	people := newDirectory(v.Contacts)
	addAll := func(kind string, items []json.RawMessage) {
		for _, item := range items {
			f := base
			f.Kind = kind
			facts = append(facts, itemFact(f, item, people))
		}
	}
	switch base.Field {
	case "messages", "smb_message_echoes", "user_preferences":
		addAll(factMessage, v.Messages)
		addAll(factStatus, v.Statuses)
		addAll(factEcho, v.Echoes)
		addAll(factConsent, v.Preferences)
		addAll(factErrors, v.Errors)
	}

	if len(facts) == 0 {
		base.Kind = factChange
		facts = append(facts, factByHash(base, raw))
	}

	return facts
}

// itemFact returns the fact of one item. Its external id has a prefix by its kind: "m:" for a message, "s:" for a status, "e:" for an
// echo, "p:" for a preference, "c:" for anything without an id. Facts about the same customer have the same order key, so that they
// are applied in order.
func itemFact(f fact, raw json.RawMessage, people directory) channels.Fact {
	if f.Kind == factErrors {
		return factByHash(f, raw)
	}

	var n identifiers
	if err := json.Unmarshal(raw, &n); err != nil {
		return graph.UnreadableFact(raw, f.Phone, "a "+f.Kind+" that can't be read: "+err.Error())
	}

	out := channels.Fact{Owner: f.Phone}
	switch f.Kind {
	case factStatus:
		out.ExternalID = "s:" + string(n.ID) + ":" + string(n.Status)
		out.OrderKey = firstOf(n.RecipientUserID, n.Recipient)
	case factEcho:
		out.ExternalID = "e:" + string(n.ID)
		out.OrderKey = firstOf(n.ToUserID, n.To)
	case factConsent:
		out.OrderKey = firstOf(n.UserID, n.WaID)
		out.ExternalID = "p:" + out.OrderKey + ":" + string(n.Timestamp) + ":" + string(n.Category) + ":" + string(n.Value)
		n.ID = n.Timestamp // a preference has no id, but it must have a time
	default:
		out.ExternalID = "m:" + string(n.ID)
		out.OrderKey = firstOf(n.FromUserID, n.From)
		if out.OrderKey == "" {
			out.OrderKey = previousUserID(n.System)
		}
	}

	if n.ID == "" {
		return graph.UnreadableFact(raw, f.Phone, "a "+f.Kind+" without an id")
	}

	out.ExternalID = boundedID(out.ExternalID)
	out.OrderKey = boundedID(cmp.Or(out.OrderKey, "unknown"))
	f.Contact = people.find(out.OrderKey, n)
	f.Data = raw
	out.Payload = f.encode()
	return out
}

// previousUserID returns the user id that a customer had before a system message, or "". Some system messages name the customer
// nowhere else.
func previousUserID(raw json.RawMessage) string {
	var s system
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return string(s.PreviousUserID)
}

// factByHash returns the fact of something without an id. Its external id is a hash of its bytes and time.
func factByHash(f fact, raw json.RawMessage) channels.Fact {
	f.Data = raw
	payload := f.encode()
	return channels.Fact{ExternalID: "c:" + graph.HashOf(payload), OrderKey: "account:" + f.WABA, Payload: payload, Owner: f.Phone}
}

// encode returns the payload that is stored.
func (f fact) encode() []byte {
	b, err := json.Marshal(f)
	if err != nil { // can't happen: Contact and Data were read from JSON
		return append([]byte("unwritable: "), f.Data...)
	}
	return b
}

// firstOf returns the first value that isn't empty.
func firstOf(list ...loose) string { return string(cmp.Or(list...)) }

// boundedID returns an id, or its hash if it is too long to be stored.
func boundedID(id string) string {
	const most = 400                                     // bytes; WhatsApp's own ids are far shorter
	if len(id) <= most && !strings.ContainsRune(id, 0) { // a zero byte can't be stored
		return id
	}
	return "h:" + graph.HashOf([]byte(id))
}

// directory has the contacts of a webhook, which are listed beside its messages. Only they have the customers' names.
type directory struct {
	byID map[string]json.RawMessage
	only json.RawMessage // the contact, if the webhook lists just one
}

// newDirectory returns the contacts by their ids. It leaves out those that are too large or can't be read.
func newDirectory(contacts []json.RawMessage) directory {
	d := directory{byID: map[string]json.RawMessage{}}
	for _, raw := range contacts {
		var n identifiers
		if len(raw) > maxContactBytes || json.Unmarshal(raw, &n) != nil {
			continue
		}

		for _, id := range []loose{n.WaID, n.UserID} {
			if id != "" {
				d.byID[string(id)] = raw
			}
		}

		if len(contacts) == 1 {
			d.only = raw
		}
	}

	return d
}

// find returns the contact of an item's customer, or nil. If the item names no customer, and the webhook lists one contact only, it is
// about that one.
func (d directory) find(key string, n identifiers) json.RawMessage {
	for _, id := range []string{key, string(n.From), string(n.Recipient), string(n.To)} {
		if contact, ok := d.byID[id]; ok {
			return contact
		}
	}
	if firstOf(n.From, n.Recipient, n.To) == "" {
		return d.only
	}
	return nil
}
