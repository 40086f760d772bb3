package erase

import (
	"fmt"

	"parley/store"
)

// An erasure goes through a list of places where something about the contact (a customer) may be, and empties each.
// An export for the contact reads the same list.

// place is where something about a contact may be: rows of one table. The conditions are SQL, with t for the row.
type place struct {
	Name  string // unique; the table's name if it is the only place in the table
	Table string
	What  string // what is found there, for people
	// Ties is true for the rows that have to do with the contact. Its arguments are the fields of scope.
	Ties string
	// Holds is true for those of these rows that hold something. It is empty if all do.
	Holds string
	// Empty clears the columns that hold something, so that the row stays. It is empty if the row is removed.
	Empty string
	// Works is true for work on what was written, whose results go into the journal. It is erased before the journal.
	Works bool
	// Made is true for what such work, and the making of examples, keeps of the words that it has read. Work that began while
	// places were erased has read words that were still there: it is erased once more when they are gone, and then what it made.
	Made bool
	// Files is a column with the name of a blob, which is removed if nobody else needs it.
	Files string
	// Along is erased in the same transaction, as far as it is there; a place with its name stands in the list, too. It may be nil.
	Along *place
	// Export says what a copy for the contact shows of a row. It is empty if the place only serves Parley's work
	// and says no more than other places.
	Export string
}

// Ties that several places share.
const (
	ofConversation = `t.conversation_id = ANY(@conversations)`
	ofMessage      = ofConversation + ` OR t.message_id = ANY(@messages)`
	// whereWrote is true in other customers' conversations in which the contact wrote, in copy.
	whereWrote = `t.conversation_id = ANY(@shared) AND t.conversation_id = ANY(ARRAY(` + writtenIn + `))`
	// inLog is true for lines of the log, in other customers' conversations for those that name the contact.
	inLog = ofConversation + ` OR t.conversation_id = ANY(@shared)
		AND (lower(t.detail::text) ~ ANY(@patterns) OR lower(t.detail::text) ~ ANY(@ids))`
)

// wokenAgain is true for a lane of the contact into which something came after it was stopped. What it holds may be on its
// way to a chat, and only the result says where it stands. The erasure stops it again.
const wokenAgain = `@awaits_posts AND (due_at IS NOT NULL OR leased_until IS NOT NULL)`

// toldThere is true for what Parley said in other customers' conversations that names the contact: about who gets replies there, and
// to one person only. Where the contact wrote, it is also true for what machines made of what was written, such as translations,
// summaries and notes. Lines that repeat what a colleague or another customer wrote stay, even if they name the contact.
const (
	toldThere = `(t.kind IN ('ephemeral', 'line') AND (
		(lower(t.payload::text) ~ ANY(@patterns) OR lower(t.payload::text) ~ ANY(@ids))
			AND (t.kind = 'ephemeral' OR t.payload #>> '{line,Kind}' IN ('recipients', 'participant', 'done', 'delayed', 'identity', 'same_person'))
		OR t.payload #>> '{line,Kind}' = 'bounce_other' AND lower(t.payload #>> '{line,Recipient}') ~ ANY(@patterns)
		OR t.payload #>> '{line,Kind}' IN ('analysis', 'written', 'why') AND EXISTS (
			SELECT FROM lanes AS made WHERE made.id = t.lane_id AND made.conversation_id = ANY(ARRAY(` + writtenIn + `)))))`
	writtenIn = `SELECT m.conversation_id FROM messages AS m WHERE m.id = ANY(@messages)`
)

// failedThere is true for lines that tell in other customers' conversations, in the words of a server or of ours that name the
// contact, why a reply did not arrive. What the reply said (Text) is its author's.
const failedThere = `(t.kind = 'line' AND t.payload #>> '{line,Kind}' IN ('failed', 'retrying', 'unclear') AND EXISTS (
	SELECT FROM lower(concat_ws(' ', t.payload #>> '{line,Reason}', t.payload #>> '{line,Hint}', t.payload #>> '{line,Recipient}',
		t.payload #>> '{line,Missed}')) AS why
	WHERE why ~ ANY(@patterns) OR why ~ ANY(@ids)))`

