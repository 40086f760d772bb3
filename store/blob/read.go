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

// maxCuts is how many broken connections to the object store one reader survives.
const maxCuts = 3

// Open opens a blob for reading while ctx lasts. Its bytes come chunk by chunk from the database or, if
// they were moved there, from objects, which is nil if there is no object store. The first bytes are read
// at once, so that a blob that can't be read fails here.
// Errors: pgx.ErrNoRows when there is no such blob; ErrNoObject when its bytes were moved and the
// object store doesn't have them; the reader returns io.ErrUnexpectedEOF when bytes are missing.
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

// blobReader is an open blob.
type blobReader struct {
	ctx     context.Context //nolint:containedctx // the one given to Open: io.Reader's Read takes none
	q       store.Querier
	objects Objects
	hash    string
	size    int64
	at      int64         // bytes fetched so far, from the database and the object store
	chunk   []byte        // the unread rest of the last chunk
	object  io.ReadCloser // from which the remaining bytes come; nil while they come from the database
	cuts    int           // broken connections to the object store so far
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

// advance reads the next chunk. A blob may be moved between two chunks: then the rest comes from the
// object store.
func (b *blobReader) advance() error {
	err := b.q.QueryRow(b.ctx, getChunk, b.hash, b.at/chunkBytes).Scan(&b.chunk)
	switch {
	case err == nil && len(b.chunk) > 0:
		b.at += int64(len(b.chunk))
		return nil
	case err != nil && !errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("store: blob chunk %d: %w", b.at/chunkBytes, err)
	case err == nil || b.objects == nil:
		return fmt.Errorf("store: blob: a part is neither in the database nor in an object store that this process knows: %w",
			io.ErrUnexpectedEOF)
	}
	return b.openObject()
}

func (b *blobReader) openObject() (err error) {
	if b.object, err = b.objects.Open(b.ctx, b.hash, b.at); err != nil {
		return fmt.Errorf("store: blob: %w", err)
	}
	return nil
}

// readObject reads from the object store. After a broken connection it reopens the object at the
// byte where it stopped.
func (b *blobReader) readObject(p []byte) (int, error) {
	for {
		n, err := b.object.Read(p)
		b.at += int64(n)
		switch {
		case b.at > b.size:
			return 0, fmt.Errorf("store: blob: its object is longer than its %d bytes", b.size)
		case n > 0:
			return n, nil // an error comes again with the next call
		case b.at == b.size:
			return 0, io.EOF
		case err == nil:
			continue
		}

		b.cuts++
		if b.cuts > maxCuts || b.ctx.Err() != nil {
			return 0, fmt.Errorf("store: blob: its object ended after %d of %d bytes (%w): %w", b.at, b.size, err, io.ErrUnexpectedEOF)
		}

		_ = b.object.Close()
		b.object = io.NopCloser(bytes.NewReader(nil)) // should opening it again fail
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
