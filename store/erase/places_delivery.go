package erase

// An erasure empties a list of places, that is, rows of one table that may hold data about the contact, a customer. This file
// has the places of deliveries: replies to customers, and posts in the chat threads in which colleagues answer.
//
// Deliveries are queued in lanes. A lane belongs to one conversation and one destination, and its deliveries leave one after
// the other. Lanes of shared conversations (those of other customers in which the contact took part) hold data of others,
// too. Direct messages to colleagues are in lanes whose conversation is 0.

const (
	inSharedLane = `t.lane_id = ANY(ARRAY(SELECT l.id FROM lanes AS l WHERE l.conversation_id = ANY(@shared)))`
	inDirectLane = `t.lane_id = ANY(ARRAY(SELECT l.id FROM lanes AS l WHERE l.conversation_id = 0))`
	inOwnLane    = `t.lane_id = ANY(ARRAY(
		SELECT l.id FROM lanes AS l WHERE l.conversation_id = ANY(@conversations) AND NOT (` + isRestarted + `)))`
	// isDone is true for a delivery that has left its lane: it was sent or given up, or waits for a person's decision.
	isDone = `EXISTS (SELECT FROM lanes AS l WHERE l.id = t.lane_id AND l.head >= t.seq)`
	// namesEarly is true for a text that waits, and isn't in a conversation yet, if it has a word that stands for the contact.
	namesEarly = `t.conversation_id = 0 AND EXISTS (
		SELECT FROM lower(replace(concat_ws(' ', t.early #>> '{action,Text}', t.early #>> '{action,Raw}'), 'I', 'i')) AS words
		WHERE ` + hasWord + `)`
	// isRestarted is true for a lane of the contact that got a delivery after the erasure had stopped it. The delivery may be
	// in flight, and only its result says where the post is. The next run stops the lane again.
	isRestarted = `@awaits_posts AND (due_at IS NOT NULL OR leased_until IS NOT NULL)`
)

// deliveryPlaces returns the places of this file.
func deliveryPlaces() []place {
	return []place{
		{
			Name: "deliveries", Table: "deliveries",
			What:  "posts in threads and messages on their way",
			About: inOwnLane + ` OR t.message_id = ANY(@messages) AND ` + isDone,
		},
		{
			Name: "told", Table: "deliveries",
			What:  "lists and lines that colleagues were told directly",
			About: inDirectLane + ` AND ` + directNotice + ` AND ` + isDone,
		},
		{
			Name: "told_there", Table: "deliveries",
			What:  "lines about the contact in other customers' conversations, and what one person was told there",
			About: inSharedLane + ` AND ` + sharedNotice + ` AND ` + isDone,
		},
		{
			Name: "failed_there", Table: "deliveries",
			What:  "why replies to other customers did not arrive, where that names the contact",
			About: inSharedLane + ` AND ` + sharedFailure + ` AND ` + isDone,
			Clear: clearReason, // the row stays, because it is needed while a colleague decides about the reply
		},
		{
			Name: "copied_there", Table: "deliveries",
			What:  "the contact among those to whom collected mails of others went",
			About: sharedCopyList,
			Clear: `payload = jsonb_set(payload, '{line,Copied}', (SELECT coalesce(jsonb_agg(p), '[]')
				FROM jsonb_array_elements(payload #> '{line,Copied}') AS p WHERE NOT lower(replace(p::text, 'I', 'i')) ~ ANY(@patterns)))`,
		},
		{
			Name: "lanes", Table: "lanes",
			What:  "queues of deliveries",
			About: ofConversation + ` AND NOT (` + isRestarted + `)`,
		},
		{
			Name: "posts", Table: "posts",
			What: "texts that wait for their thread or for who gets them, and what was told of the conversation",
			About: `(t.early IS NOT NULL OR t.kind = 'told') AND (` + ofConversation + `
				OR lower(replace(t.early::text, 'I', 'i')) ~ ANY(@patterns) OR ` + namesEarly + `)`,
			Filled: `t.kind IN ('early', 'told') OR t.early IS NOT NULL`,
		},
		{
			Name: "fetches", Table: "fetches",
			What:  "files that a provider kept",
			About: ofMessage,
			Files: "blob",
		},
		{
			Name: "reactions", Table: "reactions",
			What:   "reactions to messages",
			About:  `t.identity_id = ANY(@identities)`,
			Export: `jsonb_build_object('emoji', t.emoji, 'to', t.target)`,
		},
		{
			Name: "external_ids", Table: "external_ids",
			What:  "names that providers gave to messages",
			About: ofMessage,
		},
	}
}

