package erase

import (
	"strings"

	"parley/store"
)

// corePlaces are who the contact is, and what was said.
func corePlaces() []place {
	return []place{
		rememberedPlace(),
		messagePlace(),
		{
			Name: "log_entries", Table: "log_entries",
			What:   "texts in the log",
			About:  inLog,
			Filled: `t.detail ?| '{text,reason,note}'`,
			Clear:  `detail = detail - '{text,reason,note}'::text[]`,
			Export: `jsonb_build_object('conversation', t.conversation_id, 'at', t.at, 'by', t.actor, 'what', t.what, 'detail', t.detail)`,
		},
		{
			Name: "analysed_there", Table: "log_entries",
			What:   "why something in other customers' conversations in which the contact wrote counted as urgent",
			About:  `t.what = '` + string(store.DeedAnalysed) + `' AND ` + whereWrote,
			Filled: `t.detail ? 'reason'`,
			Clear:  `detail = detail - 'reason'`,
		},
		{
			Name: "threads", Table: "threads",
			What:   "cards of threads",
			About:  ofConversation,
			Filled: `t.card <> ''`,
			Clear:  `card = ''`,
		},
		copiedPlace(),
		meantPlace(isMeant), // what copiedPlace has left: others may have been in copy before
		conversationPlace(),
		{
			Name: "conversation_words", Table: "conversation_words",
			What:  "words by which conversations are found",
			About: ofConversation,
		},
		identityPlace(),
		{
			Name: "contacts", Table: "contacts",
			What:   "the contact's name",
			About:  `t.id = ANY(@contacts)`,
			Filled: `t.name <> '` + store.ErasedName + `'`,
			Clear:  `name = '` + store.ErasedName + `'`,
			Export: `jsonb_build_object('contact', t.id, 'name', t.name, 'since', t.created_at)`,
		},
	}
}

// messagePlace is what was said in the contact's conversations, and by the contact elsewhere.
func messagePlace() place {
	return place{
		Name: "messages", Table: "messages",
		What:  "messages, notes and names of files",
		About: `t.conversation_id = ANY(@conversations) OR t.id = ANY(@messages)`,
		Filled: `t.reason NOT IN ('', 'erased', 'elsewhere', 'machine') OR t.subject <> '' OR t.text <> '' OR t.quoted <> ''
			OR t.notices <> '{}' OR t.files <> '[]' OR t.has_html OR t.external_id <> '' OR t.reply_to <> ''
			OR t.rich IS NOT NULL OR t.template IS NOT NULL OR t.revision IS NOT NULL
			OR t.identity_id IS NOT NULL AND t.author_user <> ''`,
		// Who gave an answer elsewhere, a person or a machine, stays for the figures.
		Clear: `reason = CASE WHEN reason IN ('elsewhere', 'machine') THEN reason ELSE 'erased' END,
			subject = '', text = '', quoted = '', notices = '{}', files = '[]', has_html = false, external_id = '',
			reply_to = '', rich = NULL, template = NULL, revision = NULL,
			author_user = CASE WHEN identity_id IS NULL THEN author_user ELSE '' END`,
		Export: `jsonb_strip_nulls(jsonb_build_object(
			'conversation', t.conversation_id, 'message', t.id, 'direction', t.direction, 'fate', t.fate, 'at', t.said_at,
			'subject', nullif(t.subject, ''), 'text', t.text, 'quoted', nullif(t.quoted, ''), 'rich', t.rich,
			'template', t.template, 'revision', t.revision - 'event',
			'files', CASE WHEN t.files <> '[]' THEN (SELECT jsonb_agg(f - 'surface') FROM jsonb_array_elements(t.files) AS f) END))`,
	}
}

// conversationPlace is what the contact's conversations say themselves.
func conversationPlace() place {
	return place{
		Name: "conversations", Table: "conversations",
		What:  "conversations: subjects, recipients and what was found out",
		About: `t.id = ANY(@conversations)`,
		Filled: `t.close_reason <> 'erased' OR t.subject <> '' OR t.participants <> '[]' OR t.via <> '' OR t.refs <> '{}'
			OR t.last_external_id <> '' OR t.last_preview <> '' OR t.traits <> '{}'`,
		Clear: `close_reason = 'erased', subject = '', participants = '[]', via = '', refs = '{}',
			last_external_id = '', last_preview = '', traits = '{}'`,
		Export: `jsonb_build_object(
			'conversation', t.id, 'status', t.status, 'subject', t.subject, 'recipients', t.participants, 'tags', t.tags,
			'found_out', t.traits, 'created_at', t.created_at, 'ended_at', t.resolved_at)`,
	}
}

// identityPlace is the contact's addresses and numbers.
func identityPlace() place {
	return place{
		Name: "identities", Table: "identities",
		What:  "addresses and numbers",
		About: `t.id = ANY(@identities)`,
		Filled: `t.key NOT LIKE 'erased:%' OR t.name <> '' OR t.bad_reason <> '' OR t.opted_out <> '' OR t.blocked OR t.silenced
			OR t.consent_at IS NOT NULL OR t.marketing_at IS NOT NULL`,
		Clear: `key = 'erased:' || id, name = '', bad_reason = '', opted_out = '', consent_at = NULL, marketing_at = NULL,
			blocked = false, silenced = false`,
		Export: `jsonb_build_object(
			'account', (SELECT a.name FROM accounts AS a WHERE a.id = t.account_id), 'address', t.key, 'name', t.name,
			'opted_out', t.opted_out, 'blocked', t.blocked)`,
	}
}

