package erase

// machinePlaces are about what machines make of what is written: in the contact's conversations, and what waits to be made.
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
		// An example is made in the transaction that removes its row here: once these rows are gone, no example comes any more.
		{
			Name: "solved_due", Table: "solved_due",
			What:  "examples that are to be made",
			About: ofConversation,
			Turn:  madeByWork,
		},
		{
			Name: "solved", Table: "solved",
			What:  "examples of what was answered",
			About: ofConversation,
			Turn:  madeByWork,
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

// machinePlacesElsewhere are the same of other customers' conversations: what machines made of one has the words of all who wrote
// in it, so of the contact's, too. Replies are suggested anew when somebody writes there again.
func machinePlacesElsewhere() []place {
	return []place{
		{
			Name: "exchanges_there", Table: "ai_exchanges",
			What:  "what a model was asked about other customers' conversations in which the contact wrote",
			About: whereWrote,
			Turn:  madeByWork,
		},
		{
			Name: "suggested_there", Table: "suggested_replies",
			What:  "replies that were suggested there",
			About: whereWrote,
		},
		{
			Name: "solved_due_there", Table: "solved_due",
			What:  "examples that are to be made of them",
			About: whereWrote,
			Turn:  madeByWork,
		},
		{
			Name: "solved_there", Table: "solved",
			What:  "examples of what was answered there",
			About: whereWrote,
			Turn:  madeByWork,
		},
		{
			Name: "bursts_there", Table: "bursts",
			What:  "messages there that wait to be analysed",
			About: whereWrote,
			Turn:  workInProgress,
		},
		{
			Name: "requests_there", Table: "text_requests",
			What:  "summaries and translations that were asked for there",
			About: whereWrote,
			Turn:  workInProgress,
		},
	}
}

// waitingPlaces are about what Parley waits for, or remembers for a while.
func waitingPlaces() []place {
	return []place{
		{Name: "timers", Table: "timers", What: "reminders", About: ofConversation},
		{Name: "overdue", Table: "overdue", What: "reminders that came late", About: ofConversation},
		{Name: "replying", Table: "replying", What: "open forms of replies", About: ofConversation},
		{Name: "openings", Table: "openings", What: "who opened conversations lately", About: `t.origin = ANY(@keys)`},
		{
			Name: "accounts", Table: "accounts",
			What: "an account's trouble that names the contact",
			About: `lower(t.status_text || ' ' || t.status_hint) ~ ANY(@patterns)
				OR t.id = ANY(ARRAY(SELECT i.account_id FROM identities AS i WHERE i.id = ANY(@identities)))
					AND lower(t.status_text || ' ' || t.status_hint) ~ ANY(@ids)`,
			Clear: `status_text = '', status_hint = ''`,
		},
	}
}
