package whatsapp

import (
	"encoding/json"
	"strconv"

	"parley/channels"
	"parley/channels/graph"
)

// maxItems bounds the messages, statuses and other items of one change; Meta sends a thousand at most.
const maxItems = 2000

// businessObject is Meta's name for the kind of object that sends an app's webhooks: a business account.
const businessObject = "whatsapp_business_account"

// split returns a fact for each message, status or other item of a webhook. What can't be read becomes a fact that is stored and
// shown to admins but never applied (Fact.Quarantine), so that nothing that Meta sends is lost.
func split(body []byte) []channels.Fact {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return []channels.Fact{graph.UnreadableFact(body, "", "not a webhook: "+err.Error())}
	}
	if e.Object != businessObject {
		return []channels.Fact{graph.UnreadableFact(body, "", "not about a WhatsApp business account")}
	}

	var facts []channels.Fact
	for _, entry := range e.Entry {
		seconds, err := strconv.ParseInt(string(entry.Time), 10, 64)
		if err != nil {
			seconds = 0 // not known
		}

		for _, change := range entry.Changes {
			around := fact{Field: change.Field, WABA: string(entry.ID), Time: seconds}
			facts = append(facts, splitChange(around, change.Value)...)
		}
	}

	if len(facts) == 0 {
		return []channels.Fact{graph.UnreadableFact(body, "", "a webhook that tells nothing")}
	}

	return facts
}

// splitChange returns a fact for each item in the lists of a change. A change without such items is a fact as a whole. around has what
// the webhook says around the change.
func splitChange(around fact, value json.RawMessage) []channels.Fact {
	var v changeValue
	if err := json.Unmarshal(value, &v); err != nil {
		return []channels.Fact{graph.UnreadableFact(value, "", "a change that can't be read: "+err.Error())}
	}

	around.Phone = string(v.Metadata.PhoneNumberID)
	if n := v.countItems(); n > maxItems {
		return []channels.Fact{graph.UnreadableFact(value, around.Phone,
			"a change that tells "+strconv.Itoa(n)+" things: Meta sends no more than a thousand at once")}
	}

	var facts []channels.Fact
	if hasItems(around.Field) {
		contacts := newDirectory(v.Contacts)
		for _, list := range v.lists() {
			for _, item := range list.items {
				facts = append(facts, itemFact(around, list.kind, item, contacts))
			}
		}
	}

	if len(facts) == 0 {
		around.Kind = factChange
		around.Data = value
		facts = append(facts, around.asFactByHash())
	}

	return facts
}

// hasItems reports whether a change of this webhook field has lists of items. All other fields tell one thing each.
func hasItems(field string) bool {
	return field == "messages" || field == "smb_message_echoes" || field == "user_preferences"
}

// itemList is a list of a change, whose items are of one kind.
type itemList struct {
	kind  factKind
	items []json.RawMessage
}

// lists returns the lists of items of a change.
func (v changeValue) lists() []itemList {
	return []itemList{
		{factMessage, v.Messages},
		{factStatus, v.Statuses},
		{factEcho, v.Echoes},
		{factConsent, v.Preferences},
		{factErrors, v.Errors},
	}
}

// countItems returns how many items the lists of a change have together.
func (v changeValue) countItems() int {
	n := 0
	for _, list := range v.lists() {
		n += len(list.items)
	}
	return n
}