// withoutReason leaves of such a line that a reply did not arrive. Recipient and Missed stay, since the line still isn't about the
// customer, or not about the customer alone.
const withoutReason = `payload = jsonb_set(payload, '{line}', (payload -> 'line') || jsonb_strip_nulls(jsonb_build_object(
		'Recipient', CASE WHEN payload #> '{line,Recipient}' IS NOT NULL THEN 'Somebody' END,
		'Missed', CASE WHEN payload #> '{line,Missed}' IS NOT NULL THEN 'Somebody' END))) #- '{line,Reason}' #- '{line,Hint}'`

// copiedThere is true for lines about collected mails that also went to the contact. The threads of a day hold them, of which there
// are as many as days for each account.
const copiedThere = `t.kind = 'line' AND t.payload #>> '{line,Kind}' = 'collected'
	AND t.lane_id = ANY(ARRAY(SELECT l.id FROM lanes AS l JOIN conversations AS c ON c.id = l.conversation_id WHERE c.kind = 'automatic'))
	AND EXISTS (SELECT FROM jsonb_array_elements(t.payload #> '{line,Copied}') AS p WHERE lower(p::text) ~ ANY(@patterns))`

// toldDirectly is true for what colleagues were told directly about the contact:
//   - What names an address or number of the contact, or shows one of the contact's conversations.
//   - Where conversations are shown, a colleague's words above them that name the contact: what was typed in a channel and may be
//     meant for one of them (Text), or what was looked for (note).
//   - Where none is shown, any text of people that names the contact. In some kinds of lines, Text is the name of a list, a team or
//     an account.
const (
	toldDirectly = `CASE WHEN lower(t.payload::text) LIKE ANY(@told) THEN lower(t.payload::text) ~ ANY(@patterns)
		OR ` + showsConversations + ` AND jsonb_path_exists(t.payload, '$.** ? (exists(@.Subject) && @.ID == $ids[*] || @.conversation == $ids[*])',
			jsonb_build_object('ids', to_jsonb(@conversations::bigint[])))
		OR EXISTS (
			SELECT FROM (VALUES (CASE WHEN t.payload #>> '{line,Kind}' IN ('list', 'evening', 'week', 'account', 'quarantine')
				THEN t.payload #- '{line,Text}' ELSE t.payload END)) AS p(told)
			CROSS JOIN LATERAL jsonb_path_query(CASE WHEN ` + showsConversations + `
					THEN jsonb_build_object('text', told #> '{line,Text}', 'note', told #> '{line,Args,note}') ELSE told END,
				'$.** ? (@.type() == "object" && !exists(@.IsAdmin)).keyvalue()
					? (@.key like_regex "^(name|subject|text|note|reason)$" flag "i" && @.value.type() == "string").value') AS said
			CROSS JOIN LATERAL lower(said #>> '{}') AS words
			WHERE ` + hasWord + `)
	ELSE false END`
	showsConversations = `jsonb_path_exists(t.payload, '$.** ? (exists(@.Subject) && @.ID > 0 || @.conversation > 0)')`
)

// meantTies is true for replies to other customers that remember that the contact was to get them (meant, copied), got them before they
// were sent again (before), or did not get them (error_text), perhaps (reported). A conversation whose own customer has the same address keeps it, as
// copiedTies says.
const meantTies = `t.kind = 'reply' AND (t.payload -> 'meant' ?| @keys::text[] OR t.payload -> 'copied' ?| @keys::text[]
		OR t.payload -> 'before' ?| @keys::text[] OR t.payload -> 'reported' ?| @keys::text[]
		OR t.error_text <> '' AND lower(t.error_text) ~ ANY(@patterns))
	AND EXISTS (
		SELECT FROM lanes AS l
		JOIN conversations AS c ON c.id = l.conversation_id AND c.id <> ALL(@conversations)
		WHERE l.id = t.lane_id AND NOT EXISTS (SELECT FROM identities AS i WHERE i.id = c.identity_id AND i.key = ANY(@keys)))`

// copiedTies is true for other customers' conversations in which the contact is in copy. A conversation whose own
// customer has the same address, in another mailbox or since the erasure began, keeps it: replies go there. All conversations
// are read, as all messages are: the words by which conversations are found lack the end of very long lists.
const copiedTies = `t.participants @> ANY(ARRAY(SELECT jsonb_build_array(jsonb_build_object('key', k.key)) FROM unnest(@keys::text[]) AS k(key)))
	AND t.id <> ALL(@conversations)
	AND NOT EXISTS (SELECT FROM identities AS i WHERE i.id = t.identity_id AND i.key = ANY(@keys))`

