package blob

import (
	"context"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/internal/query"
)

const keepUpload = `
	INSERT INTO uploads (blob) VALUES ($1)
	ON CONFLICT (blob) DO UPDATE SET created_at = clock_timestamp()`

// WriteUpload stores a file that an agent uploads, and returns its blob and its size in bytes. It is
// kept for a month; after UseUploads or UsePictures, as long as it is used.
// Errors: those of Write.
func WriteUpload(ctx context.Context, pool *pgxpool.Pool, r io.Reader, maxBytes int64) (blob string, size int64, err error) {
	if blob, size, err = Write(ctx, pool, r, maxBytes); err != nil {
		return "", size, err
	}
	if _, err := pool.Exec(ctx, keepUpload, blob); err != nil {
		return "", size, fmt.Errorf("store: keep upload: %w", err)
	}
	return blob, size, nil
}

const useUploads = `UPDATE uploads SET used = true, picture = false WHERE blob = ANY($1)`

// UseUploads records that uploaded blobs are files of a message, so that they are kept for ever.
func UseUploads(ctx context.Context, q store.Execer, blobs []string) error {
	if len(blobs) == 0 {
		return nil
	}
	return query.Exec(ctx, q, "use uploads", useUploads, blobs)
}

// used is set as well, so that versions that don't know the column picture keep the blob.
const usePictures = `
	UPDATE uploads
	SET used = true, picture = picture OR NOT used, created_at = clock_timestamp()
	WHERE blob = ANY($1)`

// UsePictures records that signatures show uploaded blobs, or have shown them until now. They are kept
// as long as a signature shows them, and for a month after the last call.
func UsePictures(ctx context.Context, q store.Execer, blobs []string) error {
	if len(blobs) == 0 {
		return nil
	}
	return query.Exec(ctx, q, "use pictures", usePictures, blobs)
}
