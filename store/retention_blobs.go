package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/internal/query"
)

// Blobs are stored files, identified by the SHA-256 of their content: the attachments of messages, uploaded files, and
// large payloads. DropBlobs is a garbage collector for them. It walks through the table in batches, in the order of
// hashes, and removes each blob that is old enough and that no event, fetch or upload refers to.

// heldUpload is the SQL condition that the blob b is an uploaded file that is still needed: a message contains it, a
// signature shows it, or it was uploaded (or last shown) in the last 30 days. A mail in transit may need it for that long.
const heldUpload = `EXISTS (
	SELECT 1
	FROM uploads AS u
	WHERE u.blob = b.hash
		AND (u.used AND NOT u.picture OR u.created_at > (SELECT clock_timestamp()) - interval '30 days' OR u.picture AND (
			EXISTS (
				SELECT 1 FROM accounts AS a
				WHERE a.rich_signature->'pictures' @> jsonb_build_array(jsonb_build_object('blob', u.blob)))
			OR EXISTS (
				SELECT 1 FROM agents AS a
				WHERE a.rich_signature->'pictures' @> jsonb_build_array(jsonb_build_object('blob', u.blob))))))`

// nextBlobs returns the next blobs in the order of their hashes, and whether each is dead, that is unreferenced and old
// enough. It stops once the dead ones add up to $4 bytes. A new table that refers to blobs must be added here and in dropBlobs.
const nextBlobs = `
	WITH page AS MATERIALIZED (
		SELECT b.hash, b.size_bytes,
			b.created_at < (SELECT clock_timestamp()) - make_interval(secs => $2) AND NOT starts_with(b.hash, 'removing:')
				AND NOT EXISTS (SELECT 1 FROM events AS e WHERE e.blob = b.hash)
				AND NOT EXISTS (SELECT 1 FROM fetches AS f WHERE f.blob = b.hash)
				AND NOT ` + heldUpload + ` AS dead
		FROM (SELECT * FROM blobs WHERE hash > $1 ORDER BY hash LIMIT $3) AS b
	), sized AS (
		SELECT hash, dead, sum(CASE WHEN dead THEN size_bytes ELSE 0 END) OVER up_to_here - CASE WHEN dead THEN size_bytes ELSE 0 END AS before
		FROM page
		WINDOW up_to_here AS (ORDER BY hash)
	)
	SELECT hash, dead FROM sized WHERE before < $4 ORDER BY hash`

// dropBlobs removes dead blobs. It checks the age again, since the same content may have been stored again after
// nextBlobs looked, which renews created_at. A blob may also have a copy in an object store: always if its bytes are not
// in the database, possibly if $3 is true. Then a row removing:HASH replaces it (noted), from which RemoveObject later
// deletes the object.
const dropBlobs = `
	WITH gone AS (
		DELETE FROM blobs AS b
		WHERE b.hash = ANY($1) AND b.created_at < (SELECT clock_timestamp()) - make_interval(secs => $2)
			AND NOT EXISTS (SELECT 1 FROM events AS e WHERE e.blob = b.hash)
			AND NOT EXISTS (SELECT 1 FROM fetches AS f WHERE f.blob = b.hash)
			AND NOT ` + heldUpload + `
		RETURNING b.hash, b.size_bytes
	), noted AS (
		INSERT INTO blobs (hash, size_bytes)
		SELECT 'removing:' || gone.hash, 0
		FROM gone
		WHERE gone.size_bytes > 0 AND position(':' IN gone.hash) = 0
			AND ($3 OR NOT EXISTS (SELECT 1 FROM blob_chunks AS c WHERE c.hash = gone.hash))
		ON CONFLICT DO NOTHING
	), chunks AS (
		DELETE FROM blob_chunks USING gone WHERE blob_chunks.hash = gone.hash
	), uploaded AS (
		DELETE FROM uploads USING gone WHERE uploads.blob = gone.hash
	)
	SELECT count(*) FROM gone`

const blobsUpTo = `UPDATE retention SET blobs_upto = $1 WHERE id = 1`

// DropBlobs examines one batch of blobs and removes the unreferenced ones that are older than keep (by the database's
// clock). Younger blobs may belong to an event that is being stored. More is false when all blobs have been examined;
// the next call then starts from the first one. withObjects reports whether there is an object store: if so, removed
// blobs are recorded for RemoveObject.
func DropBlobs(ctx context.Context, pool *pgxpool.Pool, keep time.Duration, withObjects bool) (Emptied, error) {
	type row struct {
		Hash string `db:"hash"`
		Dead bool   `db:"dead"`
	}

	return runBatch(ctx, pool, "drop blobs", func(tx pgx.Tx, p progress) (Emptied, error) {
		page, err := query.Collect[row](ctx, tx, "blobs", nextBlobs, p.Blobs, keep.Seconds(), batchRows, batchBytes)
		if err != nil {
			return Emptied{}, err
		}

		done := Emptied{Looked: len(page)}
		last := "" // stays empty after the last page, so that the next call starts with the first blob
		var dead []string
		for _, blob := range page {
			last = blob.Hash
			if blob.Dead {
				dead = append(dead, blob.Hash)
			}
		}

		if len(dead) > 0 {
			if err := tx.QueryRow(ctx, dropBlobs, dead, keep.Seconds(), withObjects).Scan(&done.Blobs); err != nil {
				return done, err
			}
		}

		done.More = len(page) > 0
		_, err = tx.Exec(ctx, blobsUpTo, last)
		return done, err
	})
}
