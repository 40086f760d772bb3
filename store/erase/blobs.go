package erase

import (
	"context"
	"fmt"
	"maps"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// An erasure deletes everything about a contact, who is a customer, including the files of the contact's messages. But
// the same file may also belong to another customer's message: files are stored as blobs, which are named by the SHA-256
// of their bytes and stored once. So an erasure first collects the contact's files in the table erased_blobs, then
// deletes the messages, and at last deletes those of the files that nothing else refers to.

// blobOfFile is the blob of a file f in the JSON of a message's files (store.FileRef). It is NULL if the file isn't stored as
// a blob. Other parts of the JSON, such as the file's name, may look like the name of a blob.
const blobOfFile = `f.file ->> 'blob'`

// filesOfMessages collects the files of messages.
const filesOfMessages = `
	INSERT INTO erased_blobs (erasure_id, hash)
	SELECT DISTINCT @erasure::uuid, b.hash
	FROM messages AS t
	CROSS JOIN LATERAL jsonb_array_elements(t.files) AS f(file)
	JOIN blobs AS b ON b.hash = ` + blobOfFile + `
	WHERE (t.conversation_id = ANY(@conversations) OR t.id = ANY(@messages)) AND t.files <> '[]'
	ON CONFLICT DO NOTHING`

// uploadedSince selects and locks the files of the contact's messages that an agent uploaded again after the newest of the
// contact's messages with the file.
const uploadedSince = `
	SELECT u.blob
	FROM (
		SELECT ` + blobOfFile + ` AS hash, max(t.created_at) AS newest
		FROM messages AS t
		CROSS JOIN LATERAL jsonb_array_elements(t.files) AS f(file)
		WHERE (t.conversation_id = ANY(@conversations) OR t.id = ANY(@messages)) AND t.files <> '[]'
		GROUP BY 1
	) AS sent
	JOIN uploads AS u ON u.blob = sent.hash AND u.used AND NOT u.picture AND u.created_at > sent.newest
	ORDER BY u.blob
	FOR UPDATE OF u`

// keepUploads marks files as pictures. Those are kept while a signature shows them, and for at least a month. Files of
// other customers' messages need no mark, because those messages protect them.
const keepUploads = `
	UPDATE uploads SET picture = true
	WHERE blob = ANY(@uploads) AND blob <> ALL(ARRAY(
		SELECT ` + blobOfFile + `
		FROM messages AS t
		CROSS JOIN LATERAL jsonb_array_elements(t.files) AS f(file)
		WHERE t.conversation_id <> ALL(@conversations) AND t.id <> ALL(@messages) AND t.files <> '[]'
			AND ` + blobOfFile + ` = ANY(@uploads)))`

// keepUploadedAgain protects files that an agent has uploaded again, for somebody else, and not sent yet. It locks the files
// in a statement of its own, so that the next statement sees messages that were given such a file while it waited.
func keepUploadedAgain(ctx context.Context, tx pgx.Tx, args pgx.NamedArgs) error {
	uploads, err := query.Column[string](ctx, tx, "erase", uploadedSince, args)
	if err != nil || len(uploads) == 0 {
		return err
	}

	withUploads := maps.Clone(args)
	withUploads["uploads"] = uploads
	return query.Exec(ctx, tx, "erase", keepUploads, withUploads)
}

// freeBlobs deletes the collected files that nothing else needs. It keeps:
//   - files that an event, a pending download (fetches) or another message refers to, and pictures of signatures;
//   - files that an agent uploaded and has not sent yet, for as long as retention keeps such files;
//   - files whose bytes were stored again after the erasure was requested: the row that will refer to the file may not be
//     written yet. If none is ever written, retention removes the file (retention.DropBlobs).
//
// For each deleted file that may have a copy in the object store, it inserts a row "removing:HASH", so that retention
// removes the object, too.
const freeBlobs = `
	WITH page AS MATERIALIZED (
		SELECT hash FROM erased_blobs WHERE erasure_id = $1 ORDER BY hash LIMIT $2 FOR UPDATE
	), needed AS MATERIALIZED (
		SELECT ` + blobOfFile + ` AS hash
		FROM messages AS m
		CROSS JOIN LATERAL jsonb_array_elements(m.files) AS f(file)
		WHERE m.files <> '[]' AND ` + blobOfFile + ` = ANY(ARRAY(SELECT hash FROM page))
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
	), objects AS (
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

// dropFiles runs freeBlobs for one batch of files. It returns how many were deleted, and whether there are more to examine.
func dropFiles(ctx context.Context, tx pgx.Tx, erasure string, withObjects bool) (gone int64, more bool, err error) {
	var examined int64
	if err := tx.QueryRow(ctx, freeBlobs, erasure, batchRows, withObjects).Scan(&gone, &examined); err != nil {
		return 0, false, fmt.Errorf("store: erase files: %w", err)
	}
	return gone, examined == batchRows, nil
}

// countFiles counts the files that the contact's messages, events and pending downloads refer to.
const countFiles = `
	SELECT count(DISTINCT hash) FROM (
		SELECT b.hash
		FROM messages AS t
		CROSS JOIN LATERAL jsonb_array_elements(t.files) AS f(file)
		JOIN blobs AS b ON b.hash = ` + blobOfFile + `
		WHERE (t.conversation_id = ANY(@conversations) OR t.id = ANY(@messages)) AND t.files <> '[]'
		UNION
		SELECT e.blob FROM events AS e WHERE e.id = ANY(@events) AND e.blob IS NOT NULL
		UNION
		SELECT f.blob FROM fetches AS f
		WHERE (f.conversation_id = ANY(@conversations) OR f.message_id = ANY(@messages)) AND f.blob IS NOT NULL) AS x`
