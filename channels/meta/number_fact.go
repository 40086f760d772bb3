package meta

import (
	"cmp"
	"encoding/json"
	"strings"

	"parley/channels"
)

// A webhook from Meta has many items: messages from customers, statuses of our messages, and others. Each
// item is stored as a fact, under an external id such as "m:wamid.HBgL", so that it counts once however often
// Meta sends it. split.go finds the items of a webhook, this file creates the facts, and Decode reads them
// later.

// factKind is the kind of item that a fact was created from.
type factKind string

const (
	factMessage factKind = "message" // a message from a customer
	factStatus  factKind = "status"  // the status of a message of ours
	factEcho    factKind = "echo"    // a message from the business, written outside Parley
	factConsent factKind = "consent" // a customer forbids or allows advertising
	factErrors  factKind = "errors"  // an error that concerns our number
	factChange  factKind = "change"  // any other change, such as of a template or of the account
)

// fact is the stored payload of a channels.Fact: the item, unchanged, and its context from the webhook.
type fact struct {
	Kind    factKind        `json:"kind"`
	Field   string          `json:"field"`             // the webhook field of the change, such as "messages"
	WABA    string          `json:"waba,omitempty"`    // the business account
	Phone   string          `json:"phone,omitempty"`   // Meta's id of our number (phone_number_id)
	Time    int64           `json:"time,omitempty"`    // of the webhook's entry, Unix seconds; 0 if unknown
	Contact json.RawMessage `json:"contact,omitempty"` // the customer: a webhook lists contacts separately
	Data    json.RawMessage `json:"data"`              // the item
}

// contactOf returns the contact that belongs to a fact. It is empty if there is none or if it can't be read.
func contactOf(f fact) contact {
	var who contact
	if len(f.Contact) > 0 {
		_ = readJSON(f.Contact, &who) // on failure, only the customer's name is missing
	}
	return who
}

// itemFact returns the fact of one item. change has the item's context; it becomes the stored payload.
func itemFact(change fact, kind factKind, item json.RawMessage, contacts directory) channels.Fact {
	f := change
	f.Kind = kind
	f.Data = item
	if kind == factErrors {
		return f.asFactByHash()
	}

	var ids identifiers
	if err := json.Unmarshal(item, &ids); err != nil {
		return unreadableFact(item, f.Phone, "a "+string(kind)+" that can't be read: "+err.Error())
	}

	externalID := ids.externalID(kind)
	if externalID == "" {
		return unreadableFact(item, f.Phone, "a "+string(kind)+" without an id")
	}

	customer := boundedID(cmp.Or(ids.customer(kind), "unknown"))
	f.Contact = contacts.find(customer, ids)
	return channels.Fact{
		ExternalID: boundedID(externalID),
		OrderKey:   customer, // a customer's facts are applied in order
		Payload:    f.encode(),
		Owner:      f.Phone,
	}
}

// asFactByHash returns the fact of something that has no id. The hash of its payload is used instead.
func (f fact) asFactByHash() channels.Fact {
	payload := f.encode()
	return channels.Fact{
		ExternalID: "c:" + hashOf(payload),
		OrderKey:   "account:" + f.WABA,
		Payload:    payload,
		Owner:      f.Phone,
	}
}

// encode returns the bytes that are stored.
func (f fact) encode() []byte {
	b, err := json.Marshal(f)
	if err != nil { // can't happen: Contact and Data were read from JSON
		return append([]byte("unwritable: "), f.Data...)
	}
	return b
}

// externalID returns the external id of an item's fact, or "" if the item lacks a required field:
//
//	message     m:wamid.HBgL
//	status      s:wamid.HBgL:delivered (each status of a message is a fact)
//	echo        e:wamid.HBgL
//	preference  p:US.134912:1764331200:marketing_messages:stop (Meta gives it no id)
func (n identifiers) externalID(kind factKind) string {
	if kind == factConsent {
		if n.Timestamp == "" {
			return ""
		}
		return strings.Join([]string{"p", n.customer(kind), string(n.Timestamp), string(n.Category), string(n.Value)}, ":")
	}

	if n.ID == "" {
		return ""
	}

	switch kind {
	case factStatus:
		return "s:" + string(n.ID) + ":" + string(n.Status)
	case factEcho:
		return "e:" + string(n.ID)
	default:
		return "m:" + string(n.ID)
	}
}

// customer returns the id of an item's customer: the user id, which remains when she changes her phone
// number, or else the phone number. It returns "" if the item names no customer.
func (n identifiers) customer(kind factKind) string {
	switch kind {
	case factStatus:
		return firstOf(n.RecipientUserID, n.Recipient)
	case factEcho:
		return firstOf(n.ToUserID, n.To)
	case factConsent:
		return firstOf(n.UserID, n.WaID)
	default:
		return firstOf(n.FromUserID, n.From, n.previousUserID())
	}
}

// previousUserID returns the user id that a customer had before the change that a system message announces,
// or "". Some system messages have no other id of the customer.
func (n identifiers) previousUserID() loose {
	var s system
	if json.Unmarshal(n.System, &s) != nil {
		return ""
	}
	return s.PreviousUserID
}

// maxIDBytes is the maximum length of an id that is stored unchanged. WhatsApp's own ids are far shorter.
const maxIDBytes = 400

// boundedID returns id, or its hash if the database couldn't store it because it is too long or contains a
// NUL.
func boundedID(id string) string {
	if len(id) <= maxIDBytes && !strings.ContainsRune(id, 0) {
		return id
	}
	return "h:" + hashOf([]byte(id))
}

// maxContactBytes is the maximum size of a customer's contact, which is stored with each item.
const maxContactBytes = 4096

// directory has the contacts of a change. Only these have the customers' names; the items don't.
type directory struct {
	byID map[string]json.RawMessage
	only json.RawMessage // the contact, if the change has exactly one
}

// newDirectory indexes contacts by their ids. It omits those that are too large or can't be read.
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

// find returns the contact of an item's customer, or nil. An item without a customer belongs to the only
// contact, if any.
func (d directory) find(customer string, n identifiers) json.RawMessage {
	for _, id := range []string{customer, string(n.From), string(n.Recipient), string(n.To)} {
		if contact, ok := d.byID[id]; ok {
			return contact
		}
	}
	if firstOf(n.From, n.Recipient, n.To) == "" {
		return d.only
	}
	return nil
}