// What other customers' conversations remember of the contact's messages.
const (
	// externalOfContact are the providers' ids of the contact's messages: by such ids a conversation knows mails that belong to it.
	externalOfContact = `ARRAY(SELECT m.external_id FROM messages AS m WHERE m.id = ANY(@messages) AND m.external_id <> '')`
	// saidLast is true if the contact wrote what a conversation remembers as a customer's last words (noteSaidLast in
	// bridge/engine/inbound). That is the newest message that may be a person's or, where all are machines', the first one. The order is
	// that of the events, and within one event that of the messages' ids, which have no order in time.
	saidLast = `(SELECT coalesce(bool_or(said.identity_id = ANY(@identities)), false) FROM (
		SELECT m.identity_id FROM messages AS m
		WHERE m.conversation_id = %[1]s.id AND m.direction = 'in'
		ORDER BY CASE WHEN m.automatic = '' OR m.automatic = ANY(@persons) THEN m.event_id END DESC NULLS LAST,
			CASE WHEN m.automatic = '' OR m.automatic = ANY(@persons) THEN m.id END DESC NULLS LAST, m.event_id, m.id LIMIT 1) AS said)`
)

// listPlaces returns all places in the order in which they are erased: a place by which others are found comes last. The
// journal is erased before them (journal.go), and before the journal the places with Works.
func listPlaces() []place { return append(append(deliveryPlaces(), workPlaces()...), corePlaces()...) }

// deliveryPlaces are about what is or was on its way.
func deliveryPlaces() []place {
	return []place{
		{Name: "deliveries", Table: "deliveries", What: "posts in threads and messages on their way",
			Ties: `t.lane_id = ANY(ARRAY(SELECT l.id FROM lanes AS l WHERE l.conversation_id = ANY(@conversations) AND NOT (` + wokenAgain + `)))
				OR t.message_id = ANY(@messages) AND EXISTS (SELECT FROM lanes AS l WHERE l.id = t.lane_id AND l.head >= t.seq)`},
		{Name: "told", Table: "deliveries", What: "lists and lines that colleagues were told directly",
			Ties: `t.lane_id = ANY(ARRAY(SELECT l.id FROM lanes AS l WHERE l.conversation_id = 0)) AND ` + toldDirectly + `
				AND EXISTS (SELECT FROM lanes AS l WHERE l.id = t.lane_id AND l.head >= t.seq)`},
		{Name: "told_there", Table: "deliveries", What: "lines about the contact in other customers' conversations, and what one person was told there",
			Ties: `t.lane_id = ANY(ARRAY(SELECT l.id FROM lanes AS l WHERE l.conversation_id = ANY(@shared))) AND ` + toldThere + `
				AND EXISTS (SELECT FROM lanes AS l WHERE l.id = t.lane_id AND l.head >= t.seq)`},
		// The row stays: while others decide about the reply, its lines are found by it.
		{Name: "failed_there", Table: "deliveries", What: "why replies to other customers did not arrive, where that names the contact",
			Ties: `t.lane_id = ANY(ARRAY(SELECT l.id FROM lanes AS l WHERE l.conversation_id = ANY(@shared))) AND ` + failedThere + `
				AND EXISTS (SELECT FROM lanes AS l WHERE l.id = t.lane_id AND l.head >= t.seq)`,
			Empty: withoutReason},
		{Name: "copied_there", Table: "deliveries", What: "the contact among those to whom collected mails of others went", Ties: copiedThere,
			Empty: `payload = jsonb_set(payload, '{line,Copied}', (SELECT coalesce(jsonb_agg(p), '[]')
				FROM jsonb_array_elements(payload #> '{line,Copied}') AS p WHERE NOT lower(p::text) ~ ANY(@patterns)))`},
		{Name: "lanes", Table: "lanes", What: "queues of deliveries", Ties: ofConversation + ` AND NOT (` + wokenAgain + `)`},
		{Name: "posts", Table: "posts", What: "texts that wait for their thread or for who gets them, and what was told of the conversation",
			Ties: `(t.early IS NOT NULL OR t.kind = 'told') AND (` + ofConversation + ` OR lower(t.early::text) ~ ANY(@patterns)
				OR t.conversation_id = 0 AND EXISTS (
					SELECT FROM lower(concat_ws(' ', t.early #>> '{action,Text}', t.early #>> '{action,Raw}')) AS words WHERE ` + hasWord + `))`,
			Holds: `t.kind IN ('early', 'told') OR t.early IS NOT NULL`},
		{Name: "fetches", Table: "fetches", What: "files that a provider kept", Ties: ofMessage, Files: "blob"},
		{Name: "reactions", Table: "reactions", What: "reactions to messages", Ties: `t.identity_id = ANY(@identities)`,
			Export: `jsonb_build_object('emoji', t.emoji, 'to', t.target)`},
		{Name: "external_ids", Table: "external_ids", What: "names that providers gave to messages", Ties: ofMessage},
	}
}

