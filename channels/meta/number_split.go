package meta

import (
	"encoding/json"
	"strconv"

	"parley/channels"
)

// maxItems limits the messages, statuses and other items of one change. Meta sends at most a thousand.
const maxItems = 2000

// businessObject is Meta's name for the object type of webhooks about WhatsApp business accounts.
const businessObject = "whatsapp_business_account"

// splitNumberHook converts the body of a webhook to facts, one for each message, status or other item. A fact (fact.go)
// is what is stored of an item. A webhook has entries, an entry has changes, and a change has lists of items:
//
//	{"object": …, "entry": [{"id": …, "changes": [{"field": "messages", "value": {"messages": [{…}, {…}]}}]}]}
//
// A webhook or an item that can't be parsed becomes a fact that is stored and shown to admins but never applied
// (Fact.Quarantine), so that nothing that Meta sends is lost.
func splitNumberHook(body []byte) []channels.Fact {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return []channels.Fact{unreadableFact(body, "", "not a webhook: "+err.Error())}
	}
	if e.Object != businessObject {
		return []channels.Fact{unreadableFact(body, "", "not about a WhatsApp business account")}
	}

	var facts []channels.Fact
	for _, entry := range e.Entry {
		seconds, err := strconv.ParseInt(string(entry.Time), 10, 64)
		if err != nil {
			seconds = 0 // unknown
		}

		for _, change := range entry.Changes {
			common := fact{Field: change.Field, WABA: string(entry.ID), Time: seconds}
			facts = append(facts, splitChange(common, change.Value)...)
		}
	}

	if len(facts) == 0 {
		return []channels.Fact{unreadableFact(body, "", "a webhook that tells nothing")}
	}

	return facts
}

// splitChange returns a fact for each item of a change, or one fact for the whole change if it has no items.
// common has what the webhook says about the change.
func splitChange(common fact, value json.RawMessage) []channels.Fact {
	var v changeValue
	if err := json.Unmarshal(value, &v); err != nil {
		return []channels.Fact{unreadableFact(value, "", "a change that can't be read: "+err.Error())}
	}

	common.Phone = string(v.Metadata.PhoneNumberID)
	if n := v.countItems(); n > maxItems {
		return []channels.Fact{unreadableFact(value, common.Phone,
			"a change that tells "+strconv.Itoa(n)+" things: Meta sends no more than a thousand at once")}
	}

	var facts []channels.Fact
	if hasItems(common.Field) {
		contacts := newDirectory(v.Contacts)
		for _, list := range v.lists() {
			for _, item := range list.items {
				facts = append(facts, itemFact(common, list.kind, item, contacts))
			}
		}
	}

	if len(facts) == 0 {
		common.Kind = factChange
		common.Data = value
		facts = append(facts, common.asFactByHash())
	}

	return facts
}

// hasItems reports whether changes of this webhook field have lists of items. All others describe a single
// change.
func hasItems(field string) bool {
	return field == "messages" || field == "smb_message_echoes" || field == "user_preferences"
}

// itemList is a list of a change. All its items are of one kind.
type itemList struct {
	kind  factKind
	items []json.RawMessage
}

func (v changeValue) lists() []itemList {
	return []itemList{
		{factMessage, v.Messages},
		{factStatus, v.Statuses},
		{factEcho, v.Echoes},
		{factConsent, v.Preferences},
		{factErrors, v.Errors},
	}
}

// countItems returns the total number of items in the lists of a change.
func (v changeValue) countItems() int {
	n := 0
	for _, list := range v.lists() {
		n += len(list.items)
	}
	return n
}
