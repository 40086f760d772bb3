package erase_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/blob"
	"parley/store/erase"
	"parley/store/storetest"
)

// These tests stop an erasure at a certain moment, by a transaction of another process or when a batch reports (Say). Then
// they do what another process may do at that moment.

// startErasure runs an erasure in the background. Its result comes on the channel.
func startErasure(t *testing.T, o erase.Options, id string) (ended <-chan error) {
	t.Helper()
	result := make(chan error, 1)
	go func() {
		_, err := erase.Run(t.Context(), o, id)
		result <- err
	}()
	return result
}

// mustEnd waits until an erasure of startErasure ends, and checks its error.
func mustEnd(t *testing.T, ended <-chan error, want error) {
	t.Helper()
	if err := storetest.Receive(t, ended, "the erasure has ended"); !errors.Is(err, want) {
		t.Fatalf("the erasure ended with %v, want %v", err, want)
	}
}

// waitForErasedFact waits until an erasure has recorded a mail as erased.
func waitForErasedFact(t *testing.T, pool *pgxpool.Pool, key erase.Key, name string) {
	t.Helper()
	storetest.WaitForRow(t, pool, `SELECT FROM erased_facts WHERE account_id = $1 AND fact = $2`, mailAccount, key.Fact(mailAccount, name))
}

// beginStoring begins a transaction that stores the mail 'a new one', and doesn't commit it. Others who store the same mail
// or look for it wait for the transaction.
func beginStoring(t *testing.T, pool *pgxpool.Pool) pgx.Tx {
	t.Helper()
	tx := storetest.Begin(t, pool)
	exec(t, tx, `INSERT INTO events (account_id, external_id, order_key, payload, size_bytes)
		VALUES ($1, 'a new one', 'x', 'y', 1)`, mailAccount)
	return tx
}

// post is the delivery that queuePost puts into the lane of a customer's thread.
const post = 9999

// lane is the lane of the customer's thread.
func (p person) lane() int64 { return p.first + 2 }

// queuePost puts a post of a kind into the customer's lane.
func queuePost(t *testing.T, pool *pgxpool.Pool, p person, kind string) {
	t.Helper()
	exec(t, pool, `UPDATE lanes SET tail = head + 1, due_at = now() WHERE id = $1`, p.lane())
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, payload, state, created_at)
		SELECT $3, id, tail, $2, '{}', 'queued', now() FROM lanes WHERE id = $1`, p.lane(), kind, post)
}

// takeUpPost takes up the post, as a dispatcher does.
func takeUpPost(t *testing.T, q store.Querier, p person) {
	t.Helper()
	exec(t, q, `UPDATE lanes SET epoch = epoch + 1, leased_until = now() + interval '1 minute' WHERE id = $1`, p.lane())
	exec(t, q, `UPDATE deliveries SET state = 'sending' WHERE id = $2 AND lane_id = $1`, p.lane(), post)
}

// checkPostUnderWay checks that the dispatcher still has the post.
func checkPostUnderWay(t *testing.T, pool *pgxpool.Pool, p person) {
	t.Helper()
	var state string
	var isLeased bool
	const read = `
		SELECT delivery.state, lane.leased_until IS NOT NULL
		FROM lanes AS lane
		JOIN deliveries AS delivery ON delivery.lane_id = lane.id
		WHERE lane.id = $1 AND delivery.id = $2`
	check(t, pool.QueryRow(t.Context(), read, p.lane(), post).Scan(&state, &isLeased))
	if state != "sending" {
		t.Errorf("the post is %q, want \"sending\"", state)
	}
	if !isLeased {
		t.Error("the post's lane is leased no more")
	}
}

// An erased fact isn't stored again. Here the statement that stores it looked for it among the erased facts before the
// erasure, and waits for another process while the event is removed.
// Requirement R-276: Erase and export a person.
func TestStoredAgainBesideAnErasure(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), newWorld(t)
	o := newOptions(t, pool)
	key := must(erase.LoadKey(ctx, pool, o.Sealer))(t)
	id := beginErasure(t, o, zebra())

	other := beginStoring(t, pool) // another process stores one of the facts
	conn := must(pool.Acquire(ctx))(t)
	defer conn.Release()
	stored := make(chan error, 1)
	go func() {
		var facts []store.NewEvent
		for _, name := range []string{"a new one", "zebra-mail"} {
			facts = append(facts, store.NewEvent{
				AccountID:  mailAccount,
				ExternalID: name,
				OrderKey:   "x",
				Payload:    []byte("said again"),
				Quarantine: "not applied",
				Erased:     key.Fact(mailAccount, name),
			})
		}
		_, err := store.InsertEvents(ctx, conn, facts)
		stored <- err
	}()
	storetest.WaitForRow(t, pool, `SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'`, conn.Conn().PgConn().PID())

	ended := startErasure(t, o, id)
	waitForErasedFact(t, pool, key, "zebra-mail")

	check(t, other.Commit(ctx))
	check(t, storetest.Receive(t, stored, "the facts are stored"))
	mustEnd(t, ended, erase.ErrInChats)

	var left int
	check(t, pool.QueryRow(ctx, `SELECT count(*) FROM events WHERE external_id = 'zebra-mail'`).Scan(&left))
	if left != 0 {
		t.Errorf("%d events of the erased mail are stored again, want none", left)
	}
}

