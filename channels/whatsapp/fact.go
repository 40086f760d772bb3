package whatsapp

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"

	"parley/channels"
)

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
	switch {
	case len(b) > 1 && b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*l = loose(s)
	case len(b) > 0 && (b[0] == '-' || b[0] >= '0' && b[0] <= '9'):
		*l = loose(b)
	default:
		*l = ""
	}
	return nil
}

// envelope is the body of a webhook. Lists have raw items, so that one bad item doesn't hide the others.
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

// value has the fields of a change that split needs.
type value struct {
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

// names has the fields that identify an item and its customer.
type names struct {
	ID         loose `json:"id"`
	From       loose `json:"from"`
	FromUserID loose `json:"from_user_id"`
	To         loose `json:"to"`
	ToUserID   loose `json:"to_user_id"`
	WaID       loose `json:"wa_id"`
	UserID     loose `json:"user_id"`
	Recipient  loose `json:"recipient_id"`
	RecipientU loose `json:"recipient_user_id"`
	Status     loose `json:"status"`
	Timestamp  loose `json:"timestamp"`
	Value      loose `json:"value"`
	Category   loose `json:"category"`

	System json.RawMessage `json:"system"`
}

// split returns a fact for each message, status or other item of a webhook. Pure.
func split(body []byte) []channels.Fact {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return []channels.Fact{unreadableFact(body, "", "not a webhook: "+err.Error())}
	}
	if e.Object != "whatsapp_business_account" {
		return []channels.Fact{unreadableFact(body, "", "not about a WhatsApp business account")}
	}
	var facts []channels.Fact
	for _, entry := range e.Entry {
		at, _ := strconv.ParseInt(string(entry.Time), 10, 64)
		for _, change := range entry.Changes {
			base := fact{Field: change.Field, WABA: string(entry.ID), Time: at}
			facts = append(facts, splitChange(base, change.Value)...)
		}
	}
	if len(facts) == 0 {
		return []channels.Fact{unreadableFact(body, "", "a webhook that tells nothing")}
	}
	return facts
}

// Bounds of one change: how many things it tells, and what is stored of a customer's profile
// beside each of them.
const (
	maxItems        = 2000
	maxContactBytes = 4096
)

// splitChange returns the facts of one change.
func splitChange(base fact, raw json.RawMessage) []channels.Fact {
	var v value
	if err := json.Unmarshal(raw, &v); err != nil {
		return []channels.Fact{unreadableFact(raw, "", "a change that can't be read: "+err.Error())}
	}
	base.Phone = string(v.Metadata.PhoneNumberID)
	if n := len(v.Messages) + len(v.Statuses) + len(v.Echoes) + len(v.Preferences) + len(v.Errors); n > maxItems {
		return []channels.Fact{unreadableFact(raw, base.Phone, "a change that tells "+strconv.Itoa(n)+" things: Meta sends no more than a thousand at once")}
	}
	var facts []channels.Fact
	people := newDirectory(v.Contacts)
	each := func(kind string, items []json.RawMessage, make func(fact, json.RawMessage, directory) channels.Fact) {
		for _, item := range items {
			f := base
			f.Kind = kind
			facts = append(facts, make(f, item, people))
		}
	}
	switch base.Field {
	case "messages", "smb_message_echoes", "user_preferences":
		each(factMessage, v.Messages, itemFact)
		each(factStatus, v.Statuses, itemFact)
		each(factEcho, v.Echoes, itemFact)
		each(factConsent, v.Preferences, itemFact)
		each(factErrors, v.Errors, factByHash)
	}
	if len(facts) == 0 {
		base.Kind = factChange
		facts = append(facts, factByHash(base, raw, nil))
	}
	return facts
}

// itemFact returns the fact of an item with an id and a customer.
func itemFact(f fact, raw json.RawMessage, people directory) channels.Fact {
	var n names
	if err := json.Unmarshal(raw, &n); err != nil {
		return unreadableFact(raw, f.Phone, "a "+f.Kind+" that can't be read: "+err.Error())
	}
	out := channels.Fact{Owner: f.Phone}
	switch f.Kind {
	case factStatus:
		out.ExternalID = "s:" + string(n.ID) + ":" + string(n.Status)
		out.OrderKey = firstOf(n.RecipientU, n.Recipient)
	case factEcho:
		out.ExternalID = "e:" + string(n.ID)
		out.OrderKey = firstOf(n.ToUserID, n.To)
	case factConsent:
		out.OrderKey = firstOf(n.UserID, n.WaID)
		out.ExternalID = "p:" + out.OrderKey + ":" + string(n.Timestamp) + ":" + string(n.Category) + ":" + string(n.Value)
		n.ID = n.Timestamp
	default:
		out.ExternalID = "m:" + string(n.ID)
		out.OrderKey = firstOf(n.FromUserID, n.From)
		if s := (system{}); out.OrderKey == "" && json.Unmarshal(n.System, &s) == nil { // only "system" names the customer
			out.OrderKey = string(s.PreviousUserID)
		}
	}
	if n.ID == "" {
		return unreadableFact(raw, f.Phone, "a "+f.Kind+" without an id")
	}
	if out.OrderKey == "" {
		out.OrderKey = "unknown"
	}
	out.ExternalID, out.OrderKey = boundedID(out.ExternalID), boundedID(out.OrderKey)
	f.Contact = people.find(out.OrderKey, n)
	f.Data = raw
	out.Payload = f.bytes()
	return out
}

// factByHash returns the fact of an item without an id. Its external id is a hash of its bytes and time.
func factByHash(f fact, raw json.RawMessage, _ directory) channels.Fact {
	f.Data = raw
	payload := f.bytes()
	return channels.Fact{ExternalID: "c:" + digest(payload), OrderKey: "account:" + f.WABA, Payload: payload, Owner: f.Phone}
}

// unreadableFact returns the quarantined fact of what can't be split.
func unreadableFact(raw []byte, owner, why string) channels.Fact {
	return channels.Fact{ExternalID: "x:" + digest(raw), OrderKey: "unreadable", Payload: bytes.Clone(raw), Quarantine: why, Owner: owner}
}

func (f fact) bytes() []byte {
	b, err := json.Marshal(f)
	if err != nil { // Data was read from JSON
		return append([]byte("unwritable: "), f.Data...)
	}
	return b
}

func firstOf(list ...loose) string {
	for _, s := range list {
		if s != "" {
			return string(s)
		}
	}
	return ""
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// boundedID returns an id, or its hash if it is too long to be stored.
func boundedID(id string) string {
	const most = 400
	if len(id) <= most && !strings.ContainsRune(id, 0) {
		return id
	}
	return "h:" + digest([]byte(id))
}

// directory has the contacts of a webhook, which are listed beside its messages, by their ids.
type directory map[string]json.RawMessage

func newDirectory(contacts []json.RawMessage) directory {
	d := directory{}
	for _, raw := range contacts {
		var n names
		if len(raw) > maxContactBytes || json.Unmarshal(raw, &n) != nil {
			continue // without the contact only the name is missing
		}
		for _, id := range []loose{n.WaID, n.UserID} {
			if id != "" {
				d[string(id)] = raw
			}
		}
		if len(contacts) == 1 {
			d[""] = raw
		}
	}
	return d
}

// find returns the contact of an item's customer; nil if there is none.
func (d directory) find(key string, n names) json.RawMessage {
	for _, id := range []string{key, string(n.From), string(n.Recipient), string(n.To)} {
		if c, ok := d[id]; ok && id != "" {
			return c
		}
	}
	if n.From == "" && n.Recipient == "" && n.To == "" {
		return d[""] // the only one
	}
	return nil
}
