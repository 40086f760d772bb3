package meta

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"

	"parley/channels"
)

// maxEvents limits the entries of a webhook, and the events of an entry.
const maxEvents = 2000

// pageObject is Meta's name for the object type of webhooks about Pages.
const pageObject = "page"

// notification is the body of a webhook.
type notification struct {
	Object string            `json:"object"`
	Entry  []json.RawMessage `json:"entry"`
}

// entry is the section of a notification about one Page.
type entry struct {
	ID        string            `json:"id"`
	Messaging []json.RawMessage `json:"messaging"`
	Standby   []json.RawMessage `json:"standby"`
}

// stored is the payload of a fact: an event with its context from the webhook, or a customer's name.
type stored struct {
	Page    string          `json:"page"`
	Standby bool            `json:"standby,omitempty"` // another app has control of the conversation
	Event   json.RawMessage `json:"event"`

	// Person and Name are a customer's id and name. They are "" if the fact is an event.
	Person string `json:"person,omitempty"`
	Name   string `json:"name,omitempty"`
}

// splitPageHook converts the verified body of a webhook to facts, one for each event. A fact is what Parley stores of
// one event, under an external id such as "m:mid.123", so that an event that Meta sends twice counts once.
// Decode reads the fact later. An event that can't be parsed becomes a fact that is stored and shown to admins but
// never applied (Fact.Quarantine). The other events are not affected.
func splitPageHook(body []byte) []channels.Fact {
	var n notification
	err := json.Unmarshal(body, &n)
	if err != nil || n.Object == "" {
		return []channels.Fact{unreadableFact(body, "", "not a webhook of Meta's")}
	}
	if n.Object != pageObject {
		return []channels.Fact{unreadableFact(body, "",
			"about "+strconv.Quote(clipText(n.Object, maxWord))+", not a Page: another product's webhooks come here")}
	}
	if len(n.Entry) > maxEvents {
		return []channels.Fact{unreadableFact(body, "",
			"a webhook with "+strconv.Itoa(len(n.Entry))+" entries: Meta sends no more than a thousand at once")}
	}

	var facts []channels.Fact
	for _, raw := range n.Entry {
		facts = append(facts, splitEntry(raw)...)
	}
	return facts
}

// splitEntry returns a fact for each event of an entry. Other fields of an entry, such as "changes", are
// ignored, because Parley doesn't subscribe to them.
func splitEntry(raw json.RawMessage) []channels.Fact {
	var e entry
	if json.Unmarshal(raw, &e) != nil || !isID(e.ID) {
		return []channels.Fact{unreadableFact(raw, "", "an entry without a Page")}
	}
	if n := len(e.Messaging) + len(e.Standby); n > maxEvents {
		return []channels.Fact{unreadableFact(raw, e.ID,
			"an entry with "+strconv.Itoa(n)+" events: Meta sends no more than a thousand at once")}
	}

	var facts []channels.Fact
	for _, event := range e.Messaging {
		facts = append(facts, factOf(stored{Page: e.ID, Event: event}))
	}
	for _, event := range e.Standby {
		facts = append(facts, factOf(stored{Page: e.ID, Event: event, Standby: true}))
	}
	return facts
}

// factOf returns the fact of one event. Facts with the same order key, a customer or the Page itself, are
// applied in order.
func factOf(s stored) channels.Fact {
	var ev event
	if err := readJSON(s.Event, &ev); err != nil {
		return unreadableFact(s.Event, s.Page, "an event that isn't understood")
	}

	customer := ev.findCustomer(s.Page)
	order := customer
	if customer == "" && ev.Policy != nil {
		order = "account:" + s.Page
	}
	if order == "" {
		return unreadableFact(s.Event, s.Page, "an event without a person")
	}

	payload, err := json.Marshal(s)
	if err != nil {
		return unreadableFact(s.Event, s.Page, "an event that isn't understood")
	}

	return channels.Fact{
		ExternalID: boundedID(ev.externalID(customer, s.Event)),
		OrderKey:   order,
		Payload:    payload,
		Owner:      s.Page,
	}
}

// maxPersonID is the maximum length of a person's id; Meta's ids have about 17 digits.
const maxPersonID = 100

// findCustomer returns the id of the customer in an event: the sender or recipient that isn't the Page. It
// returns "" if there is none, or if the id can't be valid.
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

// externalID returns the external id of an event's fact. It is the same in every webhook with which Meta sends the
// event. A tap on a button has the id of a message, because the list of conversations, which missedFacts reads, shows it
// as a message.
func (ev *event) externalID(customer string, raw []byte) string {
	at := strconv.FormatInt(int64(ev.Timestamp), 10)
	switch {
	case ev.Message != nil && ev.Message.MID != "" && ev.Message.Deleted:
		return "d:" + ev.Message.MID
	case ev.Message != nil && ev.Message.MID != "":
		return "m:" + ev.Message.MID
	case ev.Edit != nil && ev.Edit.MID != "":
		return "e:" + ev.Edit.MID + ":" + strconv.FormatInt(int64(ev.Edit.Count), 10)
	case ev.Reaction != nil && ev.Reaction.MID != "":
		return strings.Join([]string{"r", ev.Reaction.MID, cmp.Or(ev.Sender.ID, customer), ev.Reaction.Action, at}, ":")
	case ev.Postback != nil && ev.Postback.MID != "":
		return "m:" + ev.Postback.MID
	case ev.Read != nil && ev.Read.Watermark > 0:
		return "read:" + customer + ":" + strconv.FormatInt(int64(ev.Read.Watermark), 10)
	case ev.Delivery != nil && ev.Delivery.Watermark > 0:
		return "delivered:" + customer + ":" + strconv.FormatInt(int64(ev.Delivery.Watermark), 10)
	}

	return "o:" + hashOf(raw)
}
