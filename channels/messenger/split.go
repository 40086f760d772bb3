package messenger

import (
	"cmp"
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

// pageObject is Meta's name for the kind of object that sends an app's webhooks: a Page.
const pageObject = "page"

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

// A fact is one thing that was told about a customer. It is stored under an id of its own, so that it counts once however often it is
// told, and read later by Decode.

// stored is the payload of a fact: one event of a webhook and what the webhook said about it, or a customer's name.
type stored struct {
	Page    string          `json:"page"`
	Standby bool            `json:"standby,omitempty"` // another app has control of the conversation
	Event   json.RawMessage `json:"event"`

	// Person and Name are a customer's id and name. They are "" if the fact is an event.
	Person string `json:"person,omitempty"`
	Name   string `json:"name,omitempty"`
}

// split returns a fact for each event in a webhook's verified body. What can't be read becomes a fact that is stored and shown to admins
// but never applied (Fact.Quarantine). The other events don't suffer from it.
func split(body []byte) []channels.Fact {
	var n notification
	err := json.Unmarshal(body, &n)
	if err != nil || n.Object == "" {
		return []channels.Fact{graph.UnreadableFact(body, "", "not a webhook of Meta's")}
	}
	if n.Object != pageObject {
		return []channels.Fact{graph.UnreadableFact(body, "",
			"about "+strconv.Quote(graph.ClipText(n.Object, maxWord))+", not a Page: another product's webhooks come here")}
	}
	if len(n.Entry) > maxEvents {
		return []channels.Fact{graph.UnreadableFact(body, "",
			"a webhook with "+strconv.Itoa(len(n.Entry))+" entries: Meta sends no more than a thousand at once")}
	}

	var facts []channels.Fact
	for _, raw := range n.Entry {
		facts = append(facts, splitEntry(raw)...)
	}
	return facts
}

// splitEntry returns a fact for each event of an entry. Other fields of a Page ("changes": its feed) aren't subscribed to and say nothing
// here.
func splitEntry(raw json.RawMessage) []channels.Fact {
	var e entry
	if json.Unmarshal(raw, &e) != nil || !graph.IsID(e.ID) {
		return []channels.Fact{graph.UnreadableFact(raw, "", "an entry without a Page")}
	}
	if n := len(e.Messaging) + len(e.Standby); n > maxEvents {
		return []channels.Fact{graph.UnreadableFact(raw, e.ID,
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

// factOf returns the fact of one event. What is told about a customer is applied in order, and so is what is told about the Page itself.
func factOf(s stored) channels.Fact {
	var ev event
	if err := graph.Read(s.Event, &ev); err != nil {
		return graph.UnreadableFact(s.Event, s.Page, "an event that isn't understood")
	}

	customer := ev.findCustomer(s.Page)
	order := customer
	if customer == "" && ev.Policy != nil {
		order = "account:" + s.Page
	}
	if order == "" {
		return graph.UnreadableFact(s.Event, s.Page, "an event without a person")
	}

	payload, err := json.Marshal(s)
	if err != nil {
		return graph.UnreadableFact(s.Event, s.Page, "an event that isn't understood")
	}

	return channels.Fact{
		ExternalID: boundedID(ev.externalID(customer, s.Event)),
		OrderKey:   order,
		Payload:    payload,
		Owner:      s.Page,
	}
}

// maxPersonID is the longest id of a person that is taken; Meta's have about 17 digits.
const maxPersonID = 100

// findCustomer returns the id of the customer in an event: the sender or recipient that isn't the Page. It returns "" if there is none,
// or if the id can't be a person's.
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

// externalID returns the id of an event's fact. It is the same whenever the same event is told, in whichever webhook. A tap on a button
// has the id of a message, because the list of conversations shows it as one (missedFacts).
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

	return "o:" + graph.HashOf(raw)
}

// boundedID shortens an external id that is too long for a fact.
func boundedID(name string) string {
	if len(name) <= maxIDBytes {
		return name
	}
	kind, _, _ := strings.Cut(name, ":")
	return kind + ":#" + graph.HashOf([]byte(name))
}
