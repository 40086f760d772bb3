package erase

import (
	"strings"

	"parley/store"
)

// An erasure empties a list of places, that is, rows of one table that may hold data about the contact, a customer. This file
// has the most important ones: messages, conversations and addresses.
//
// Some of them are in shared conversations: those of other customers in which the contact took part, in copy, for example.
// There only the contact's own data is erased. The others' data stays.

// corePlaces returns the places of this file.
func corePlaces() []place {
	return []place{
		rememberedPlace(),
		messagePlace(),
		{
			Name: "log_entries", Table: "log_entries",
			What:   "texts in the log",
			About:  "(" + logOfContact + ") AND NOT (t.what = '" + string(store.DeedDeleted) + "' AND cardinality(@contacts::bigint[]) = 0)",
			Filled: `t.detail ?| '{text,reason,note}'`,
			Clear:  `detail = detail - '{text,reason,note}'::text[]`,
			Export: `jsonb_build_object('conversation', t.conversation_id, 'at', t.at, 'by', t.actor, 'what', t.what, 'detail', t.detail)`,
		},
		{
			Name: "analysed_there", Table: "log_entries",
			What:   "why something in other customers' conversations in which the contact wrote counted as urgent",
			About:  `t.what = '` + string(store.DeedAnalysed) + `' AND ` + whereContactWrote,
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
		meantPlace(isMeant), // rows that copiedPlace doesn't find: the contact may have been in copy earlier
		conversationPlace(),
		{
			Name: "conversation_words", Table: "conversation_words",
			What:  "words by which conversations are found",
			About: ofConversation,
		},
		{
			Name: "message_words", Table: "message_words",
			What:  "words by which messages are found",
			About: `t.conversation_id = ANY(@conversations) OR t.message_id = ANY(@messages)`,
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

// messagePlace is the messages of the contact's conversations, and the contact's messages in shared ones.
func messagePlace() place {
	return place{
		Name: "messages", Table: "messages",
		What:  "messages, notes and names of files",
		About: `t.conversation_id = ANY(@conversations) OR t.id = ANY(@messages)`,
		Filled: `t.reason NOT IN ('', 'erased', 'elsewhere', 'machine') OR t.subject <> '' OR t.text <> '' OR t.quoted <> ''
			OR t.notices <> '{}' OR t.files <> '[]' OR t.has_html OR t.external_id <> '' OR t.reply_to <> ''
			OR t.rich IS NOT NULL OR t.template IS NOT NULL OR t.revision IS NOT NULL
			OR t.identity_id IS NOT NULL AND t.author_user <> ''`,
		// The reasons 'elsewhere' and 'machine' stay, because statistics need them.
		Clear: `reason = CASE WHEN reason IN ('elsewhere', 'machine') THEN reason ELSE 'erased' END,
			subject = '', text = '', quoted = '', notices = '{}', files = '[]', has_html = false, external_id = '',
			reply_to = '', rich = NULL, template = NULL, revision = NULL,
			author_user = CASE WHEN identity_id IS NULL THEN author_user ELSE '' END`,
		Export: `jsonb_strip_nulls(jsonb_build_object(
			'conversation', t.conversation_id, 'message', t.id, 'direction', t.direction, 'fate', t.fate, 'at', t.said_at
		) || CASE WHEN ` + isByOther + ` THEN '{}' ELSE jsonb_build_object(
			'subject', nullif(t.subject, ''), 'text', t.text, 'quoted', nullif(t.quoted, ''), 'rich', t.rich,
			'template', t.template, 'revision', t.revision - 'event',
			'files', CASE WHEN t.files <> '[]' THEN (SELECT jsonb_agg(f - 'surface') FROM jsonb_array_elements(t.files) AS f) END) END)`,
	}
}

// isByOther is true for messages that another customer wrote, somebody in copy, for example. Of those in the contact's
// conversations an export says only that they are there.
const isByOther = `(t.identity_id IS NOT NULL AND t.identity_id <> ALL(@identities))`

// conversationPlace is the rows of the contact's conversations.
func conversationPlace() place {
	return place{
		Name: "conversations", Table: "conversations",
		What:  "conversations: subjects, recipients and what was found out",
		About: `t.id = ANY(@conversations)`,
		Filled: `t.close_reason NOT IN ('erased', 'deleted') OR t.subject <> '' OR t.participants <> '[]' OR t.via <> '' OR t.refs <> '{}'
			OR t.last_external_id <> '' OR t.last_preview <> '' OR t.traits <> '{}'`,
		Clear: `close_reason = CASE WHEN cardinality(@contacts::bigint[]) = 0 THEN 'deleted' ELSE 'erased' END, subject = '',
			participants = '[]', via = '', refs = '{}',
			last_external_id = '', last_preview = '', traits = '{}'`,
		Export: `jsonb_build_object(
			'conversation', t.id, 'status', t.status, 'subject', t.subject, 'recipients', t.participants, 'tags', t.tags,
			'found_out', t.traits, 'created_at', t.created_at, 'ended_at', t.resolved_at)`,
	}
}

// identityPlace is the contact's addresses and phone numbers.
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

// logOfContact is true for log entries of the contact's conversations, and for those in shared ones that name the contact.
const logOfContact = ofConversation + ` OR t.conversation_id = ANY(@shared)
	AND (lower(replace(t.detail::text, 'I', 'i')) ~ ANY(@patterns) OR lower(replace(t.detail::text, 'I', 'i')) ~ ANY(@ids))`

// rememberedPlace is the parts of shared conversations' rows that are copied from the contact's messages: the preview of the
// latest message, and message ids.
func rememberedPlace() place {
	// saidLast is true if the contact wrote the message of the preview (bridge/engine/inbound chooses it). That
	// is the newest message that a person may have written or, if there is none, the first one. Messages are ordered by their
	// events, and within an event by id. Ids alone don't follow the order in time.
	const saidLast = `(SELECT coalesce(bool_or(said.identity_id = ANY(@identities)), false) FROM (
		SELECT m.identity_id FROM messages AS m
		WHERE m.conversation_id = {conversation}.id AND m.direction = 'in'
		ORDER BY CASE WHEN m.automatic = '' OR m.automatic = ANY(@persons) THEN m.event_id END DESC NULLS LAST,
			CASE WHEN m.automatic = '' OR m.automatic = ANY(@persons) THEN m.id END DESC NULLS LAST, m.event_id, m.id
		LIMIT 1) AS said)`
	saidLastIn := func(conversation string) string { return strings.ReplaceAll(saidLast, "{conversation}", conversation) }

	// externalIDs are the providers' ids of the contact's messages, by which a conversation recognizes mails that belong to it.
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

// copiedPlace is the contact in the recipient lists of shared conversations. A waiting reply that is still addressed to the
// contact would fail, so waiting replies are erased together with it (meantPlace). If the contact was the only recipient,
// with the conversation's own customer in copy, that customer becomes the recipient.
func copiedPlace() place {
	waitingReplies := meantPlace(inSharedLane + ` AND ` + isMeant)
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
		Together: &waitingReplies,
	}
}

// isMeant is true for replies to other customers whose payload or error names the contact: as a recipient (meant, copied), as
// somebody who got an earlier attempt (before), or as somebody whom it did not reach (error_text, reported). If the
// conversation's own customer has the same address, the address stays: see isCopied.
const isMeant = `t.kind = 'reply' AND (t.payload -> 'meant' ?| @keys::text[] OR t.payload -> 'copied' ?| @keys::text[]
		OR t.payload -> 'before' ?| @keys::text[] OR t.payload -> 'reported' ?| @keys::text[]
		OR t.error_text <> '' AND lower(replace(t.error_text, 'I', 'i')) ~ ANY(@patterns))
	AND EXISTS (
		SELECT FROM lanes AS l
		JOIN conversations AS c ON c.id = l.conversation_id AND c.id <> ALL(@conversations)
		WHERE l.id = t.lane_id AND NOT EXISTS (SELECT FROM identities AS i WHERE i.id = c.identity_id AND i.key = ANY(@keys)))`

// meantPlace is the recipients of replies to other customers. A reply that was meant for the contact alone is addressed to
// those in copy, and if there are none, to nobody ("erased").
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
			error_text = CASE WHEN lower(replace(error_text, 'I', 'i')) ~ ANY(@patterns) THEN '' ELSE error_text END`,
	}
}
