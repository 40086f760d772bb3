// Package blob stores the content of files. A blob is named by the SHA-256 of its bytes, so the same file is stored
// once, however many messages have it. New blobs are rows in PostgreSQL, in chunks of 1 MiB. If an object store is
// configured, older blobs are moved there.
//
// What does not belong here: which files a message has, and how long they are kept.
package blob

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

// chunkBytes is the size of the part of a blob that one row holds.
const chunkBytes = 1 << 20

const (
	insertBlob  = `INSERT INTO blobs (hash, size_bytes) VALUES ($1, $2) ON CONFLICT (hash) DO UPDATE SET created_at = clock_timestamp()`
	insertChunk = `INSERT INTO blob_chunks (hash, n, data) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
)

// Put stores content and returns its name: the SHA-256 of its bytes in hex. Call it before writing the row that refers
// to the blob. Putting the same content again renews the blob's age, which protects it from retention.
func Put(ctx context.Context, q interface {
	store.Querier
	Begin(ctx context.Context) (pgx.Tx, error)
}, content []byte) (string, error) {
	sum := sha256.Sum256(content)
	hash := hex.EncodeToString(sum[:])
	err := pgx.BeginFunc(ctx, q, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, insertBlob, hash, len(content)); err != nil {
			return err
		}

		for n := 0; n*chunkBytes < len(content); n++ {
			end := min((n+1)*chunkBytes, len(content))
			if _, err := tx.Exec(ctx, insertChunk, hash, n, content[n*chunkBytes:end]); err != nil {
				return err
			}
		}

		return nil
	})
	if err != nil {
		return "", fmt.Errorf("store: put blob: %w", err)
	}

	return hash, nil
}

// ErrTooLarge means that content is longer than the caller allows.
var ErrTooLarge = errors.New("store: too large")

const (
	beginBlob = `INSERT INTO blobs (hash, size_bytes) VALUES ($1, 0)`
	nameBlob  = `
	INSERT INTO blobs (hash, size_bytes)
	VALUES ($1, $2)
	ON CONFLICT (hash) DO UPDATE SET created_at = clock_timestamp()
	RETURNING xmax = 0 -- true if the row was inserted, not updated`
	nameChunks = `UPDATE blob_chunks SET hash = $2 WHERE hash = $1`
	dropChunks = `DELETE FROM blob_chunks WHERE hash = $1`
	dropBlob   = `DELETE FROM blobs WHERE hash = $1`
)

// Write stores everything that it reads from r, chunk by chunk, and returns its hash and size in bytes. Until the blob is
// complete, its name is "writing:" and a random text. If the process dies meanwhile, retention recognizes the unfinished
// blob by that name and removes it.
// Errors: ErrTooLarge if r has more than maxBytes; the errors of r.
func Write(ctx context.Context, pool *pgxpool.Pool, r io.Reader, maxBytes int64) (hash string, size int64, err error) {
	name := "writing:" + rand.Text()
	if _, err := pool.Exec(ctx, beginBlob, name); err != nil {
		return "", 0, fmt.Errorf("store: write blob: %w", err)
	}

	defer func() {
		if err != nil {
			dropUnfinished(ctx, pool, name)
		}
	}()

	sum, chunk := sha256.New(), make([]byte, chunkBytes)
	for n := 0; ; n++ {
		read, err := fill(r, chunk)
		size += int64(read)
		if size > maxBytes {
			return "", size, fmt.Errorf("store: write blob: %w", ErrTooLarge)
		}

		if read > 0 {
			sum.Write(chunk[:read])
			if _, err := pool.Exec(ctx, insertChunk, name, n, chunk[:read]); err != nil {
				return "", size, fmt.Errorf("store: write blob: %w", err)
			}
		}

		if err == io.EOF { //nolint:errorlint // io.Reader returns it unwrapped
			break
		}
		if err != nil {
			return "", size, fmt.Errorf("store: write blob: %w", err)
		}
	}

	hash = hex.EncodeToString(sum.Sum(nil))
	return hash, size, finish(ctx, pool, name, hash, size)
}

// dropUnfinished removes the chunks of an unfinished blob, even if ctx was cancelled. If that fails, retention removes
// them later.
func dropUnfinished(ctx context.Context, pool *pgxpool.Pool, name string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if _, err := pool.Exec(ctx, dropChunks, name); err == nil {
		_, _ = pool.Exec(ctx, dropBlob, name)
	}
}

// fill reads until chunk is full or r returns an error, which may be io.EOF. Unlike io.ReadFull it returns r's own error:
// io.ReadFull reports io.ErrUnexpectedEOF both for content that ends within a chunk and for a broken connection.
func fill(r io.Reader, chunk []byte) (n int, err error) {
	for n < len(chunk) && err == nil {
		var read int
		read, err = r.Read(chunk[n:])
		n += read
	}
	return n, err
}

// finish renames a complete blob from its temporary name to its hash. If a blob with the same bytes exists already, it
// discards the new chunks instead.
func finish(ctx context.Context, pool *pgxpool.Pool, name, hash string, size int64) error {
	return store.InTx(ctx, pool, func(tx pgx.Tx) error {
		var isNew bool
		if err := tx.QueryRow(ctx, nameBlob, hash, size).Scan(&isNew); err != nil {
			return err
		}

		var err error
		if isNew {
			_, err = tx.Exec(ctx, nameChunks, name, hash)
		} else {
			_, err = tx.Exec(ctx, dropChunks, name)
		}
		if err != nil {
			return err
		}

		_, err = tx.Exec(ctx, dropBlob, name)
		return err
	})
}
