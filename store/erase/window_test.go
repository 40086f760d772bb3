package erase_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/blob"
	"parley/store/erase"
	"parley/store/retention"
)

// A fact that was erased isn't stored again, also if the statement that is to store it looked for it among the erased
// ones before, and waits for another process while its event is removed.
//
func TestStoredAgainBesideAnErasure(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), newWorld(t)
	o := newOptions(t, pool)
	key := must(erase.LoadKey(ctx, pool, o.Sealer))(t)
	id := must(erase.Begin(ctx, o, []store.ContactID{zebra().contact()}, "ann"))(t)
	other := must(pool.Begin(ctx))(t) // another process stores one of the facts
	must(other.Exec(ctx, `INSERT INTO events (account_id, external_id, order_key, payload, size_bytes) VALUES ($1, 'a new one', 'x', 'y', 1)`, mailAccount))(t)
	conn := must(pool.Acquire(ctx))(t)
	defer conn.Release()
	stored, ended := make(chan error, 1), make(chan error, 1)
	go func() {
		var facts []store.NewEvent
		for _, name := range []string{"a new one", "zebra-mail"} {
			facts = append(facts, store.NewEvent{AccountID: mailAccount, ExternalID: name, OrderKey: "x", Payload: []byte("said again"),
				Quarantine: "not applied", Erased: key.Fact(mailAccount, name)})
		}
		_, err := store.InsertEvents(ctx, conn, facts)
		stored <- err
	}()
	until(t, pool, `SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'`, conn.Conn().PgConn().PID())
	go func() {
		_, err := erase.Run(ctx, o, id)
		ended <- err
	}()
	until(t, pool, `SELECT FROM erased_facts WHERE account_id = $1 AND fact = $2`, mailAccount, key.Fact(mailAccount, "zebra-mail"))
	check(t, other.Commit(ctx))
	check(t, <-stored)
	if err := <-ended; !errors.Is(err, erase.ErrInChats) {
		t.Fatal(err)
	}
	var left int
	check(t, pool.QueryRow(ctx, `SELECT count(*) FROM events WHERE external_id = 'zebra-mail'`).Scan(&left))
	if left != 0 {
		t.Error("what was erased is there again")
	}
}

// An event that is replayed while an erasure looks at it waits to be applied, and whatever comes behind it in its queue is
// applied after it: a queue can't go on whose next event is gone. R-276
func TestReplayedBesideAnErasure(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), newWorld(t)
	o := newOptions(t, pool)
	key := must(erase.LoadKey(ctx, pool, o.Sealer))(t)
	var event store.EventID
	check(t, pool.QueryRow(ctx, `SELECT id FROM events WHERE external_id = 'zebra-mail'`).Scan(&event))
	must(pool.Exec(ctx, `INSERT INTO quarantine (event_id, reason) VALUES ($1, 'not applied')`, event))(t)
	must(pool.Exec(ctx, `UPDATE messages SET event_id = 0 WHERE event_id = $1`, event))(t) // else it isn't replayed
	id := must(erase.Begin(ctx, o, []store.ContactID{zebra().contact()}, "ann"))(t)
	other := must(pool.Begin(ctx))(t) // the erasure waits for it once the fact is noted
	must(other.Exec(ctx, `INSERT INTO events (account_id, external_id, order_key, payload, size_bytes) VALUES ($1, 'a new one', 'x', 'y', 1)`, mailAccount))(t)
	ended := make(chan error, 1)
	go func() {
		_, err := erase.Run(ctx, o, id)
		ended <- err
	}()
	until(t, pool, `SELECT FROM erased_facts WHERE account_id = $1 AND fact = $2`, mailAccount, key.Fact(mailAccount, "zebra-mail"))
	replay := must(pool.Begin(ctx))(t)
	if queued := must(store.Replay(ctx, replay, []store.EventID{event}))(t); len(queued) != 1 {
		t.Fatalf("%d events were queued, want 1", len(queued))
	}
	check(t, other.Rollback(ctx))
	until(t, pool, `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
	check(t, replay.Commit(ctx))
	if err := <-ended; !errors.Is(err, erase.ErrWaiting) {
		t.Errorf("the erasure ended with %v, and should wait until the event is applied", err)
	}
	var lost int
	check(t, pool.QueryRow(ctx, `SELECT count(*) FROM queues AS q WHERE NOT EXISTS (SELECT FROM events WHERE id = q.first_event)`).Scan(&lost))
	if lost != 0 {
		t.Error("a queue waits for an event that is gone")
	}
}

// takenUp is what a dispatcher does that takes up a post in a queue of a customer's, numbered 9999.
func (p person) takenUp(t *testing.T, q store.Querier) (lane int64) {
	t.Helper()
	lane = p.first + 2
	for _, sql := range []string{
		`UPDATE lanes SET epoch = epoch + 1, leased_until = now() + interval '1 minute' WHERE id = $1`,
		`UPDATE deliveries SET state = 'sending' WHERE id = 9999 AND lane_id = $1`,
	} {
		must(q.Exec(t.Context(), sql, lane))(t)
	}
	return lane
}

// toPost puts a post of a kind into the same queue.
func (p person) toPost(t *testing.T, pool *pgxpool.Pool, kind string) {
	t.Helper()
	exec(t, pool, `UPDATE lanes SET tail = head + 1, due_at = now() WHERE id = $1`, p.first+2)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, payload, state, created_at)
		SELECT 9999, id, tail, $2, '{}', 'queued', now() FROM lanes WHERE id = $1`, p.first+2, kind)
}

