package erase

// An erasure empties a list of places, that is, rows of one table that may hold data about the contact, a customer. This file
// has the places of background work: texts that a language model generated from conversations, the queues of that work, and
// reminders. Work may still be in progress during an erasure, so Turn says when each place is erased (see turn).

// machinePlaces returns the places of generated texts, and of work on them, in the contact's conversations.
func machinePlaces() []place {
	return []place{
		{
			Name: "ai_exchanges", Table: "ai_exchanges",
			What:  "what a model was asked and answered",
			About: ofConversation,
			Turn:  madeByWork,
		},
		{
			Name: "suggested_replies", Table: "suggested_replies",
			What:   "replies that were suggested",
			About:  ofConversation,
			Export: `jsonb_build_object('conversation', t.conversation_id, 'replies', t.replies)`,
		},
		{
			Name: "suggestions", Table: "suggestions",
			What:   "what else was suggested",
			About:  ofConversation,
			Export: `jsonb_build_object('conversation', t.conversation_id, 'kind', t.kind, 'value', t.value, 'at', t.shown_at)`,
		},
		{
			Name: "bursts", Table: "bursts",
			What:  "messages that wait to be analysed",
			About: ofConversation,
			Turn:  workInProgress,
		},
		{
			Name: "text_requests", Table: "text_requests",
			What:  "summaries and translations that were asked for",
			About: ofConversation,
			Turn:  workInProgress,
		},
	}
}

// machinePlacesElsewhere returns the same places for other customers' conversations in which the contact wrote. A text that
// was generated from such a conversation repeats the words of everybody in it, including the contact's. Suggested replies
// are generated again when somebody writes there again.
func machinePlacesElsewhere() []place {
	return []place{
		{
			Name: "exchanges_there", Table: "ai_exchanges",
			What:  "what a model was asked about other customers' conversations in which the contact wrote",
			About: whereContactWrote,
			Turn:  madeByWork,
		},
		{
			Name: "suggested_there", Table: "suggested_replies",
			What:  "replies that were suggested there",
			About: whereContactWrote,
		},
		{
			Name: "bursts_there", Table: "bursts",
			What:  "messages there that wait to be analysed",
			About: whereContactWrote,
			Turn:  workInProgress,
		},
		{
			Name: "requests_there", Table: "text_requests",
			What:  "summaries and translations that were asked for there",
			About: whereContactWrote,
			Turn:  workInProgress,
		},
	}
}

// waitingPlaces returns the places of reminders, and of other data that Parley keeps for a short time.
func waitingPlaces() []place {
	return []place{
		{Name: "timers", Table: "timers", What: "reminders", About: ofConversation},
		{Name: "overdue", Table: "overdue", What: "reminders that came late", About: ofConversation},
		{Name: "replying", Table: "replying", What: "open forms of replies", About: ofConversation},
		{Name: "openings", Table: "openings", What: "who opened conversations lately", About: `t.origin = ANY(@keys)`},
		{Name: "auto_replies", Table: "auto_replies", What: "automatic replies that were sent", About: `t.identity_id = ANY(@identities)`},
		{Name: "routed", Table: "routed", What: "to whom rules are giving a conversation", About: ofConversation},
		{Name: "given_back", Table: "given_back", What: "whom a conversation was taken from", About: ofConversation},
		{Name: "pins", Table: "pins", What: "whose own customer it is", About: `t.identity_id = ANY(@identities)`},
		{
			Name: "accounts", Table: "accounts",
			What: "an account's trouble that names the contact",
			About: `lower(replace(t.status_text || ' ' || t.status_hint, 'I', 'i')) ~ ANY(@patterns)
				OR t.id = ANY(ARRAY(SELECT i.account_id FROM identities AS i WHERE i.id = ANY(@identities)))
					AND lower(replace(t.status_text || ' ' || t.status_hint, 'I', 'i')) ~ ANY(@ids)`,
			Clear: `status_text = '', status_hint = ''`,
		},
	}
}

// Addresses in the records of customers. A record is the contact's own if it has no other person's address, and is no company's.
const (
	addressOfContact = `(address = ANY(@keys)
		OR address = ANY(ARRAY(SELECT i.account_id || '/' || i.key FROM identities AS i WHERE i.id = ANY(@identities))))`
	recordsOfContact = `SELECT record_id FROM customer_addresses GROUP BY record_id HAVING bool_and(` + addressOfContact + `)`
)

// customerPlaces returns the records of customers. Those that the contact shares with others stay, without the contact's address.
func customerPlaces() []place {
	const exported = `jsonb_build_object('name', t.name, 'salesman', t.salesman, 'brands', t.brands, 'assignees', t.assignees,
		'visible_to', t.visible_to, 'fields', t.fields)`
	return []place{
		{
			Name: "customer_notes", Table: "customer_notes", What: "notes on the customer's profile",
			About: `t.record_id = ANY(ARRAY(` + recordsOfContact + `)) OR t.record_id = ANY(ARRAY(
				SELECT record_id FROM customer_addresses WHERE ` + addressOfContact + `)) AND lower(replace(t.text, 'I', 'i')) ~ ANY(@patterns)`,
			Export: `jsonb_build_object('at', t.at, 'text', t.text)`,
		},
		{
			Name: "customer_undo", Table: "customer_undo", What: "what an import has replaced of the customer's record",
			About: addressOfContact,
		},
		{
			Name: "customer_records", Table: "customer_records", What: "the customer's record",
			About: `t.id = ANY(ARRAY(` + recordsOfContact + `))`, Export: exported,
		},
		{
			Name: "customer_addresses", Table: "customer_addresses", What: "the customer's addresses in records",
			About: addressOfContact, Export: `jsonb_build_object('address', t.address, 'called', t.name)`,
		},
	}
}
