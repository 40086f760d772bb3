package erase

// The places of what is or was on its way: replies to customers, and posts in the threads in which colleagues answer.
//
// Deliveries stand in lanes, the queues of one conversation to one place. Other customers' conversations in which something
// of the contact is are shared ones. What colleagues were told directly, outside of any conversation, is in lanes whose
// conversation is 0.

const (
	inSharedLane = `t.lane_id = ANY(ARRAY(SELECT l.id FROM lanes AS l WHERE l.conversation_id = ANY(@shared)))`
	inDirectLane = `t.lane_id = ANY(ARRAY(SELECT l.id FROM lanes AS l WHERE l.conversation_id = 0))`
	inOwnLane    = `t.lane_id = ANY(ARRAY(
		SELECT l.id FROM lanes AS l WHERE l.conversation_id = ANY(@conversations) AND NOT (` + wokenAgain + `)))`
	// isDone is true for a delivery that is out of its lane: it has left, was given up, or waits for a person to decide.
	isDone = `EXISTS (SELECT FROM lanes AS l WHERE l.id = t.lane_id AND l.head >= t.seq)`
	// wokenAgain is true for a lane of the contact into which something came after it was stopped. What it holds may be on
	// its way to a chat, and only the result says where it stands. The erasure stops it again.
	wokenAgain = `@awaits_posts AND (due_at IS NOT NULL OR leased_until IS NOT NULL)`
)

// deliveryPlaces returns these places.
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
			About: inDirectLane + ` AND ` + toldDirectly + ` AND ` + isDone,
		},
		{
			Name: "told_there", Table: "deliveries",
			What:  "lines about the contact in other customers' conversations, and what one person was told there",
			About: inSharedLane + ` AND ` + toldThere + ` AND ` + isDone,
		},
		{
			Name: "failed_there", Table: "deliveries",
			What:  "why replies to other customers did not arrive, where that names the contact",
			About: inSharedLane + ` AND ` + failedThere + ` AND ` + isDone,
			Clear: withoutReason, // while others decide about the reply, its lines are found by the row
		},
		{
			Name: "copied_there", Table: "deliveries",
			What:  "the contact among those to whom collected mails of others went",
			About: copiedThere,
			Clear: `payload = jsonb_set(payload, '{line,Copied}', (SELECT coalesce(jsonb_agg(p), '[]')
				FROM jsonb_array_elements(payload #> '{line,Copied}') AS p WHERE NOT lower(p::text) ~ ANY(@patterns)))`,
		},
		{
			Name: "lanes", Table: "lanes",
			What:  "queues of deliveries",
			About: ofConversation + ` AND NOT (` + wokenAgain + `)`,
		},
		{
			Name: "posts", Table: "posts",
			What: "texts that wait for their thread or for who gets them, and what was told of the conversation",
			About: `(t.early IS NOT NULL OR t.kind = 'told') AND (` + ofConversation + ` OR lower(t.early::text) ~ ANY(@patterns)
				OR t.conversation_id = 0 AND EXISTS (
					SELECT FROM lower(concat_ws(' ', t.early #>> '{action,Text}', t.early #>> '{action,Raw}')) AS words
					WHERE ` + hasWord + `))`,
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

// toldThere is true for what Parley said in other customers' conversations that names the contact: about who gets replies
// there, and to one person only. Where the contact wrote, it is also true for what machines made of what was written, such as
// translations, summaries and notes. Lines that repeat what a colleague or another customer wrote stay, even if they name
// the contact.
const toldThere = `(t.kind IN ('ephemeral', 'line') AND (
	(lower(t.payload::text) ~ ANY(@patterns) OR lower(t.payload::text) ~ ANY(@ids))
		AND (t.kind = 'ephemeral'
			OR t.payload #>> '{line,Kind}' IN ('recipients', 'participant', 'done', 'delayed', 'identity', 'same_person'))
	OR t.payload #>> '{line,Kind}' = 'bounce_other' AND lower(t.payload #>> '{line,Recipient}') ~ ANY(@patterns)
	OR t.payload #>> '{line,Kind}' IN ('analysis', 'written', 'why') AND EXISTS (
		SELECT FROM lanes AS made WHERE made.id = t.lane_id AND made.conversation_id = ANY(ARRAY(` + writtenIn + `)))))`

// failedThere is true for lines that tell in other customers' conversations, in the words of a server or of ours that name
// the contact, why a reply did not arrive. What the reply said (Text) is its author's.
const failedThere = `(t.kind = 'line' AND t.payload #>> '{line,Kind}' IN ('failed', 'retrying', 'unclear') AND EXISTS (
	SELECT FROM lower(concat_ws(' ', t.payload #>> '{line,Reason}', t.payload #>> '{line,Hint}',
		t.payload #>> '{line,Recipient}', t.payload #>> '{line,Missed}')) AS why
	WHERE why ~ ANY(@patterns) OR why ~ ANY(@ids)))`

// withoutReason leaves of such a line that a reply did not arrive. Recipient and Missed stay, since the line still isn't
// about the customer, or not about the customer alone.
const withoutReason = `payload = jsonb_set(payload, '{line}', (payload -> 'line') || jsonb_strip_nulls(jsonb_build_object(
		'Recipient', CASE WHEN payload #> '{line,Recipient}' IS NOT NULL THEN 'Somebody' END,
		'Missed', CASE WHEN payload #> '{line,Missed}' IS NOT NULL THEN 'Somebody' END))) #- '{line,Reason}' #- '{line,Hint}'`

// copiedThere is true for lines about collected mails that also went to the contact. The threads of a day hold them, of
// which there are as many as days for each account.
const copiedThere = `t.kind = 'line' AND t.payload #>> '{line,Kind}' = 'collected'
	AND t.lane_id = ANY(ARRAY(
		SELECT l.id FROM lanes AS l JOIN conversations AS c ON c.id = l.conversation_id WHERE c.kind = 'automatic'))
	AND EXISTS (SELECT FROM jsonb_array_elements(t.payload #> '{line,Copied}') AS p WHERE lower(p::text) ~ ANY(@patterns))`

// toldDirectly is true for what colleagues were told directly about the contact:
//   - What names an address or number of the contact, or shows one of the contact's conversations.
//   - Where conversations are shown, a colleague's words above them that name the contact: what was typed in a channel and
//     may be meant for one of them (Text), or what was looked for (note).
//   - Where none is shown, any text of people that names the contact. In some kinds of lines, Text is the name of a list, a
//     team or an account.
const (
	toldDirectly = `CASE WHEN lower(t.payload::text) LIKE ANY(@told) THEN lower(t.payload::text) ~ ANY(@patterns)
		OR ` + showsConversations + `
			AND jsonb_path_exists(t.payload, '$.** ? (exists(@.Subject) && @.ID == $ids[*] || @.conversation == $ids[*])',
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
