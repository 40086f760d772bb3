package torture

import "time"

// A conversation that an agent has resolved is over until somebody reopens it, or the customer writes again. After a test
// run, these queries look in Parley's tables for violations of that rule.

// ignoredResolvesQuery finds commands to resolve a conversation that were neither executed nor refused. $1 are the ids of
// the commands' messages.
const ignoredResolvesQuery = `
	SELECT 'the command to resolve at ' || m.place || ' was neither done nor refused' AS text
	FROM messages AS m
	WHERE m.place = ANY($1::text[]) AND NOT EXISTS (
		SELECT FROM log_entries AS l
		WHERE l.event_id = m.event_id AND l.conversation_id = m.conversation_id AND l.what IN ('resolved', 'refused'))`

// notOverQuery finds conversations from which a reply was sent after they were resolved, and those that are neither resolved
// nor closed in the end although nobody reopened them. Log entries are ordered by commit, and within one transaction by
// id, since a transaction that changes a conversation locks it until it commits.
const notOverQuery = `
	WITH deeds AS (
		SELECT conversation_id, what,
			lag(what) OVER turns AS before,
			lead(what) OVER turns IS NULL AS is_last
		FROM log_entries
		WHERE what IN ('resolved', 'reopened', 'replied')
		WINDOW turns AS (
			PARTITION BY conversation_id
			ORDER BY CASE WHEN current_setting('track_commit_timestamp') = 'on' THEN pg_xact_commit_timestamp(xmin) ELSE at END, id)
	)
	SELECT format('a reply left conversation #%s, which was resolved', conversation_id) AS text
	FROM deeds
	WHERE what = 'replied' AND before = 'resolved'
	UNION ALL
	SELECT format('conversation #%s was resolved, and is %s', c.id, c.status)
	FROM deeds
	JOIN conversations AS c ON c.id = deeds.conversation_id
	WHERE is_last AND what = 'resolved' AND c.status NOT IN ('resolved', 'closed')`

// forgottenQuery finds resolved conversations whose customer wrote again, which should have reopened them. Both timestamps
// come from Parley's transactions, which may be suspended for up to $1 seconds; a smaller difference proves nothing.
const forgottenQuery = `
	SELECT format('the customer of conversation #%s wrote again, and it is still resolved', c.id) AS text
	FROM conversations AS c
	WHERE c.kind = 'customer' AND c.status = 'resolved' AND EXISTS (
		SELECT FROM messages AS m
		WHERE m.conversation_id = c.id AND m.direction = 'in' AND m.automatic = ''
			AND m.created_at > c.resolved_at + make_interval(secs => $1))
	ORDER BY c.id`

// overlapMargin is added to the longest suspension of a process to bound the overlap of two transactions.
const overlapMargin = 5 * time.Second
