package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/blob"
	"parley/store/objects/s3fake"
	"parley/store/storetest"
)

// elsewhere is a database beside an object store.
type elsewhere struct {
	t      *testing.T
	pool   *pgxpool.Pool
	fake   *s3fake.Server
	bucket *blob.Bucket
}

func newElsewhere(t *testing.T) elsewhere {
	t.Helper()
	fake, endpoint, stop := s3fake.Start()
	t.Cleanup(stop)
	return elsewhere{t, storetest.Reused(t), fake, must(blob.NewBucket(blob.BucketOptions{
		Endpoint: endpoint, Bucket: fake.Bucket, Region: fake.Region, KeyID: fake.KeyID, SecretKey: fake.SecretKey}))(t)}
}

// put stores a blob as if it were two days old.
func (e elsewhere) put(content []byte) string {
	e.t.Helper()
	hash := must(blob.Put(e.t.Context(), e.pool, content))(e.t)
	exec(e.t, e.pool, `UPDATE blobs SET created_at = created_at - interval '2 days' WHERE hash = $1`, hash)
	return hash
}

func (e elsewhere) move(hash string) error { return blob.Move(e.t.Context(), e.pool, e.bucket, hash) }

func (e elsewhere) get(hash string) []byte {
	e.t.Helper()
	return must(blob.Get(e.t.Context(), e.pool, e.bucket, hash))(e.t)
}

// collect does what retention does with blobs that nothing refers to.
func (e elsewhere) collect() {
	e.t.Helper()
	for done := (store.Emptied{More: true}); done.More; {
		done = must(store.DropBlobs(e.t.Context(), e.pool, 24*time.Hour, true))(e.t)
	}
}

// check checks how many chunks are in the database and how many objects are in the bucket.
func (e elsewhere) check(what string, chunks string, objects int) {
	e.t.Helper()
	if got := row(e.t, e.pool, `SELECT count(*) FROM blob_chunks`); got != chunks {
		e.t.Errorf("%s: %s chunks are in the database, not %s", what, got, chunks)
	}
	if got := e.fake.Objects(); len(got) != objects {
		e.t.Errorf("%s: %d objects are in the bucket, not %d", what, len(got), objects)
	}
}

// letters makes content in which bytes that are exchanged or missing show.
func letters(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i + i>>8 + i>>16)
	}
	return b
}

// A blob that was moved to the object store reads as before, also for somebody who opened it before the move. It may
// be stored and moved once more.
func TestMoveBlob(t *testing.T) {
	t.Parallel()
	e := newElsewhere(t)
	content := letters(5<<20 + 3)
	hash := e.put(content)

	reader := must(blob.Open(t.Context(), e.pool, e.bucket, hash))(t)
	head := make([]byte, 1<<20+1)
	must(io.ReadFull(reader, head))(t)

	// It is moved while a reader has read a part of it.
	storetest.Check(t, e.move(hash))
	e.check("moved", "(0)", 1)
	if !bytes.Equal(e.get(hash), content) {
		t.Error("the moved bytes are others")
	}

	rest, err := io.ReadAll(reader)
	if err != nil || !bytes.Equal(append(head, rest...), content) {
		t.Errorf("what was open while it was moved is not whole: %v", err)
	}
	if err := reader.Close(); err != nil {
		t.Error(err)
	}

	// The same bytes are stored again and moved again.
	if e.put(content) != hash {
		t.Error("the same bytes have two names")
	}
	e.check("stored again", "(6)", 1)
	if again, size, err := blob.Write(t.Context(), e.pool, bytes.NewReader(content), 1<<30); again != hash || size != int64(len(content)) ||
		err != nil {
		t.Error(again, size, err)
	}
	if err := e.move(hash); err != nil || !bytes.Equal(e.get(hash), content) {
		t.Errorf("moved again: %v", err)
	}
	e.check("moved again", "(0)", 1)

	if _, err := blob.Get(t.Context(), e.pool, nil, hash); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("without the object store: %v", err)
	}
}

