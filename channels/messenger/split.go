package messenger

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"

	"parley/channels"
	"parley/channels/graph"
)

// maxIDBytes is the longest id that is used in a fact's external id; a longer one is replaced by its hash.
const maxIDBytes = 300

// maxEvents limits the entries of a webhook, and the events of each entry.
const maxEvents = 2000

// notification is the body of a webhook.
type notification struct {
	Object string            `json:"object"`
	Entry  []json.RawMessage `json:"entry"`
}

// entry is the part of a notification that is about one Page.
type entry struct {
	ID        string            `json:"id"`
	Messaging []json.RawMessage `json:"messaging"`
	Standby   []json.RawMessage `json:"standby"`
}

// stored is the payload of a Fact: one event and what the notification said about it.
type stored struct {
	Page    string          `json:"page"`
	Standby bool            `json:"standby,omitempty"` // another app has control of the conversation
	Event   json.RawMessage `json:"event"`

	// Person and Name are set instead of Event: a customer's name, from the Page's conversations.
	Person string `json:"person,omitempty"`
	Name   string `json:"name,omitempty"`
}

// split returns a fact for each event in a webhook's verified body. What can't be read becomes a quarantined
// fact, so that the other events are applied.
func split(body []byte) []channels.Fact {
	var n notification
	err := json.Unmarshal(body, &n)
	if err != nil || n.Object == "" {
		return []channels.Fact{unreadableFact(body, "", "not a webhook of Meta's")}
	}
	if n.Object != pageObject {
		return []channels.Fact{unreadableFact(body, "", "about "+strconv.Quote(clipText(n.Object, maxWord))+", not a Page: another product's webhooks come here")}
	}
	if len(n.Entry) > maxEvents {
		return []channels.Fact{unreadableFact(body, "", "a webhook with "+strconv.Itoa(len(n.Entry))+" entries: Meta sends no more than a thousand at once")}
	}
	var facts []channels.Fact
	for _, raw := range n.Entry {
		var e entry
		if json.Unmarshal(raw, &e) != nil || !isID(e.ID) {
			facts = append(facts, unreadableFact(raw, "", "an entry without a Page"))
			continue
		}
		if n := len(e.Messaging) + len(e.Standby); n > maxEvents {
			facts = append(facts, unreadableFact(raw, e.ID, "an entry with "+strconv.Itoa(n)+" events: Meta sends no more than a thousand at once"))
			continue
		}
		for _, event := range e.Messaging {
			facts = append(facts, factOf(e.ID, false, event))
		}
		for _, event := range e.Standby {
			facts = append(facts, factOf(e.ID, true, event))
		}
		// Other fields of a Page ("changes": its feed) aren't subscribed to and say nothing here.
	}
	return facts
}

// unreadableFact returns a quarantined fact.
func unreadableFact(raw []byte, page, why string) channels.Fact {
	return channels.Fact{ExternalID: "x:" + hashOf(raw), OrderKey: "unreadable", Payload: bytes.Clone(raw), Quarantine: why, Owner: page}
}

// hashOf returns half of a SHA-256 in hex: 128 bits are enough to tell events apart.
func hashOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:len(sum)/2])
}

// factOf returns the fact of one event.
func factOf(page string, standby bool, raw json.RawMessage) channels.Fact {
	var ev event
	if err := graph.Read(raw, &ev); err != nil {
		return unreadableFact(raw, page, "an event that isn't understood")
	}
	customer := ev.findCustomer(page)
	order := customer
	if customer == "" && ev.Policy != nil {
		order = "account:" + page
	}
	if order == "" {
		return unreadableFact(raw, page, "an event without a person")
	}
	payload, err := json.Marshal(stored{Page: page, Standby: standby, Event: raw})
	if err != nil {
		return unreadableFact(raw, page, "an event that isn't understood")
	}
	return channels.Fact{ExternalID: boundedID(ev.externalID(customer, raw)), OrderKey: order, Payload: payload, Owner: page}
}

// maxPersonID is the longest id of a person that is taken; Meta's have about 17 digits.
const maxPersonID = 100

// findCustomer returns the person in an event: of sender and recipient the one that isn't the Page. It returns "" if there
// is none, or the id can't be one.
func (ev *event) findCustomer(page string) string {
	id := ev.Sender.ID
	if id == page || id == "" {
		id = ev.Recipient.ID
	}
	if id == page || len(id) > maxPersonID {
		return ""
	}
	if strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) { // not printable ASCII
		return ""
	}
	return id
}

// externalID returns the external id of an event's fact. It depends on what happened and not on the notification, so
// that it is the same when the notification is repeated.
func (ev *event) externalID(customer string, raw []byte) string {
	at := strconv.FormatInt(int64(ev.Timestamp), 10)
	switch {
	case ev.Message != nil && ev.Message.MID != "":
		return "m:" + ev.Message.MID
	case ev.Edit != nil && ev.Edit.MID != "":
		return "e:" + ev.Edit.MID + ":" + strconv.FormatInt(int64(ev.Edit.Count), 10)
	case ev.Reaction != nil && ev.Reaction.MID != "":
		return strings.Join([]string{"r", ev.Reaction.MID, cmp.Or(ev.Sender.ID, customer), ev.Reaction.Action, at}, ":")
	case ev.Postback != nil && ev.Postback.MID != "":
		return "p:" + ev.Postback.MID
	case ev.Read != nil && ev.Read.Watermark > 0:
		return "read:" + customer + ":" + strconv.FormatInt(int64(ev.Read.Watermark), 10)
	case ev.Delivery != nil && ev.Delivery.Watermark > 0:
		return "delivered:" + customer + ":" + strconv.FormatInt(int64(ev.Delivery.Watermark), 10)
	}
	return "o:" + hashOf(raw)
}

// boundedID shortens an external id that is too long for a fact.
func boundedID(name string) string {
	if len(name) <= maxIDBytes {
		return name
	}
	kind, _, _ := strings.Cut(name, ":")
	return kind + ":#" + hashOf([]byte(name))
}

// clipText shortens a text for people.
func clipText(s string, maxRunes int) string {
	if r := []rune(s); len(r) > maxRunes {
		return string(r[:maxRunes-1]) + "…"
	}
	return s
}
