package store_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"parley/store"
	"parley/store/blob"
	"parley/store/storetest"
)

// An agent's upload stays as long as its message, and a month if it has none yet. A picture stays as long as a
// signature shows it, and a month longer.
func TestDropUploads(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	upload := func(s string) string {
		name, size, err := blob.WriteUpload(t.Context(), pool, strings.NewReader(s), 100)
		check(t, err)
		if size != int64(len(s)) {
			t.Errorf("%s: %d bytes, want %d", s, size, int64(len(s)))
		}
		return name
	}
	if _, _, err := blob.WriteUpload(t.Context(), pool, strings.NewReader("too long"), 4); !errors.Is(err, blob.ErrTooLarge) {
		t.Errorf("too long: %v", err)
	}

	sent, waiting, forgotten := upload("sent"), upload("waiting"), upload("forgotten")
	check(t, blob.UseUploads(t.Context(), pool, []string{sent}))
	ann, desk, both, dropped, left := upload("ann's"), upload("the desk's"), upload("sent, too"), upload("shown no more"),
		upload("left lately")
	check(t, blob.UsePictures(t.Context(), pool, []string{ann, desk, both, dropped, left}))
	check(t, blob.UseUploads(t.Context(), pool, []string{both}))
	exec(t, pool, `INSERT INTO agents (email, name, rich_signature)
		VALUES ('ann@acme.test', 'Ann', jsonb_build_object('pictures', jsonb_build_array(jsonb_build_object('blob', $1::text))))`, ann)
	exec(t, pool, `INSERT INTO accounts (name, kind, side, rich_signature)
		VALUES ('desk', 'x', 'channel', jsonb_build_object('pictures',
			jsonb_build_array(jsonb_build_object('blob', 'x'), jsonb_build_object('blob', $1::text)))), ('plain', 'x', 'channel', NULL)`, desk)

	exec(t, pool, `UPDATE blobs SET created_at = created_at - interval '40 days'`)
	exec(t, pool, `UPDATE uploads SET created_at = created_at - interval '40 days'`)
	check(t, blob.UsePictures(t.Context(), pool, []string{left}))
	upload("waiting") // once more: by another message that is about to be stored
	exec(t, pool, `UPDATE blobs SET created_at = created_at - interval '25 h'`)

	total := 0
	for done := (store.Emptied{More: true}); done.More; total += done.Blobs {
		done = must(store.DropBlobs(t.Context(), pool, 24*time.Hour, false))(t)
	}
	for _, kept := range []string{sent, waiting, ann, desk, both, left} {
		if len(must(blob.Get(t.Context(), pool, nil, kept))(t)) == 0 {
			t.Errorf("%s is gone", kept)
		}
	}

	_, err := blob.Get(t.Context(), pool, nil, dropped)
	_, err2 := blob.Get(t.Context(), pool, nil, forgotten)
	if err == nil || err2 == nil || total != 2 || row(t, pool, `SELECT count(*) FROM uploads`) != "(6)" {
		t.Errorf("%d files went: %v", total, err)
	}
}

// A file and all its parts are removed when nothing refers to the file and it is older than a day.
func TestDropBlobs(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	put := func(s string) string { return must(blob.Put(t.Context(), pool, bytes.Repeat([]byte(s), 1<<20)))(t) }
	used, loose, young, again := put("used "), put("loose"), put("young"), put("again")
	stored(t, pool, store.NewEvent{AccountID: 1, ExternalID: "e", OrderKey: "k", Blob: used})
	exec(t, pool, `UPDATE blobs SET created_at = created_at - interval '25 h' WHERE hash <> $1`, young)

	// The first row is an object that RemoveObject is to remove. The file "again" is one that somebody is about to
	// refer to.
	exec(t, pool, `INSERT INTO blobs (hash, size_bytes, created_at) VALUES ('removing:x', 0, now() - interval '2 days')`)
	put("again")

	total, rounds := 0, 0
	for {
		done := must(store.DropBlobs(t.Context(), pool, 24*time.Hour, false))(t)
		total += done.Blobs
		if rounds++; !done.More {
			break
		}
	}
	if total != 1 || rounds > 3 {
		t.Errorf("%d files went, in %d batches", total, rounds)
	}
	for _, kept := range []string{used, young, again} {
		if len(must(blob.Get(t.Context(), pool, nil, kept))(t)) != 5<<20 {
			t.Errorf("%s is not whole", kept)
		}
	}
	if left := row(t, pool, `SELECT count(*) FROM blob_chunks WHERE hash = $1`, loose); left != "(0)" {
		t.Errorf("%s parts are left, want (0)", left)
	}

	exec(t, pool, `UPDATE blobs SET created_at = created_at - interval '25 h'`)
	exec(t, pool, `UPDATE events SET blob = NULL`)
	for done := (store.Emptied{More: true}); done.More; total += done.Blobs {
		done = must(store.DropBlobs(t.Context(), pool, 24*time.Hour, false))(t)
	}
	if total != 4 {
		t.Errorf("a new round begins at the first file again: %d went, want 4", total)
	}
}

// A file that somebody stores again while it is being removed stays: a message is about to refer to it.
func TestFileStoredAgainWhileItIsRemoved(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	name := must(blob.Put(t.Context(), pool, []byte("bill")))(t)
	exec(t, pool, `UPDATE blobs SET created_at = created_at - interval '25 h'`)
	storing := storetest.Begin(t, pool)
	exec(t, storing, `UPDATE blobs SET created_at = clock_timestamp()`)

	removed := make(chan error, 1)
	go func() {
		_, err := store.DropBlobs(t.Context(), pool, 24*time.Hour, false)
		removed <- err
	}()
	storetest.WaitForLock(t, pool)
	check(t, storing.Commit(t.Context()))
	check(t, storetest.Receive(t, removed, "old files are removed"))

	must(blob.Get(t.Context(), pool, nil, name))(t)
}