// If a move fails at any step, the bytes are still where they were. The next attempt moves them.
func TestMoveBlobFails(t *testing.T) {
	t.Parallel()
	content := letters(2<<20 + 1)
	for _, c := range []struct {
		name  string
		fault s3fake.Fault
	}{
		{"the store is busy", s3fake.Fault{Method: s3fake.Put, Status: 503}},
		{"the connection is cut before", s3fake.Fault{Method: s3fake.Put}},
		{"the connection is cut after", s3fake.Fault{Method: s3fake.Put, Then: func() {}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newElsewhere(t)
			hash := e.put(content)
			e.fake.Fail(c.fault)

			var failed blob.ObjectsError
			if err := e.move(hash); !errors.As(err, &failed) {
				t.Errorf("%v", err)
			}
			if got := row(t, e.pool, `SELECT count(*) FROM blob_chunks`); got != "(3)" || !bytes.Equal(e.get(hash), content) {
				t.Errorf("%s chunks are left", got)
			}

			if err := e.move(hash); err != nil || !bytes.Equal(e.get(hash), content) {
				t.Errorf("the next attempt: %v", err)
			}
			e.check("moved", "(0)", 1)
		})
	}

	t.Run("the process ends between the store's answer and the database", func(t *testing.T) {
		t.Parallel()
		e := newElsewhere(t)
		hash := e.put(content)
		ctx, kill := context.WithCancel(t.Context())
		if err := blob.Move(ctx, e.pool, killing{e.bucket, kill}, hash); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		e.check("killed", "(3)", 1)
		if err := e.move(hash); err != nil {
			t.Error(err)
		}
		e.check("moved", "(0)", 1)
	})

	t.Run("a part is missing in the database", func(t *testing.T) {
		t.Parallel()
		e := newElsewhere(t)
		hash := e.put(content)
		exec(t, e.pool, `UPDATE blob_chunks SET data = '' WHERE n = 1`)
		var failed blob.ObjectsError
		if err := e.move(hash); !errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &failed) {
			t.Errorf("%v", err)
		}
		e.check("damaged", "(3)", 0)
	})
}

// killing is an object store during whose answer to Put the process ends.
type killing struct {
	blob.Objects

	kill func()
}

func (k killing) Put(ctx context.Context, hash string, size int64, content io.Reader) error {
	defer k.kill()
	return k.Objects.Put(ctx, hash, size, content)
}

// A reader gets all bytes of an object although the connection is cut in its middle. ErrNoObject is returned for an
// object that was removed, but not if the connection always breaks.
func TestReadObject(t *testing.T) {
	t.Parallel()
	e := newElsewhere(t)
	content := letters(3 << 20)
	hash := e.put(content)
	storetest.Check(t, e.move(hash))

	e.fake.Fail(s3fake.Fault{Method: s3fake.Get, After: 1_500_001}, s3fake.Fault{Method: s3fake.Get, After: 700_001})
	if !bytes.Equal(e.get(hash), content) {
		t.Error("the bytes are others when connections break")
	}
	if n := e.fake.Calls(s3fake.Get); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}

	cut := s3fake.Fault{Method: s3fake.Get, After: 10}
	e.fake.Fail(cut, cut, cut, cut)
	if _, err := blob.Get(t.Context(), e.pool, e.bucket, hash); !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, blob.ErrNoObject) {
		t.Errorf("a connection that always breaks: %v", err)
	}

	e.fake.Lose()
	if _, err := blob.Open(t.Context(), e.pool, e.bucket, hash); !errors.Is(err, blob.ErrNoObject) {
		t.Errorf("an object that somebody removed: %v", err)
	}
}

