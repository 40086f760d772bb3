package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
)

// chunkBytes is how much of a blob one row holds.
const chunkBytes = 1 << 20

const (
	insertBlob  = `INSERT INTO blobs (hash, size_bytes) VALUES ($1, $2) ON CONFLICT (hash) DO UPDATE SET created_at = clock_timestamp()`
	insertChunk = `INSERT INTO blob_chunks (hash, n, data) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
	getChunk    = `SELECT data FROM blob_chunks WHERE hash = $1 AND n = $2`
)

// PutBlob stores content under its hash. Blobs are written before the event that
// refers to them.
func PutBlob(ctx context.Context, q interface {
	Querier
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

// GetBlob reads a whole blob.
// Errors: io.ErrUnexpectedEOF when a part is missing.
func GetBlob(ctx context.Context, q Querier, hash string) ([]byte, error) {
	var size int64
	if err := q.QueryRow(ctx, `SELECT size_bytes FROM blobs WHERE hash = $1`, hash).Scan(&size); err != nil {
		return nil, fmt.Errorf("store: blob: %w", err)
	}
	var content bytes.Buffer
	content.Grow(int(size))
	for n := 0; int64(content.Len()) < size; n++ {
		var data []byte
		if err := q.QueryRow(ctx, getChunk, hash, n).Scan(&data); err != nil {
			return nil, fmt.Errorf("store: blob chunk %d: %w", n, err)
		}
		if len(data) == 0 {
			return nil, fmt.Errorf("store: blob: %w", io.ErrUnexpectedEOF)
		}
		content.Write(data)
	}
	return content.Bytes(), nil
}
