package whatsapp

import (
	"cmp"
	"encoding/json"
	"strings"

	"parley/channels"
	"parley/channels/graph"
)

// A webhook of Meta's brings many items at once: messages of customers, statuses of our messages, and others. Each is stored as a
// fact of its own, under an id by which it counts once, however often Meta sends it. split.go finds the items in a webhook, this file
// makes a fact of each, and Decode reads the facts later.

// factKind says what a fact is about.
type factKind string

const (
	factMessage factKind = "message" // what a customer wrote
	factStatus  factKind = "status"  // what became of our message
	factEcho    factKind = "echo"    // a message to a customer that the business wrote outside of Parley
	factConsent factKind = "consent" // a customer forbids or allows advertising
	factErrors  factKind = "errors"  // a problem with our number
	factChange  factKind = "change"  // anything else, such as news of a template or of the account
)

// fact is the payload that is stored for one item: the item as it came, with what the webhook says around it.
type fact struct {
	Kind    factKind        `json:"kind"`
	Field   string          `json:"field"`             // the webhook field in which it came: "messages"
	WABA    string          `json:"waba,omitempty"`    // the business account
	Phone   string          `json:"phone,omitempty"`   // Meta's id of our number (phone_number_id)
	Time    int64           `json:"time,omitempty"`    // of the webhook's entry, Unix seconds; 0 if it isn't known
	Contact json.RawMessage `json:"contact,omitempty"` // the customer, as the webhook lists her beside the item
	Data    json.RawMessage `json:"data"`              // the item
}

// contactOf returns the contact that a webhook lists beside an item. If there is none, or it can't be read, it returns an empty one.
func contactOf(f fact) contact {
	var who contact
	if len(f.Contact) > 0 {
		_ = graph.Read(f.Contact, &who) // without it, only the customer's name is missing
	}
	return who
}

// itemFact returns the fact of one item in a list of a change. change has what the webhook says around the item.
func itemFact(change fact, kind factKind, item json.RawMessage, contacts directory) channels.Fact {
	f := change
	f.Kind = kind
	f.Data = item
	if kind == factErrors {
		return f.asFactByHash()
	}

	var ids identifiers
	if err := json.Unmarshal(item, &ids); err != nil {
		return graph.UnreadableFact(item, f.Phone, "a "+string(kind)+" that can't be read: "+err.Error())
	}

	externalID := ids.externalID(kind)
	if externalID == "" {
		return graph.UnreadableFact(item, f.Phone, "a "+string(kind)+" without an id")
	}

	customer := boundedID(cmp.Or(ids.customer(kind), "unknown"))
	f.Contact = contacts.find(customer, ids)
	return channels.Fact{
		ExternalID: boundedID(externalID),
		OrderKey:   customer, // what is told about a customer is applied in order
		Payload:    f.encode(),
		Owner:      f.Phone,
	}
}

// asFactByHash returns the fact of something without an id. A hash of its bytes and time takes the id's place.
func (f fact) asFactByHash() channels.Fact {
	payload := f.encode()
	return channels.Fact{
		ExternalID: "c:" + graph.HashOf(payload),
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

// externalID returns the id by which an item counts once. It returns "" if the item lacks what all items of its kind have.
//
//	message     m:wamid.HBgL
//	status      s:wamid.HBgL:delivered (each status of a message is a fact)
//	echo        e:wamid.HBgL
//	preference  p:US.134912:1764331200:marketing_messages:stop (it has no id of its own)
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

// customer returns the id of the customer whom an item is about: the user id, which stays when she changes the number, or else the
// number. It returns "" if the item names nobody.
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

// previousUserID returns the user id that a customer had before a system message, or "". Some system messages name the customer
// nowhere else.
func (n identifiers) previousUserID() loose {
	var s system
	if json.Unmarshal(n.System, &s) != nil {
		return ""
	}
	return s.PreviousUserID
}

// maxIDBytes is the length of the longest id that is stored as it is; WhatsApp's own are far shorter.
const maxIDBytes = 400

// boundedID returns an id, or its hash if the database couldn't store it: it is too long, or has a zero byte.
func boundedID(id string) string {
	if len(id) <= maxIDBytes && !strings.ContainsRune(id, 0) {
		return id
	}
	return "h:" + graph.HashOf([]byte(id))
}

// maxContactBytes bounds a customer's profile, which is stored with each item.
const maxContactBytes = 4096

// directory has the contacts of a change: the customers' names stand only there, beside the items.
type directory struct {
	byID map[string]json.RawMessage
	only json.RawMessage // the contact, if the change lists just one
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

// find returns the contact of an item's customer, or nil. An item that names no customer is about the only contact, if there is just
// one.
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