// A post waits when the erasure stops its lane. If the lane is woken and a dispatcher takes up the post while the rest is
// erased, the erasure waits for this post.
// Requirement R-276: Erase and export a person.
func TestPostTakenUpWhileItIsErased(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), newWorld(t)
	o := newOptions(t, pool)
	id := beginErasure(t, o, zebra())
	queuePost(t, pool, zebra(), "line")

	dispatcher := storetest.Begin(t, pool)
	takenUp := make(chan struct{})
	o.Say = func(place string, _ int64) error {
		if place == "closed" {
			takeUpPost(t, dispatcher, zebra())
			close(takenUp)
		}
		return nil
	}

	ended := startErasure(t, o, id)
	storetest.Receive(t, takenUp, "a dispatcher has taken the post up")
	storetest.WaitForLock(t, pool)
	check(t, dispatcher.Commit(ctx))
	mustEnd(t, ended, erase.ErrWaiting)
	checkPostUnderWay(t, pool, zebra())
}

// The same file may belong to another customer's message that is stored only after the erasure looked at the file, or to an
// upload for another customer that isn't sent yet. The file stays.
// Requirement R-276: Erase and export a person.
func TestFileOfAnotherBesideAnErasure(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), newWorld(t)
	o := newOptions(t, pool)
	const (
		uploaded      = "zebra quarantined zebra@shop.example" // the bytes of an event of hers
		uploadedAgain = "zebra upload"                         // the bytes of a file that was sent to her before
		maxBytes      = 100
	)
	upload, _, err := blob.WriteUpload(ctx, pool, strings.NewReader(uploaded), maxBytes)
	check(t, err)
	again, _, err := blob.WriteUpload(ctx, pool, strings.NewReader(uploadedAgain), maxBytes)
	check(t, err)
	id := beginErasure(t, o, zebra())
	file := zebra().blob(t, pool, "file") // the other customer's picture has the same bytes
	mustEnd(t, startErasure(t, o, id), erase.ErrInChats)

	for _, tt := range []struct {
		name string
		hash string
		want string
	}{
		{name: "file of another customer", hash: file, want: "zebra file"},
		{name: "what an agent has uploaded", hash: upload, want: uploaded},
		{name: "what an agent has uploaded again", hash: again, want: uploadedAgain},
	} {
		content := must(blob.Get(ctx, pool, nil, tt.hash))(t)
		if string(content) != tt.want {
			t.Errorf("%s is %q, want %q", tt.name, content, tt.want)
		}
	}

	// Forty days pass.
	exec(t, pool, `UPDATE uploads SET created_at = created_at - interval '40 days'`)
	exec(t, pool, `UPDATE blobs SET created_at = created_at - interval '40 days'`)
	must(store.DropBlobs(ctx, pool, time.Hour, false))(t)
	if _, err := blob.Get(ctx, pool, nil, again); err == nil {
		t.Error("what was uploaded again and never sent stays for ever")
	}
	if _, err := blob.Get(ctx, pool, nil, zebra().nameOf("original")); err == nil {
		t.Error("what nobody else has stored is there still")
	}
}
