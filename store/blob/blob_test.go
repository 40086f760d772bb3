package blob_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/blob"
	"parley/store/storetest"
)

// chunk is the size of the parts in which a blob is stored.
const chunk = 1 << 20

// putThreeChunks stores a blob of three parts, which are numbered from 0.
func putThreeChunks(t *testing.T, pool *pgxpool.Pool) (hash string) {
	t.Helper()
	return must(blob.Put(t.Context(), pool, bytes.Repeat([]byte("x"), 3*chunk)))(t)
}

// Blobs of any size come back whole, and the same content has one name, however often it is stored.
func TestBlobComesBack(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	for _, size := range []int{0, 1, chunk - 1, chunk, chunk + 1, 5 * chunk} {
		t.Run(fmt.Sprint(size, " bytes"), func(t *testing.T) {
			content := bytes.Repeat([]byte{byte(size), 7}, size/2+1)[:size]
			hash := must(blob.Put(t.Context(), pool, content))(t)
			if again := must(blob.Put(t.Context(), pool, content))(t); again != hash {
				t.Errorf("stored again the blob is named %s, want %s", again, hash)
			}
			if got := must(blob.Get(t.Context(), pool, nil, hash))(t); !bytes.Equal(got, content) {
				t.Errorf("%d bytes came back, want the %d that were stored", len(got), size)
			}
		})
	}
}

func TestGetBlobWithAnEmptyPart(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	hash := putThreeChunks(t, pool)
	exec(t, pool, `UPDATE blob_chunks SET data = '' WHERE hash = $1 AND n = 1`, hash)
	if _, err := blob.Get(t.Context(), pool, nil, hash); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Get ended with %v, want %v", err, io.ErrUnexpectedEOF)
	}
}

func TestGetBlobWithoutAPart(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	hash := putThreeChunks(t, pool)
	exec(t, pool, `DELETE FROM blob_chunks WHERE hash = $1 AND n = 1`, hash)
	if _, err := blob.Get(t.Context(), pool, nil, hash); err == nil {
		t.Error("Get returned a blob that lacks a part, want an error")
	}
}

func TestGetUnknownBlob(t *testing.T) {
	t.Parallel()
	if _, err := blob.Get(t.Context(), storetest.Reused(t), nil, "nothing"); !errors.Is(err, pgx.ErrNoRows) {
		t.Errorf("Get ended with %v, want %v", err, pgx.ErrNoRows)
	}
}
