package records

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// overQuery finds conversations that an agent resolved and that went on all the same: a reply left afterwards, or in
// the end the conversation is neither resolved nor closed. It orders the entries of a conversation's log by their
// commits, and within one transaction by their ids. Whoever changes a conversation locks it until the commit, so that
// order is right.
const overQuery = `
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

// unresolvedQuery finds commands to resolve a conversation that were neither done nor refused. $1 are their places.
const unresolvedQuery = `
	SELECT 'the command to resolve at ' || m.place || ' was neither done nor refused' AS text
	FROM messages AS m
	WHERE m.place = ANY($1::text[]) AND NOT EXISTS (
		SELECT FROM log_entries AS l
		WHERE l.event_id = m.event_id AND l.conversation_id = m.conversation_id AND l.what IN ('resolved', 'refused'))`

// readOver reads what became of conversations that people resolved. resolves are the commands that resolve one, by
// their places.
func (a *Audit) readOver(ctx context.Context, c *pgx.Conn, resolves []string) error {
	var err error
	if a.NotOver, err = Rows(ctx, c, pgx.RowTo[string], overQuery); err != nil {
		return err
	}
	ignored, err := Rows(ctx, c, pgx.RowTo[string], unresolvedQuery, resolves)
	a.Unrecorded = append(a.Unrecorded, ignored...)
	return err
}
