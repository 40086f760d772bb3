package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Objects keeps the bytes of blobs outside of the database. Each object is named by the SHA-256 of
// its bytes in hex, which is the name of its blob. The methods may block until ctx ends; none is
// called in a transaction.
//
// A blob is always written to the database first, where it commits with everything else, and moved
// later (MoveBlob). So no message waits for an object store, and one that is away is noticed only by
// who wants to read an old file.
type Objects interface {
	// Put stores size bytes. The same again changes nothing.
	Put(ctx context.Context, hash string, size int64, content io.Reader) error
	// Open reads an object from a byte on. Errors: ErrNoObject.
	Open(ctx context.Context, hash string, from int64) (io.ReadCloser, error)
	// Remove removes an object. That there is none is no error.
	Remove(ctx context.Context, hash string) error
}

// ErrNoObject means that the bytes of a blob should be in the object store and are not.
var ErrNoObject = errors.New("store: the object store does not have it")

// Blobs whose bytes can be moved. What waits to be applied, or is kept for replay, stays: so applying
// never needs the object store.
const blobsToMove = `
	SELECT b.hash
	FROM blobs AS b
	WHERE b.hash > $1 AND position(':' IN b.hash) = 0
		AND EXISTS (SELECT 1 FROM blob_chunks AS c WHERE c.hash = b.hash)
		AND b.created_at < (SELECT clock_timestamp()) - make_interval(secs => $2)
		AND NOT EXISTS (SELECT 1 FROM events AS e JOIN queues AS w ON w.key = e.order_key AND w.first_event <= e.id WHERE e.blob = b.hash)
		AND NOT EXISTS (SELECT 1 FROM events AS e JOIN quarantine AS w ON w.event_id = e.id WHERE e.blob = b.hash)
	ORDER BY b.hash
	LIMIT $3`

// BlobsToMove lists, in the order of their hashes, blobs after a hash whose bytes are in the database
// and that were stored longer than keep ago.
func BlobsToMove(ctx context.Context, q Querier, after string, keep time.Duration) ([]string, error) {
	return hashes(ctx, q, "blobs to move", blobsToMove, after, keep.Seconds(), retainRows)
}

// Whoever stores the same bytes again changes this row first, and waits for us.
const (
	lockBlob   = `SELECT size_bytes FROM blobs WHERE hash = $1 FOR UPDATE`
	keepObject = `DELETE FROM blobs WHERE hash = 'removing:' || $1`
)

// MoveBlob copies the bytes of a blob into an object store, and only then removes them from the
// database. A process that ends in between leaves both, and the next call does it again. Only the
// process that runs retention calls it: it must not overlap with RemoveObject.
// Errors: ObjectsError when the object store failed; the database's.
func MoveBlob(ctx context.Context, pool *pgxpool.Pool, objects Objects, hash string) error {
	content, err := openBlob(ctx, pool, objects, hash)
	if err != nil {
		return err
	}
	source := &noticingReader{Reader: content}
	err = objects.Put(ctx, hash, content.size, source)
	_ = content.Close()
	switch {
	case source.err != nil:
		return source.err
	case err != nil:
		return ObjectsError{fmt.Errorf("store: move blob %s: %w", hash, err)}
	}
	err = InTx(ctx, pool, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, lockBlob, hash).Scan(new(int64)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, keepObject, hash); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, dropChunks, hash)
		return err
	})
	if err != nil {
		return fmt.Errorf("store: move blob: %w", err)
	}
	return nil
}

// ObjectsError says that an object store failed.
type ObjectsError struct{ error }

// Unwrap gives the cause.
func (e ObjectsError) Unwrap() error { return e.error }

// noticingReader remembers why reading failed.
type noticingReader struct {
	io.Reader

	err error
}

// Read implements io.Reader.
func (r *noticingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // as io.Reader says
		r.err = err
	}
	return n, err
}

// A blob that was removed leaves a row named removing:HASH until its object is gone, too.
const objectsToRemove = `
	SELECT substr(hash, length('removing:') + 1)
	FROM blobs
	WHERE starts_with(hash, 'removing:')
	LIMIT $1`

// ObjectsToRemove lists objects whose blobs were removed.
func ObjectsToRemove(ctx context.Context, q Querier) ([]string, error) {
	return hashes(ctx, q, "objects to remove", objectsToRemove, retainRows)
}

const blobExists = `SELECT EXISTS (SELECT 1 FROM blobs WHERE hash = $1)`

// RemoveObject removes the object of a blob that was removed. If the same bytes have been stored
// again since, it stays: MoveBlob will store it anew, or has.
// Errors: ObjectsError; the database's.
func RemoveObject(ctx context.Context, pool *pgxpool.Pool, objects Objects, hash string) error {
	var again bool
	if err := pool.QueryRow(ctx, blobExists, hash).Scan(&again); err != nil {
		return fmt.Errorf("store: remove object: %w", err)
	}
	if !again {
		if err := objects.Remove(ctx, hash); err != nil {
			return ObjectsError{fmt.Errorf("store: remove object %s: %w", hash, err)}
		}
	}
	if _, err := pool.Exec(ctx, keepObject, hash); err != nil {
		return fmt.Errorf("store: remove object: %w", err)
	}
	return nil
}

// One blob whose bytes are not in the database, the youngest: it shows whether they are elsewhere.
const movedBlob = `
	SELECT b.hash
	FROM blobs AS b
	WHERE b.size_bytes > 0 AND position(':' IN b.hash) = 0
		AND NOT EXISTS (SELECT 1 FROM blob_chunks AS c WHERE c.hash = b.hash)
	ORDER BY b.created_at DESC
	LIMIT 1`

// MovedBlob gives the name of a blob that was moved to an object store; "" when none was.
func MovedBlob(ctx context.Context, q Querier) (string, error) {
	list, err := hashes(ctx, q, "moved blob", movedBlob)
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0], nil
}

// hashes reads names of blobs.
func hashes(ctx context.Context, q Querier, what, sql string, args ...any) ([]string, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	return list, nil
}