// The object of a blob to which nothing refers is removed from the bucket, too, also if the store was away before or
// the answer got lost. It isn't removed if the same bytes were stored again meanwhile.
func TestRemoveObject(t *testing.T) {
	t.Parallel()
	e := newElsewhere(t)
	ctx := t.Context()
	remove := func(want int) (err error) {
		t.Helper()
		list := must(blob.ObjectsToRemove(ctx, e.pool))(t)
		if len(list) != want {
			t.Errorf("%d objects are to be removed, not %d", len(list), want)
		}
		for _, hash := range list {
			err = errors.Join(err, blob.RemoveObject(ctx, e.pool, e.bucket, hash))
		}
		return err
	}

	content := letters(100)
	hash := e.put(content)
	storetest.Check(t, e.move(hash))
	e.collect()
	if _, err := blob.Get(ctx, e.pool, e.bucket, hash); !errors.Is(err, pgx.ErrNoRows) {
		t.Errorf("a removed blob: %v", err)
	}

	busy := s3fake.Fault{Method: s3fake.Delete, Status: 503}
	e.fake.Fail(busy, busy, busy)
	if err := remove(1); err == nil {
		t.Error("the store's failure went unnoticed")
	}

	// Retention doesn't forget the object that is still to be removed.
	exec(t, e.pool, `UPDATE blobs SET created_at = created_at - interval '2 days'`)
	e.collect()

	// The same bytes are stored again before the old removal is carried out, first without and then with a move.
	e.put(content)
	if err := remove(1); err != nil || len(e.fake.Objects()) != 1 {
		t.Errorf("a removal of what came again: %v, %s", err, e.fake.Objects())
	}
	storetest.Check(t, e.move(hash))
	exec(t, e.pool, `INSERT INTO blobs (hash, size_bytes) VALUES ('removing:' || $1, 0)`, hash)
	e.put(content)
	storetest.Check(t, e.move(hash))
	if err := remove(0); err != nil || !bytes.Equal(e.get(hash), content) {
		t.Errorf("a move after which nothing may be removed: %v", err)
	}

	e.collect()
	e.fake.Fail(s3fake.Fault{Method: s3fake.Delete, Then: func() {}})
	if err := remove(1); err != nil {
		t.Error(err)
	}
	e.check("removed", "(0)", 0)
	if left := row(t, e.pool, `SELECT count(*) FROM blobs`); left != "(0)" {
		t.Errorf("%s rows are left, want (0)", left)
	}
}

// A blob is moved only if it is old, its event doesn't wait to be applied, and its event isn't kept for replay.
func TestBlobsToMove(t *testing.T) {
	t.Parallel()
	e := newElsewhere(t)
	applied, waits, refused, moved := e.put([]byte("applied")), e.put([]byte("waits")), e.put([]byte("refused")), e.put([]byte("moved"))
	young := must(blob.Put(t.Context(), e.pool, []byte("young")))(t)
	must(store.InsertEvents(t.Context(), e.pool, []store.NewEvent{{AccountID: 1, ExternalID: "a", OrderKey: "k", Blob: applied}}))(t)
	exec(t, e.pool, `DELETE FROM queues`) // it is applied
	must(store.InsertEvents(t.Context(), e.pool, []store.NewEvent{{AccountID: 1, ExternalID: "w", OrderKey: "w", Blob: waits},
		{AccountID: 1, ExternalID: "r", OrderKey: "r", Blob: refused, Quarantine: "odd"}}))(t)
	storetest.Check(t, e.move(moved))

	list := must(blob.ListUnmoved(t.Context(), e.pool, "", 24*time.Hour))(t)
	if len(list) != 1 || list[0] != applied {
		t.Errorf("%s are to be moved, not %s (waits %s, refused %s, young %s)", list, applied, waits, refused, young)
	}

	// The refused event is replayed, and waits behind a newer one.
	must(store.InsertEvents(t.Context(), e.pool,
		[]store.NewEvent{{AccountID: 1, ExternalID: "newer", OrderKey: "r", Payload: []byte("n")}}))(t)
	quarantined := must(store.ListQuarantine(t.Context(), e.pool, 1))(t)
	must(store.Replay(t.Context(), e.pool, []store.EventID{quarantined[0].EventID}))(t) // behind the newer one
	if again := must(blob.ListUnmoved(t.Context(), e.pool, "", 24*time.Hour))(t); !slices.Equal(again, list) {
		t.Errorf("while the refused one waits again, %s are to be moved, want %s", again, list)
	}

	if rest := must(blob.ListUnmoved(t.Context(), e.pool, applied, 24*time.Hour))(t); len(rest) != 0 {
		t.Errorf("after it: %s, want none", rest)
	}
	if got := must(blob.HashOfMoved(t.Context(), e.pool))(t); got != moved {
		t.Errorf("%s was moved, not %s", moved, got)
	}
}
