package blob

import (
	"context"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/internal/query"
)

// An upload is a file that an agent uploads to Parley, to send it with a reply or to show it in a signature. Its row in
// the table uploads decides how long the blob is kept while no message refers to it.

const keepUpload = `
	INSERT INTO uploads (blob) VALUES ($1)
	ON CONFLICT (blob) DO UPDATE SET created_at = clock_timestamp()`

// WriteUpload stores an uploaded file and returns its blob's hash and its size in bytes. The file is kept for a month, or
// longer if UseUploads or UsePictures records a use.
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

// UseUploads records that uploaded blobs are attached to a message. From then on the uploads table keeps them for good.
func UseUploads(ctx context.Context, q store.Execer, blobs []string) error {
	if len(blobs) == 0 {
		return nil
	}
	return query.Exec(ctx, q, "use uploads", useUploads, blobs)
}

// usePictures also sets used, so that older versions of Parley, which ignore the column picture, keep the blob.
const usePictures = `
	UPDATE uploads
	SET used = true, picture = picture OR NOT used, created_at = clock_timestamp()
	WHERE blob = ANY($1)`

// UsePictures records that signatures show uploaded blobs, or have shown them until now. Such pictures are kept while a
// signature shows them, and for a month after the last call.
func UsePictures(ctx context.Context, q store.Execer, blobs []string) error {
	if len(blobs) == 0 {
		return nil
	}
	return query.Exec(ctx, q, "use pictures", usePictures, blobs)
}