// workPlaces are about what Parley works out, waits for or looks for.
func workPlaces() []place {
	return []place{
		{Name: "ai_exchanges", Table: "ai_exchanges", What: "what a model was asked and answered", Ties: ofConversation, Made: true},
		{Name: "suggested_replies", Table: "suggested_replies", What: "replies that were suggested", Ties: ofConversation,
			Export: `jsonb_build_object('conversation', t.conversation_id, 'replies', t.replies)`},
		{Name: "suggestions", Table: "suggestions", What: "what else was suggested", Ties: ofConversation,
			Export: `jsonb_build_object('conversation', t.conversation_id, 'kind', t.kind, 'value', t.value, 'at', t.shown_at)`},
		// An example is made in the transaction that removes its row here: once these rows are gone, no example comes any more.
		{Name: "solved_due", Table: "solved_due", What: "examples that are to be made", Ties: ofConversation, Made: true},
		{Name: "solved", Table: "solved", What: "examples of what was answered", Ties: ofConversation, Made: true},
		{Name: "bursts", Table: "bursts", What: "messages that wait to be analysed", Ties: ofConversation, Works: true},
		{Name: "text_requests", Table: "text_requests", What: "summaries and translations that were asked for", Ties: ofConversation, Works: true},
		// What machines made of a conversation has the words of all who wrote in it. Replies are suggested anew when somebody writes there again.
		{Name: "exchanges_there", Table: "ai_exchanges", What: "what a model was asked about other customers' conversations in which the contact wrote", Ties: whereWrote, Made: true},
		{Name: "suggested_there", Table: "suggested_replies", What: "replies that were suggested there", Ties: whereWrote},
		{Name: "solved_due_there", Table: "solved_due", What: "examples that are to be made of them", Ties: whereWrote, Made: true},
		{Name: "solved_there", Table: "solved", What: "examples of what was answered there", Ties: whereWrote, Made: true},
		{Name: "bursts_there", Table: "bursts", What: "messages there that wait to be analysed", Ties: whereWrote, Works: true},
		{Name: "requests_there", Table: "text_requests", What: "summaries and translations that were asked for there", Ties: whereWrote, Works: true},
		{Name: "timers", Table: "timers", What: "reminders", Ties: ofConversation},
		{Name: "overdue", Table: "overdue", What: "reminders that came late", Ties: ofConversation},
		{Name: "replying", Table: "replying", What: "open forms of replies", Ties: ofConversation},
		{Name: "openings", Table: "openings", What: "who opened conversations lately", Ties: `t.origin = ANY(@keys)`},
		{Name: "accounts", Table: "accounts", What: "an account's trouble that names the contact",
			Ties: `lower(t.status_text || ' ' || t.status_hint) ~ ANY(@patterns)
				OR t.id = ANY(ARRAY(SELECT i.account_id FROM identities AS i WHERE i.id = ANY(@identities))) AND lower(t.status_text || ' ' || t.status_hint) ~ ANY(@ids)`,
			Empty: `status_text = '', status_hint = ''`},
	}
}

