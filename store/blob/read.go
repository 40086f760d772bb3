package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

const (
	sizeOfBlob = `SELECT size_bytes FROM blobs WHERE hash = $1`
	getChunk   = `SELECT data FROM blob_chunks WHERE hash = $1 AND n = $2`
)

// maxReconnects is how often one reader reopens an object after a broken connection to the object store.
const maxReconnects = 3

// Open opens a blob for reading until ctx ends. The bytes come chunk by chunk from the database or, if the blob was moved,
// from objects, which is nil if there is no object store. Open begins to read at once, so that an unreadable blob
// fails here and not later. Reads return io.ErrUnexpectedEOF if bytes are missing.
// Errors: pgx.ErrNoRows if there is no such blob; ErrNoObject if it was moved and the object store doesn't have it.
func Open(ctx context.Context, q store.Querier, objects Objects, hash string) (io.ReadCloser, error) {
	b, err := openBlob(ctx, q, objects, hash)
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Get reads a whole blob.
// Errors: those of Open and of its reader.
func Get(ctx context.Context, q store.Querier, objects Objects, hash string) ([]byte, error) {
	b, err := openBlob(ctx, q, objects, hash)
	if err != nil {
		return nil, err
	}
	defer func() { _ = b.Close() }()
	var content bytes.Buffer
	content.Grow(int(b.size))
	_, err = io.Copy(&content, b)
	return content.Bytes(), err
}

func openBlob(ctx context.Context, q store.Querier, objects Objects, hash string) (*blobReader, error) {
	b := &blobReader{ctx: ctx, q: q, objects: objects, hash: hash}
	if err := q.QueryRow(ctx, sizeOfBlob, hash).Scan(&b.size); err != nil {
		return nil, fmt.Errorf("store: blob: %w", err)
	}
	if b.size == 0 {
		return b, nil
	}
	return b, b.advance()
}

// blobReader reads a blob that may be moved from the database to the object store while it is being read. It asks the
// database for one chunk after the other. As soon as a chunk is missing there, it opens the object at the current offset
// and reads the rest from it.
type blobReader struct {
	ctx     context.Context //nolint:containedctx // given to Open; Read has no context parameter
	q       store.Querier
	objects Objects
	hash    string
	size    int64
	at      int64         // bytes fetched so far, from the database and the object store
	chunk   []byte        // the rest of the last chunk that Read hasn't returned yet
	object  io.ReadCloser // the source of the remaining bytes; nil while they come from the database

	reconnects int // broken connections to the object store so far
}

func (b *blobReader) Read(p []byte) (int, error) {
	for len(b.chunk) == 0 && b.object == nil {
		if b.at >= b.size {
			return 0, io.EOF
		}
		if err := b.advance(); err != nil {
			return 0, err
		}
	}

	if b.object != nil {
		return b.readObject(p)
	}

	n := copy(p, b.chunk)
	b.chunk = b.chunk[n:]
	return n, nil
}

// advance reads the next chunk from the database or, if the blob was moved, opens its object.
func (b *blobReader) advance() error {
	err := b.q.QueryRow(b.ctx, getChunk, b.hash, b.at/chunkBytes).Scan(&b.chunk)
	wasMoved := errors.Is(err, pgx.ErrNoRows)
	if err != nil && !wasMoved {
		return fmt.Errorf("store: blob chunk %d: %w", b.at/chunkBytes, err)
	}

	if wasMoved && b.objects != nil {
		return b.openObject()
	}
	if wasMoved || len(b.chunk) == 0 {
		return fmt.Errorf("store: blob: a part is neither in the database nor in an object store that this process knows: %w",
			io.ErrUnexpectedEOF)
	}

	b.at += int64(len(b.chunk))
	return nil
}

func (b *blobReader) openObject() (err error) {
	if b.object, err = b.objects.Open(b.ctx, b.hash, b.at); err != nil {
		return fmt.Errorf("store: blob: %w", err)
	}
	return nil
}

// readObject reads from the object store. After a broken connection it reopens the object at the current offset.
func (b *blobReader) readObject(p []byte) (int, error) {
	for {
		n, err := b.object.Read(p)
		b.at += int64(n)
		switch {
		case b.at > b.size:
			return 0, fmt.Errorf("store: blob: its object is longer than its %d bytes", b.size)
		case n > 0:
			return n, nil // the next call gets the error again
		case b.at == b.size:
			return 0, io.EOF
		case err == nil:
			continue
		}

		b.reconnects++
		if b.reconnects > maxReconnects || b.ctx.Err() != nil {
			return 0, fmt.Errorf("store: blob: its object ended after %d of %d bytes (%w): %w", b.at, b.size, err, io.ErrUnexpectedEOF)
		}

		_ = b.object.Close()
		b.object = io.NopCloser(bytes.NewReader(nil)) // in case it can't be reopened now: this reads as another broken connection
		if object, err := b.objects.Open(b.ctx, b.hash, b.at); err == nil {
			b.object = object
		}
	}
}

func (b *blobReader) Close() error {
	if b.object == nil {
		return nil
	}
	return b.object.Close()
}
