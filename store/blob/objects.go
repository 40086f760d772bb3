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

// Objects is an object store, such as a bucket of S3. It keeps the bytes of older blobs outside of the database.
// Each object is named by the SHA-256 of its bytes in hex, which is the name of its blob. The methods may block
// until ctx ends; none is called in a transaction.
//
// A blob is always written to the database first and moved later (Move). So no message waits for
// an object store. While it can't be reached, only old files can't be read.
type Objects interface {
	// Put stores an object of size bytes. To store it again changes nothing.
	Put(ctx context.Context, hash string, size int64, content io.Reader) error
	// Open reads an object, beginning with the byte at offset from. Errors: ErrNoObject.
	Open(ctx context.Context, hash string, from int64) (io.ReadCloser, error)
	// Remove removes an object. It is no error if there is none.
	Remove(ctx context.Context, hash string) error
}

// ErrNoObject means that the bytes of a blob should be in the object store and are not.
var ErrNoObject = errors.New("store: the object store does not have it")

// listedBlobs is how many blobs ListUnmoved and ObjectsToRemove list at once.
const listedBlobs = 1000

// Blobs whose bytes can be moved. Those of events that wait to be applied or are in quarantine stay in
// the database, so that applying an event never needs the object store.
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

// ListUnmoved lists the next blobs whose bytes can be moved to an object store, in the order of their
// hashes, beginning behind the hash after. Blobs that are younger than keep are left out.
func ListUnmoved(ctx context.Context, q store.Querier, after string, keep time.Duration) ([]string, error) {
	return readHashes(ctx, q, "blobs to move", blobsToMove, after, keep.Seconds(), listedBlobs)
}

// lockBlob makes processes that store the same bytes again wait: they change this row first.
// unmarkRemoval removes the mark that the object of a dropped blob is to be removed.
const (
	lockBlob      = `SELECT size_bytes FROM blobs WHERE hash = $1 FOR UPDATE`
	unmarkRemoval = `DELETE FROM blobs WHERE hash = 'removing:' || $1`
)

// Move copies the bytes of a blob into an object store and then removes them from the database.
// If the process ends in between, both copies stay, and the next call does it again. Only the process
// that runs retention calls it, because it must not overlap with RemoveObject.
// Errors: ObjectsError when the object store failed; the database's.
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

// ObjectsError means that the object store failed, not the database.
type ObjectsError struct{ error }

// Unwrap returns the cause.
func (e ObjectsError) Unwrap() error { return e.error }

// errorKeepingReader keeps the error with which reading failed. So Move can tell an error of the
// database, from which it reads, from one of the object store.
type errorKeepingReader struct {
	io.Reader

	err error
}

func (r *errorKeepingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // as io.Reader says
		r.err = err
	}
	return n, err
}

// A dropped blob leaves a row named removing:HASH until its object is removed, too.
const objectsToRemove = `
	SELECT substr(hash, length('removing:') + 1)
	FROM blobs
	WHERE starts_with(hash, 'removing:')
	LIMIT $1`

// ObjectsToRemove lists the hashes of dropped blobs whose objects are still to be removed.
func ObjectsToRemove(ctx context.Context, q store.Querier) ([]string, error) {
	return readHashes(ctx, q, "objects to remove", objectsToRemove, listedBlobs)
}

const blobExists = `SELECT EXISTS (SELECT 1 FROM blobs WHERE hash = $1)`

// RemoveObject removes the object of a dropped blob. If a blob with the same bytes has been stored
// since, the object stays, because Move puts it there again.
// Errors: ObjectsError; the database's.
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

// The youngest blob whose bytes are not in the database: they should be in the object store.
const movedBlob = `
	SELECT b.hash
	FROM blobs AS b
	WHERE b.size_bytes > 0 AND position(':' IN b.hash) = 0
		AND NOT EXISTS (SELECT 1 FROM blob_chunks AS c WHERE c.hash = b.hash)
	ORDER BY b.created_at DESC
	LIMIT 1`

// HashOfMoved returns the hash of a blob that was moved to an object store; "" when none was. With it
// one can check that the configured store is the right one.
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