// corePlaces are who the contact is, and what was said.
func corePlaces() []place {
	meantThere := meantPlace(`t.lane_id = ANY(ARRAY(SELECT l.id FROM lanes AS l WHERE l.conversation_id = ANY(@shared))) AND ` + meantTies)
	return []place{
		{Name: "remembered", Table: "conversations", What: "what other customers' conversations, and threads of several customers, remember of the contact's messages",
			Ties: `t.id = ANY(@shared)`,
			Holds: `t.last_preview <> '' AND (t.kind = 'automatic' OR t.last_from = 'customer' AND ` + fmt.Sprintf(saidLast, "t") + `)
				OR t.last_external_id = ANY(` + externalOfContact + `) OR t.refs && ` + externalOfContact,
			Empty: `last_preview = CASE WHEN kind = 'automatic' OR last_from = 'customer' AND ` + fmt.Sprintf(saidLast, "conversations") + ` THEN '' ELSE last_preview END,
				last_external_id = CASE WHEN last_external_id = ANY(` + externalOfContact + `) THEN '' ELSE last_external_id END,
				refs = ARRAY(SELECT r FROM unnest(conversations.refs) AS r WHERE r <> ALL(` + externalOfContact + `))`},
		{Name: "messages", Table: "messages", What: "messages, notes and names of files", Ties: `t.conversation_id = ANY(@conversations) OR t.id = ANY(@messages)`,
			Holds: `t.reason NOT IN ('', 'erased', 'elsewhere', 'machine') OR t.subject <> '' OR t.text <> '' OR t.quoted <> '' OR t.notices <> '{}' OR t.files <> '[]'
				OR t.has_html OR t.external_id <> '' OR t.reply_to <> '' OR t.rich IS NOT NULL OR t.template IS NOT NULL OR t.revision IS NOT NULL
				OR t.identity_id IS NOT NULL AND t.author_user <> ''`,
			// Who gave an answer elsewhere, a person or a machine, stays for the figures.
			Empty: `reason = CASE WHEN reason IN ('elsewhere', 'machine') THEN reason ELSE 'erased' END,
				subject = '', text = '', quoted = '', notices = '{}', files = '[]', has_html = false, external_id = '',
				reply_to = '', rich = NULL, template = NULL, revision = NULL, author_user = CASE WHEN identity_id IS NULL THEN author_user ELSE '' END`,
			Export: `jsonb_strip_nulls(jsonb_build_object('conversation', t.conversation_id, 'message', t.id, 'direction', t.direction, 'fate', t.fate,
				'at', t.said_at, 'subject', nullif(t.subject, ''), 'text', t.text, 'quoted', nullif(t.quoted, ''), 'rich', t.rich, 'template', t.template, 'revision', t.revision - 'event',
				'files', CASE WHEN t.files <> '[]' THEN (SELECT jsonb_agg(f - 'surface') FROM jsonb_array_elements(t.files) AS f) END))`},
		{Name: "log_entries", Table: "log_entries", What: "texts in the log",
			Ties: inLog, Holds: `t.detail ?| '{text,reason,note}'`, Empty: `detail = detail - '{text,reason,note}'::text[]`,
			Export: `jsonb_build_object('conversation', t.conversation_id, 'at', t.at, 'by', t.actor, 'what', t.what, 'detail', t.detail)`},
		{Name: "analysed_there", Table: "log_entries", What: "why something in other customers' conversations in which the contact wrote counted as urgent",
			Ties: `t.what = '` + string(store.DeedAnalysed) + `' AND ` + whereWrote, Holds: `t.detail ? 'reason'`, Empty: `detail = detail - 'reason'`},
		{Name: "threads", Table: "threads", What: "cards of threads", Ties: ofConversation, Holds: `t.card <> ''`, Empty: `card = ''`},
		{Name: "copied", Table: "conversations", What: "the contact among those in copy of other customers' conversations",
			Ties: copiedTies, Along: &meantThere, // a reply that waits and is still meant for the contact would fail
			// Where replies went to the contact alone, with its customer in copy, they go to the customer.
			Empty: `participants = (SELECT coalesce(jsonb_agg(CASE WHEN p ->> 'role' = 'cc'
					AND p ->> 'key' = (SELECT i.key FROM identities AS i WHERE i.id = conversations.identity_id)
					AND NOT EXISTS (SELECT FROM jsonb_array_elements(conversations.participants) AS q WHERE q ->> 'role' = 'to' AND q ->> 'key' <> ALL(@keys))
				THEN p || '{"role": "to"}' ELSE p END), '[]') FROM jsonb_array_elements(conversations.participants) AS p WHERE p ->> 'key' <> ALL(@keys))`},
		meantPlace(meantTies), // what the place above has left: others may have been in copy before
		{Name: "conversations", Table: "conversations", What: "conversations: subjects, recipients and what was found out",
			Ties: `t.id = ANY(@conversations)`,
			Holds: `t.close_reason <> 'erased' OR t.subject <> '' OR t.participants <> '[]' OR t.via <> '' OR t.refs <> '{}' OR t.last_external_id <> ''
				OR t.last_preview <> '' OR t.traits <> '{}'`,
			Empty: `close_reason = 'erased', subject = '', participants = '[]', via = '', refs = '{}', last_external_id = '', last_preview = '', traits = '{}'`,
			Export: `jsonb_build_object('conversation', t.id, 'status', t.status, 'subject', t.subject, 'recipients', t.participants, 'tags', t.tags,
				'found_out', t.traits, 'created_at', t.created_at, 'ended_at', t.resolved_at)`},
		{Name: "conversation_words", Table: "conversation_words", What: "words by which conversations are found", Ties: ofConversation},
		{Name: "identities", Table: "identities", What: "addresses and numbers", Ties: `t.id = ANY(@identities)`,
			Holds: `t.key NOT LIKE 'erased:%' OR t.name <> '' OR t.bad_reason <> '' OR t.opted_out <> '' OR t.blocked OR t.silenced
				OR t.consent_at IS NOT NULL OR t.marketing_at IS NOT NULL`,
			Empty: `key = 'erased:' || id, name = '', bad_reason = '', opted_out = '', consent_at = NULL, marketing_at = NULL, blocked = false, silenced = false`,
			Export: `jsonb_build_object('account', (SELECT a.name FROM accounts AS a WHERE a.id = t.account_id), 'address', t.key, 'name', t.name,
				'opted_out', t.opted_out, 'blocked', t.blocked)`},
		{Name: "contacts", Table: "contacts", What: "the contact's name", Ties: `t.id = ANY(@contacts)`, Holds: `t.name <> '` + store.ErasedName + `'`,
			Empty: `name = '` + store.ErasedName + `'`, Export: `jsonb_build_object('contact', t.id, 'name', t.name, 'since', t.created_at)`},
	}
}