// sharedNotice is true for Parley's own notices in shared conversations that are about the contact:
//   - notices about recipients that name the contact, and notices to one colleague only (ephemeral) that do;
//   - analyses, translations and other generated texts, if the contact wrote in the conversation.
//
// Notices that quote a colleague or another customer stay, even if they name the contact.
const sharedNotice = `(t.kind IN ('ephemeral', 'line') AND (
	(lower(replace(t.payload::text, 'I', 'i')) ~ ANY(@patterns) OR lower(replace(t.payload::text, 'I', 'i')) ~ ANY(@ids))
		AND (t.kind = 'ephemeral'
			OR t.payload #>> '{line,Kind}' IN ('recipients', 'participant', 'done', 'delayed', 'identity', 'same_person'))
	OR t.payload #>> '{line,Kind}' = 'bounce_other' AND lower(replace(t.payload #>> '{line,Recipient}', 'I', 'i')) ~ ANY(@patterns)
	OR t.payload #>> '{line,Kind}' IN ('analysis', 'written', 'why') AND EXISTS (
		SELECT FROM lanes AS made WHERE made.id = t.lane_id AND made.conversation_id = ANY(ARRAY(` + conversationsWrittenIn + `)))))`

// sharedFailure is true for notices in shared conversations that say why a reply failed, and name the contact in doing so,
// often in a mail server's words. The text of the reply doesn't count, because it is its author's.
const sharedFailure = `(t.kind = 'line' AND t.payload #>> '{line,Kind}' IN ('failed', 'retrying', 'unclear') AND EXISTS (
	SELECT FROM lower(replace(concat_ws(' ', t.payload #>> '{line,Reason}', t.payload #>> '{line,Hint}',
		t.payload #>> '{line,Recipient}', t.payload #>> '{line,Missed}'), 'I', 'i')) AS why
	WHERE why ~ ANY(@patterns) OR why ~ ANY(@ids)))`

// clearReason removes the reason from such a notice. Recipient and Missed are replaced by "Somebody", because the notice must
// still say that somebody other than the customer missed the reply.
const clearReason = `payload = jsonb_set(payload, '{line}', (payload -> 'line') || jsonb_strip_nulls(jsonb_build_object(
		'Recipient', CASE WHEN payload #> '{line,Recipient}' IS NOT NULL THEN 'Somebody' END,
		'Missed', CASE WHEN payload #> '{line,Missed}' IS NOT NULL THEN 'Somebody' END))) #- '{line,Reason}' #- '{line,Hint}'`

// sharedCopyList is true for notices about collected mails (of too active senders) that also went to the contact. They
// are in the threads of a day, of which an account has one per day, so this reads few rows.
const sharedCopyList = `t.kind = 'line' AND t.payload #>> '{line,Kind}' = 'collected'
	AND t.lane_id = ANY(ARRAY(
		SELECT l.id FROM lanes AS l JOIN conversations AS c ON c.id = l.conversation_id WHERE c.kind = 'automatic'))
	AND EXISTS (SELECT FROM jsonb_array_elements(t.payload #> '{line,Copied}') AS p
		WHERE lower(replace(p::text, 'I', 'i')) ~ ANY(@patterns))`

// directNotice is true for direct messages to colleagues that are about the contact, in one of three ways:
//   - They contain an address or phone number of the contact, or list one of the contact's conversations.
//   - They list conversations, and repeat a colleague's words that name the contact: what the colleague typed in a channel
//     (Text), or searched for (note).
//   - They list no conversations, and people's words in them name the contact. In some kinds of messages, Text doesn't count,
//     because it is the name of a list, a team or an account.
const (
	directNotice = `CASE WHEN lower(replace(t.payload::text, 'I', 'i')) LIKE ANY(@told)
		THEN lower(replace(t.payload::text, 'I', 'i')) ~ ANY(@patterns)
		OR ` + showsConversations + `
			AND jsonb_path_exists(t.payload, '$.** ? (exists(@.Subject) && @.ID == $ids[*] || @.conversation == $ids[*])',
				jsonb_build_object('ids', to_jsonb(@conversations::bigint[])))
		OR EXISTS (
			SELECT FROM (VALUES (CASE WHEN t.payload #>> '{line,Kind}' IN ('list', 'evening', 'week', 'account', 'quarantine', 'board')
				THEN t.payload #- '{line,Text}' ELSE t.payload END)) AS p(told)
			CROSS JOIN LATERAL jsonb_path_query(CASE WHEN ` + showsConversations + `
					THEN jsonb_build_object('text', told #> '{line,Text}', 'note', told #> '{line,Args,note}') ELSE told END,
				'$.** ? (@.type() == "object" && !exists(@.IsAdmin)).keyvalue()
					? (@.key like_regex "^(name|subject|text|note|reason)$" flag "i" && @.value.type() == "string").value') AS said
			CROSS JOIN LATERAL lower(replace(said #>> '{}', 'I', 'i')) AS words
			WHERE ` + hasWord + `)
	ELSE false END`
	showsConversations = `jsonb_path_exists(t.payload, '$.** ? (exists(@.Subject) && @.ID > 0 || @.conversation > 0)')`
)