// inLog is true for lines of the log, in other customers' conversations for those that name the contact.
const inLog = ofConversation + ` OR t.conversation_id = ANY(@shared)
	AND (lower(t.detail::text) ~ ANY(@patterns) OR lower(t.detail::text) ~ ANY(@ids))`

// rememberedPlace is what other customers' conversations remember of the contact's messages.
func rememberedPlace() place {
	// saidLast is true if the contact wrote what a conversation remembers as a customer's last words (noteSaidLast in
	// bridge/engine/inbound). That is the newest message that may be a person's or, where all are machines', the first one.
	// The order is that of the events, and within one event that of the messages' ids, which have no order in time.
	const saidLast = `(SELECT coalesce(bool_or(said.identity_id = ANY(@identities)), false) FROM (
		SELECT m.identity_id FROM messages AS m
		WHERE m.conversation_id = {conversation}.id AND m.direction = 'in'
		ORDER BY CASE WHEN m.automatic = '' OR m.automatic = ANY(@persons) THEN m.event_id END DESC NULLS LAST,
			CASE WHEN m.automatic = '' OR m.automatic = ANY(@persons) THEN m.id END DESC NULLS LAST, m.event_id, m.id
		LIMIT 1) AS said)`
	saidLastIn := func(conversation string) string { return strings.ReplaceAll(saidLast, "{conversation}", conversation) }

	// externalIDs are the providers' ids of the contact's messages: by such ids a conversation knows mails that belong to it.
	const externalIDs = `ARRAY(SELECT m.external_id FROM messages AS m WHERE m.id = ANY(@messages) AND m.external_id <> '')`

	return place{
		Name: "remembered", Table: "conversations",
		What:  "what other customers' conversations, and threads of several customers, remember of the contact's messages",
		About: `t.id = ANY(@shared)`,
		Filled: `t.last_preview <> '' AND (t.kind = 'automatic' OR t.last_from = 'customer' AND ` + saidLastIn("t") + `)
			OR t.last_external_id = ANY(` + externalIDs + `) OR t.refs && ` + externalIDs,
		Clear: `last_preview = CASE WHEN kind = 'automatic' OR last_from = 'customer' AND ` + saidLastIn("conversations") + `
				THEN '' ELSE last_preview END,
			last_external_id = CASE WHEN last_external_id = ANY(` + externalIDs + `) THEN '' ELSE last_external_id END,
			refs = ARRAY(SELECT r FROM unnest(conversations.refs) AS r WHERE r <> ALL(` + externalIDs + `))`,
	}
}

// copiedPlace is the contact in copy. A reply that waits there and is still meant for the contact would fail, so both are
// erased together. Where replies went to the contact alone, with its customer in copy, they go to the customer.
func copiedPlace() place {
	meantThere := meantPlace(inSharedLane + ` AND ` + isMeant)
	return place{
		Name: "copied", Table: "conversations",
		What:  "the contact among those in copy of other customers' conversations",
		About: isCopied,
		Clear: `participants = (
			SELECT coalesce(jsonb_agg(CASE
				WHEN p ->> 'role' = 'cc'
					AND p ->> 'key' = (SELECT i.key FROM identities AS i WHERE i.id = conversations.identity_id)
					AND NOT EXISTS (
						SELECT FROM jsonb_array_elements(conversations.participants) AS q
						WHERE q ->> 'role' = 'to' AND q ->> 'key' <> ALL(@keys))
				THEN p || '{"role": "to"}' ELSE p END), '[]')
			FROM jsonb_array_elements(conversations.participants) AS p WHERE p ->> 'key' <> ALL(@keys))`,
		Together: &meantThere,
	}
}

// isMeant is true for replies to other customers that remember that the contact was to get them (meant, copied), got them
// before they were sent again (before), or did not get them (error_text), perhaps (reported). A conversation whose own
// customer has the same address keeps it, as isCopied says.
const isMeant = `t.kind = 'reply' AND (t.payload -> 'meant' ?| @keys::text[] OR t.payload -> 'copied' ?| @keys::text[]
		OR t.payload -> 'before' ?| @keys::text[] OR t.payload -> 'reported' ?| @keys::text[]
		OR t.error_text <> '' AND lower(t.error_text) ~ ANY(@patterns))
	AND EXISTS (
		SELECT FROM lanes AS l
		JOIN conversations AS c ON c.id = l.conversation_id AND c.id <> ALL(@conversations)
		WHERE l.id = t.lane_id AND NOT EXISTS (SELECT FROM identities AS i WHERE i.id = c.identity_id AND i.key = ANY(@keys)))`

// meantPlace is whom replies were meant for. One that was meant for the contact alone is for those who were to get copies,
// and otherwise for nobody.
func meantPlace(about string) place {
	return place{
		Name: "meant", Table: "deliveries",
		What:  "the contact among those for whom replies to other customers were meant",
		About: about,
		Clear: `payload = payload || jsonb_strip_nulls(jsonb_build_object(
				'meant', CASE WHEN (payload -> 'meant') - @keys::text[] = '[]' AND payload -> 'meant' <> '[]'
						THEN coalesce(nullif((payload -> 'copied') - @keys::text[], '[]'), '["erased"]')
					ELSE (payload -> 'meant') - @keys::text[] END,
				'copied', (payload -> 'copied') - @keys::text[],
				'before', (payload -> 'before') - @keys::text[],
				'reported', (payload -> 'reported') - @keys::text[])),
			error_text = CASE WHEN lower(error_text) ~ ANY(@patterns) THEN '' ELSE error_text END`,
	}
}
