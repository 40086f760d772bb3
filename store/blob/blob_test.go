package blob_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/store/blob"
	"parley/store/storetest"
)

// Blobs of any size come back whole, once stored, and one that lacks a part is an error.
func TestBlob(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	for _, size := range []int{0, 1, 1<<20 - 1, 1 << 20, 1<<20 + 1, 5 << 20} {
		content := bytes.Repeat([]byte{byte(size), 7}, size/2+1)[:size]
		hash := must(blob.Put(t.Context(), pool, content))(t)
		if again := must(blob.Put(t.Context(), pool, content))(t); again != hash {
			t.Errorf("%d bytes have two names", size)
		}
		if got := must(blob.Get(t.Context(), pool, nil, hash))(t); !bytes.Equal(got, content) {
			t.Errorf("%d bytes came back as %d", size, len(got))
		}
	}
	hash := must(blob.Put(t.Context(), pool, bytes.Repeat([]byte("x"), 3<<20)))(t)
	exec(t, pool, `UPDATE blob_chunks SET data = '' WHERE hash = $1 AND n = 1`, hash)
	if _, err := blob.Get(t.Context(), pool, nil, hash); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("an empty part: %v", err)
	}
	exec(t, pool, `DELETE FROM blob_chunks WHERE hash = $1 AND n = 1`, hash)
	if _, err := blob.Get(t.Context(), pool, nil, hash); err == nil {
		t.Error("a missing part went unnoticed")
	}
	if _, err := blob.Get(t.Context(), pool, nil, "nothing"); !errors.Is(err, pgx.ErrNoRows) {
		t.Errorf("no blob: %v", err)
	}
}
