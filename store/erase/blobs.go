package erase

import (
	"context"
	"fmt"
	"maps"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// Files are stored as blobs, each once, however many messages have the file. So an erasure first notes the files of
// the contact's messages, and removes in the end only those that nobody else needs.

// filesOfMessages notes the files that messages name: 64 hexadecimal digits are the name of a blob.
const filesOfMessages = `
	INSERT INTO erased_blobs (erasure_id, hash)
	SELECT DISTINCT @erasure::uuid, b.hash
	FROM messages AS t
	CROSS JOIN LATERAL regexp_matches(t.files::text, '[0-9a-f]{64}', 'g') AS named(parts)
	JOIN blobs AS b ON b.hash = named.parts[1]
	WHERE (t.conversation_id = ANY(@conversations) OR t.id = ANY(@messages)) AND t.files <> '[]'
	ON CONFLICT DO NOTHING`

// uploadedSince finds and locks those files of the contact's messages that an agent has uploaded again since the newest message with
// the file was written.
const uploadedSince = `
	SELECT u.blob
	FROM (
		SELECT named.parts[1] AS hash, max(t.created_at) AS newest
		FROM messages AS t
		CROSS JOIN LATERAL regexp_matches(t.files::text, '[0-9a-f]{64}', 'g') AS named(parts)
		WHERE (t.conversation_id = ANY(@conversations) OR t.id = ANY(@messages)) AND t.files <> '[]'
		GROUP BY named.parts[1]
	) AS sent
	JOIN uploads AS u ON u.blob = sent.hash AND u.used AND NOT u.picture AND u.created_at > sent.newest
	ORDER BY u.blob
	FOR UPDATE OF u`

// keepUploads marks files that were uploaded again, so that they are kept like pictures of signatures: while a
// signature shows them, and for a month at least. Files of other customers' messages need no mark, since they stay
// anyway.
const keepUploads = `
	UPDATE uploads SET picture = true
	WHERE blob = ANY(@uploads) AND blob <> ALL(ARRAY(
		SELECT named.parts[1]
		FROM messages AS t
		CROSS JOIN LATERAL regexp_matches(t.files::text, '[0-9a-f]{64}', 'g') AS named(parts)
		WHERE t.conversation_id <> ALL(@conversations) AND t.id <> ALL(@messages) AND t.files <> '[]' AND named.parts[1] = ANY(@uploads)))`

// keepUploadedAgain keeps files of the contact's messages that an agent has uploaded again for somebody else, and not sent yet. The
// files are locked by a statement of its own, so that the next one sees messages that have come to have one of them meanwhile.
func keepUploadedAgain(ctx context.Context, tx pgx.Tx, args pgx.NamedArgs) error {
	uploads, err := query.Column[string](ctx, tx, "erase", uploadedSince, args)
	if err != nil || len(uploads) == 0 {
		return err
	}

	further := maps.Clone(args)
	further["uploads"] = uploads
	return query.Exec(ctx, tx, "erase", keepUploads, further)
}

// freeBlobs removes those of the noted files that nobody else needs (gone). These stay (needed, and the conditions of gone):
//   - what an event, a fetch or another message names, and a picture of a signature;
//   - a file that an agent uploaded (again) and has not sent yet, for as long as retention keeps such files;
//   - a file whose bytes were stored again since the erasure was asked for. What will name the file may not be written yet. If nothing
//     comes to name it, retention removes it (retention.DropBlobs).
//
// noted leaves a row for the object of each file that may have one.
const freeBlobs = `
	WITH page AS MATERIALIZED (
		SELECT hash FROM erased_blobs WHERE erasure_id = $1 ORDER BY hash LIMIT $2 FOR UPDATE
	), needed AS MATERIALIZED (
		SELECT named.parts[1] AS hash
		FROM messages AS m
		CROSS JOIN LATERAL regexp_matches(m.files::text, '[0-9a-f]{64}', 'g') AS named(parts)
		WHERE m.files <> '[]' AND named.parts[1] = ANY(ARRAY(SELECT hash FROM page))
	), gone AS (
		DELETE FROM blobs AS b
		WHERE b.hash = ANY(ARRAY(SELECT hash FROM page))
			AND b.created_at < (SELECT asked_at FROM erasures WHERE id = $1)
			AND NOT EXISTS (SELECT FROM events AS e WHERE e.blob = b.hash)
			AND NOT EXISTS (SELECT FROM fetches AS f WHERE f.blob = b.hash)
			AND NOT EXISTS (SELECT FROM uploads AS u WHERE u.blob = b.hash AND (u.picture
				OR NOT u.used AND u.created_at > (SELECT clock_timestamp()) - interval '30 days'))
			AND NOT EXISTS (SELECT FROM needed AS n WHERE n.hash = b.hash)
		RETURNING b.hash, b.size_bytes
	), noted AS (
		INSERT INTO blobs (hash, size_bytes)
		SELECT 'removing:' || gone.hash, 0
		FROM gone
		WHERE gone.size_bytes > 0 AND ($3 OR NOT EXISTS (SELECT FROM blob_chunks AS c WHERE c.hash = gone.hash))
		ON CONFLICT DO NOTHING
	), chunks AS (
		DELETE FROM blob_chunks USING gone WHERE blob_chunks.hash = gone.hash
	), uploaded AS (
		DELETE FROM uploads USING gone WHERE uploads.blob = gone.hash
	), done AS (
		DELETE FROM erased_blobs WHERE erasure_id = $1 AND hash = ANY(ARRAY(SELECT hash FROM page)) RETURNING 1
	)
	SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM done)`

// dropFiles removes one batch of files that only the contact's messages needed.
func dropFiles(ctx context.Context, tx pgx.Tx, erasure string, withObjects bool) (gone int64, more bool, err error) {
	var examined int64
	if err := tx.QueryRow(ctx, freeBlobs, erasure, batchRows, withObjects).Scan(&gone, &examined); err != nil {
		return 0, false, fmt.Errorf("store: erase files: %w", err)
	}
	return gone, examined == batchRows, nil
}

const countFiles = `
	SELECT count(DISTINCT hash) FROM (
		SELECT b.hash
		FROM messages AS t
		CROSS JOIN LATERAL regexp_matches(t.files::text, '[0-9a-f]{64}', 'g') AS named(parts)
		JOIN blobs AS b ON b.hash = named.parts[1]
		WHERE (t.conversation_id = ANY(@conversations) OR t.id = ANY(@messages)) AND t.files <> '[]'
		UNION
		SELECT e.blob FROM events AS e WHERE e.id = ANY(@events) AND e.blob IS NOT NULL
		UNION
		SELECT f.blob FROM fetches AS f
		WHERE (f.conversation_id = ANY(@conversations) OR f.message_id = ANY(@messages)) AND f.blob IS NOT NULL) AS x`
