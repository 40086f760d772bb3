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
	factMessage = "message" // of a customer
	factStatus  = "status"  // of one of ours
	factEcho    = "echo"    // written by the business elsewhere, to a customer
	factConsent = "consent"
	factErrors  = "errors" // about the number
	factChange  = "change" // anything else
)

// fact is what is stored of a webhook for one thing that it tells.
type fact struct {
	Kind    string          `json:"kind"`
	Field   string          `json:"field"`
	WABA    string          `json:"waba,omitempty"`
	Phone   string          `json:"phone,omitempty"` // phone_number_id
	Time    int64           `json:"time,omitempty"`  // of the webhook's entry
	Contact json.RawMessage `json:"contact,omitempty"`
	Data    json.RawMessage `json:"data"`
}

// loose is a string that may come as a number: ids and times of webhooks do.
type loose string

// UnmarshalJSON implements json.Unmarshaler. What is neither is empty.
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

// envelope is a webhook. Lists stay raw: one bad item must not hide the others.
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

// value is what a change tells, as far as splitting needs it.
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

// names are the ids that name an item and its customer.
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

// split makes one fact of each message, status or other thing that a webhook tells. Pure.
func split(body []byte) []channels.Fact {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return []channels.Fact{unreadable(body, "", "not a webhook: "+err.Error())}
	}
	if e.Object != "whatsapp_business_account" {
		return []channels.Fact{unreadable(body, "", "not about a WhatsApp business account")}
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
		return []channels.Fact{unreadable(body, "", "a webhook that tells nothing")}
	}
	return facts
}

// Bounds of one change: how many things it tells, and what is stored of a customer's profile
// beside each of them.
const (
	maxItems        = 2000
	maxContactBytes = 4096
)

// splitChange makes the facts of one change.
func splitChange(base fact, raw json.RawMessage) []channels.Fact {
	var v value
	if err := json.Unmarshal(raw, &v); err != nil {
		return []channels.Fact{unreadable(raw, "", "a change that can't be read: "+err.Error())}
	}
	base.Phone = string(v.Metadata.PhoneNumberID)
	if n := len(v.Messages) + len(v.Statuses) + len(v.Echoes) + len(v.Preferences) + len(v.Errors); n > maxItems {
		return []channels.Fact{unreadable(raw, base.Phone, "a change that tells "+strconv.Itoa(n)+" things: Meta sends no more than a thousand at once")}
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
		each(factErrors, v.Errors, hashedFact)
	}
	if len(facts) == 0 {
		base.Kind = factChange
		facts = append(facts, hashedFact(base, raw, nil))
	}
	return facts
}

// itemFact is a fact that has an id and a customer.
func itemFact(f fact, raw json.RawMessage, people directory) channels.Fact {
	var n names
	if err := json.Unmarshal(raw, &n); err != nil {
		return unreadable(raw, f.Phone, "a "+f.Kind+" that can't be read: "+err.Error())
	}
	out := channels.Fact{Owner: f.Phone}
	switch f.Kind {
	case factStatus:
		out.ExternalID = "s:" + string(n.ID) + ":" + string(n.Status)
		out.OrderKey = first(n.RecipientU, n.Recipient)
	case factEcho:
		out.ExternalID = "e:" + string(n.ID)
		out.OrderKey = first(n.ToUserID, n.To)
	case factConsent:
		out.OrderKey = first(n.UserID, n.WaID)
		out.ExternalID = "p:" + out.OrderKey + ":" + string(n.Timestamp) + ":" + string(n.Category) + ":" + string(n.Value)
		n.ID = n.Timestamp
	default:
		out.ExternalID = "m:" + string(n.ID)
		out.OrderKey = first(n.FromUserID, n.From)
		if s := (system{}); out.OrderKey == "" && json.Unmarshal(n.System, &s) == nil { // named there alone
			out.OrderKey = string(s.PreviousUserID)
		}
	}
	if n.ID == "" {
		return unreadable(raw, f.Phone, "a "+f.Kind+" without an id")
	}
	if out.OrderKey == "" {
		out.OrderKey = "unknown"
	}
	out.ExternalID, out.OrderKey = bounded(out.ExternalID), bounded(out.OrderKey)
	f.Contact = people.find(out.OrderKey, n)
	f.Data = raw
	out.Payload = f.bytes()
	return out
}

// hashedFact is a fact that has no id: its bytes and its time name it.
func hashedFact(f fact, raw json.RawMessage, _ directory) channels.Fact {
	f.Data = raw
	payload := f.bytes()
	return channels.Fact{ExternalID: "c:" + digest(payload), OrderKey: "account:" + f.WABA, Payload: payload, Owner: f.Phone}
}

// unreadable is what can't be split: it is stored and shown.
func unreadable(raw []byte, owner, why string) channels.Fact {
	return channels.Fact{ExternalID: "x:" + digest(raw), OrderKey: "unreadable", Payload: bytes.Clone(raw), Quarantine: why, Owner: owner}
}

func (f fact) bytes() []byte {
	b, err := json.Marshal(f)
	if err != nil { // Data was read from JSON
		return append([]byte("unwritable: "), f.Data...)
	}
	return b
}

func first(list ...loose) string {
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

// bounded keeps an id that can be stored; any other is replaced by its hash.
func bounded(id string) string {
	const most = 400
	if len(id) <= most && !strings.ContainsRune(id, 0) {
		return id
	}
	return "h:" + digest([]byte(id))
}

// directory finds the contact of an item: a webhook lists them beside its messages.
type directory map[string]json.RawMessage

func newDirectory(contacts []json.RawMessage) directory {
	d := directory{}
	for _, raw := range contacts {
		var n names
		if len(raw) > maxContactBytes || json.Unmarshal(raw, &n) != nil {
			continue // only the name is missing then
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

// find gives the contact that an item is from or to, nil if there is none.
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
