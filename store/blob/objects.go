package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/internal/query"
)

// Objects is an object store, such as an S3 bucket, that holds the bytes of older blobs outside the database. An object
// has the same name as its blob: the SHA-256 of its bytes in hex. The methods may block until ctx ends; none is called
// within a transaction.
//
// A blob is always written to the database first and moved later (Move). Messages therefore never wait for the object
// store: during an outage only old files are unreadable.
type Objects interface {
	// Put stores an object of size bytes. It is idempotent.
	Put(ctx context.Context, hash string, size int64, content io.Reader) error
	// Open reads an object, starting at byte offset from. Errors: ErrNoObject.
	Open(ctx context.Context, hash string, from int64) (io.ReadCloser, error)
	// Remove removes an object. It is no error if there is none.
	Remove(ctx context.Context, hash string) error
}

// ErrNoObject means that the object store doesn't have the bytes of a blob that was moved there.
var ErrNoObject = errors.New("store: the object store does not have it")

// pageSize is how many blobs one call of ListUnmoved or ObjectsToRemove returns at most.
const pageSize = 1000

// blobsToMove selects blobs that can be moved. A ':' in the name marks rows that are not finished blobs. Blobs of events
// (incoming messages) that are not processed yet, or that failed and are in quarantine, stay in the database, so that
// processing an event never needs the object store.
const blobsToMove = `
	SELECT b.hash
	FROM blobs AS b
	WHERE b.hash > $1 AND position(':' IN b.hash) = 0
		AND EXISTS (SELECT 1 FROM blob_chunks AS c WHERE c.hash = b.hash)
		AND b.created_at < (SELECT clock_timestamp()) - make_interval(secs => $2)
		AND NOT EXISTS (SELECT 1 FROM events AS e WHERE e.blob = b.hash AND ` + query.InQueue + `)
		AND NOT EXISTS (SELECT 1 FROM events AS e JOIN quarantine AS w ON w.event_id = e.id WHERE e.blob = b.hash)
	ORDER BY b.hash
	LIMIT $3`

// ListUnmoved returns the next page of blobs that can be moved to an object store, ordered by hash: those with a hash
// greater than after that are older than minAge. Pass "" as after for the first page.
func ListUnmoved(ctx context.Context, q store.Querier, after string, minAge time.Duration) ([]string, error) {
	return readHashes(ctx, q, "blobs to move", blobsToMove, after, minAge.Seconds(), pageSize)
}

// When a blob is deleted, a row named "removing:HASH" remains until its object is removed, too.
const (
	// lockBlob blocks processes that store the same bytes again, since they update this row first.
	lockBlob      = `SELECT size_bytes FROM blobs WHERE hash = $1 FOR UPDATE`
	unmarkRemoval = `DELETE FROM blobs WHERE hash = 'removing:' || $1`
)

// Move copies the bytes of a blob into the object store and then removes them from the database. If the process dies in
// between, both copies remain, and the next call repeats the move. Only the process that runs retention may call it,
// because it must not overlap with RemoveObject.
// Errors: ObjectsError if the object store failed; database errors.
func Move(ctx context.Context, pool *pgxpool.Pool, objects Objects, hash string) error {
	content, err := openBlob(ctx, pool, objects, hash)
	if err != nil {
		return err
	}

	source := &errorKeepingReader{Reader: content}
	err = objects.Put(ctx, hash, content.size, source)
	_ = content.Close()

	switch {
	case source.err != nil:
		return source.err
	case err != nil:
		return ObjectsError{fmt.Errorf("store: move blob %s: %w", hash, err)}
	}

	err = store.InTx(ctx, pool, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, lockBlob, hash).Scan(new(int64)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, unmarkRemoval, hash); err != nil {
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

// ObjectsError is an error of the object store, as opposed to one of the database.
type ObjectsError struct{ error }

func (e ObjectsError) Unwrap() error { return e.error }

// errorKeepingReader records the error of a failed read. Objects.Put reads from the database and writes to the object
// store; with the recorded error, Move can tell which of the two failed.
type errorKeepingReader struct {
	io.Reader

	err error
}

func (r *errorKeepingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // io.Reader returns it unwrapped
		r.err = err
	}
	return n, err
}

const objectsToRemove = `
	SELECT substr(hash, length('removing:') + 1)
	FROM blobs
	WHERE starts_with(hash, 'removing:')
	LIMIT $1`

// ObjectsToRemove returns the hashes of deleted blobs whose objects have to be removed, one page of them.
func ObjectsToRemove(ctx context.Context, q store.Querier) ([]string, error) {
	return readHashes(ctx, q, "objects to remove", objectsToRemove, pageSize)
}

const blobExists = `SELECT EXISTS (SELECT 1 FROM blobs WHERE hash = $1)`

// RemoveObject removes the object of a deleted blob. It leaves the object if a blob with the same bytes has been stored
// since then, because Move would put it there again.
// Errors: ObjectsError if the object store failed; database errors.
func RemoveObject(ctx context.Context, pool *pgxpool.Pool, objects Objects, hash string) error {
	var storedAgain bool
	if err := pool.QueryRow(ctx, blobExists, hash).Scan(&storedAgain); err != nil {
		return fmt.Errorf("store: remove object: %w", err)
	}
	if !storedAgain {
		if err := objects.Remove(ctx, hash); err != nil {
			return ObjectsError{fmt.Errorf("store: remove object %s: %w", hash, err)}
		}
	}
	return query.Exec(ctx, pool, "remove object", unmarkRemoval, hash)
}

// movedBlob selects the newest blob without chunks in the database. Its bytes must be in the object store.
const movedBlob = `
	SELECT b.hash
	FROM blobs AS b
	WHERE b.size_bytes > 0 AND position(':' IN b.hash) = 0
		AND NOT EXISTS (SELECT 1 FROM blob_chunks AS c WHERE c.hash = b.hash)
	ORDER BY b.created_at DESC
	LIMIT 1`

// HashOfMoved returns the hash of a blob that was moved to an object store, or "" if none was. A caller can look it up to
// check that the configured object store is the right one.
func HashOfMoved(ctx context.Context, q store.Querier) (string, error) {
	list, err := readHashes(ctx, q, "moved blob", movedBlob)
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0], nil
}

// readHashes runs a query that returns one column of hashes.
func readHashes(ctx context.Context, q store.Querier, what, sql string, args ...any) ([]string, error) {
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