// meantPlace is whom replies were meant for. One that was meant for the contact alone is for those who were to get copies, and
// otherwise for nobody.
func meantPlace(ties string) place {
	return place{Name: "meant", Table: "deliveries", What: "the contact among those for whom replies to other customers were meant",
		Ties: ties,
		Empty: `payload = payload || jsonb_strip_nulls(jsonb_build_object(
				'meant', CASE WHEN (payload -> 'meant') - @keys::text[] = '[]' AND payload -> 'meant' <> '[]'
						THEN coalesce(nullif((payload -> 'copied') - @keys::text[], '[]'), '["erased"]')
					ELSE (payload -> 'meant') - @keys::text[] END,
				'copied', (payload -> 'copied') - @keys::text[],
				'before', (payload -> 'before') - @keys::text[],
				'reported', (payload -> 'reported') - @keys::text[])),
			error_text = CASE WHEN lower(error_text) ~ ANY(@patterns) THEN '' ELSE error_text END`}
}

// rowCondition returns the SQL condition that is true for the rows of a place that hold something of the contact.
func (p place) rowCondition() string {
	if p.Holds == "" {
		return "(" + p.Ties + ")"
	}
	return "(" + p.Ties + ") AND (" + p.Holds + ")"
}

// countStatement returns the statement that counts what a place holds.
func (p place) countStatement() string {
	return `SELECT count(*) FROM ` + p.Table + ` AS t WHERE ` + p.rowCondition()
}

// eraseStatement returns the statement that erases one batch of a place, and returns the number of its rows. A row that another
// transaction changes while the statement waits for it stays, since it has another ctid then: the next batch or run looks
// at it again.
func (p place) eraseStatement() string {
	page := `WITH page AS MATERIALIZED (SELECT t.ctid AS at FROM ` + p.Table + ` AS t WHERE ` + p.rowCondition() + ` LIMIT @limit FOR UPDATE OF t)`
	done := `DELETE FROM ` + p.Table + ` WHERE ctid = ANY(ARRAY(SELECT at FROM page)) RETURNING ` + p.filesColumn()
	if p.Empty != "" {
		done = `UPDATE ` + p.Table + ` SET ` + p.Empty + ` WHERE ctid = ANY(ARRAY(SELECT at FROM page)) RETURNING ` + p.filesColumn()
	}
	return page + `, done AS (` + done + `), files AS (
		INSERT INTO erased_blobs (erasure_id, hash)
		SELECT DISTINCT @erasure::uuid, blob FROM done WHERE blob IS NOT NULL
		ON CONFLICT DO NOTHING)
	SELECT count(*) FROM done`
}

// filesColumn selects the name of the row's file as blob.
func (p place) filesColumn() string {
	if p.Files == "" {
		return "NULL::text AS blob"
	}
	return p.Files + " AS blob"
}

// exportStatement returns the statement that reads a place for the contact.
func (p place) exportStatement() string {
	return `SELECT ` + p.Export + ` FROM ` + p.Table + ` AS t WHERE ` + p.Ties
}