const underWay = `SELECT FROM lanes JOIN deliveries AS d ON d.lane_id = lanes.id AND d.id = 9999 AND d.state = 'sending' WHERE lanes.id = $1 AND leased_until IS NOT NULL`

// A post that a dispatcher takes up while the erasure waits for its queue is waited for: it may arrive in the chat, and only
// what the chat says of it tells where it stands there.
//
func TestPostTakenUpBesideAnErasure(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"line", "card"} { // a card changes a post that is there
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			ctx, pool := t.Context(), newWorld(t)
			o := newOptions(t, pool)
			id := must(erase.Begin(ctx, o, []store.ContactID{zebra().contact()}, "ann"))(t)
			zebra().toPost(t, pool, kind)
			dispatcher := must(pool.Begin(ctx))(t)
			lane := zebra().takenUp(t, dispatcher)
			ended := make(chan error, 1)
			go func() {
				_, err := erase.Run(ctx, o, id)
				ended <- err
			}()
			until(t, pool, `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
			check(t, dispatcher.Commit(ctx))
			if err := <-ended; !errors.Is(err, erase.ErrWaiting) {
				t.Errorf("the erasure ended with %v, and should wait for the post", err)
			}
			until(t, pool, underWay, lane)
		})
	}
}

// So is one that waited when its queue was stopped, if the queue is woken again and a dispatcher takes it up while the rest is
// erased.
//
func TestPostTakenUpWhileItIsErased(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), newWorld(t)
	o := newOptions(t, pool)
	id := must(erase.Begin(ctx, o, []store.ContactID{zebra().contact()}, "ann"))(t)
	zebra().toPost(t, pool, "line")
	dispatcher := must(pool.Begin(ctx))(t)
	stopped := make(chan int64, 1)
	o.Say = func(place string, _ int64) error {
		if place == "closed" {
			stopped <- zebra().takenUp(t, dispatcher)
		}
		return nil
	}
	ended := make(chan error, 1)
	go func() {
		_, err := erase.Run(ctx, o, id)
		ended <- err
	}()
	lane := <-stopped
	until(t, pool, `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
	check(t, dispatcher.Commit(ctx))
	if err := <-ended; !errors.Is(err, erase.ErrWaiting) {
		t.Errorf("the erasure ended with %v, and should wait for the post", err)
	}
	until(t, pool, underWay, lane)
}

// So is one that came after the queue was stopped, such as what is said of a colleague's command.
//
func TestPostThatCameWhileItIsErased(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), newWorld(t)
	o := newOptions(t, pool)
	id := must(erase.Begin(ctx, o, []store.ContactID{zebra().contact()}, "ann"))(t)
	var lane int64
	o.Say = func(place string, _ int64) error {
		if place == "closed" {
			zebra().toPost(t, pool, "line")
			lane = zebra().takenUp(t, pool)
		}
		return nil
	}
	if _, err := erase.Run(ctx, o, id); !errors.Is(err, erase.ErrWaiting) {
		t.Errorf("the erasure ended with %v, and should wait for the post", err)
	}
	until(t, pool, underWay, lane)
	o.Say = nil
	exec(t, pool, `UPDATE deliveries SET state = 'sent' WHERE id = 9999`) // it arrives
	exec(t, pool, `UPDATE lanes SET head = tail, due_at = NULL, leased_until = NULL WHERE id = $1`, lane)
	runWithChats(t, o, id)
}

// until waits until a query finds something.
func until(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		var found bool
		check(t, pool.QueryRow(t.Context(), `SELECT EXISTS (`+sql+`)`, args...).Scan(&found))
		if found {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("in vain: ", sql)
		}
	}
}

// A file that another customer sends, too, is there for them if an erasure looks at it before what they wrote is stored. So is
// one that an agent has uploaded for them and not sent yet.
//
func TestFileOfAnotherBesideAnErasure(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), newWorld(t)
	o := newOptions(t, pool)
	const uploaded = "zebra quarantined zebra@shop.example"
	upload, _, err := blob.WriteUpload(ctx, pool, strings.NewReader(uploaded), 100)
	check(t, err)
	sent, _, err := blob.WriteUpload(ctx, pool, strings.NewReader("zebra upload"), 100) // it was sent to her before
	check(t, err)
	id := must(erase.Begin(ctx, o, []store.ContactID{zebra().contact()}, "ann"))(t)
	file := zebra().blob(t, pool, "file") // the other customer's picture has the same bytes
	if _, err := erase.Run(ctx, o, id); !errors.Is(err, erase.ErrInChats) {
		t.Fatal(err)
	}
	if got := string(must(blob.Get(ctx, pool, nil, file))(t)); got != "zebra file" {
		t.Errorf("the other customer's file is %q, want \"zebra file\"", got)
	}
	if got := string(must(blob.Get(ctx, pool, nil, upload))(t)); got != uploaded {
		t.Errorf("what an agent has uploaded is %q, want %q", got, uploaded)
	}
	if got := string(must(blob.Get(ctx, pool, nil, sent))(t)); got != "zebra upload" {
		t.Errorf("what an agent has uploaded again is %q, want \"zebra upload\"", got)
	}
	exec(t, pool, `UPDATE uploads SET created_at = created_at - interval '40 days'`)
	exec(t, pool, `UPDATE blobs SET created_at = created_at - interval '40 days'`)
	must(retention.DropBlobs(ctx, pool, time.Hour, false))(t)
	if _, err := blob.Get(ctx, pool, nil, sent); err == nil {
		t.Error("what was uploaded again and never sent stays for ever")
	}
	if _, err := blob.Get(ctx, pool, nil, zebra().nameOf("original")); err == nil {
		t.Error("what nobody else has stored is there still")
	}
}
