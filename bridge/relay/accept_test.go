package relay_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/storetest"
)

// When Accept returns, the facts are committed to the journal, even if they can't be applied yet.
func TestAcceptIsDurable(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.waitOf = func(store.Event) *relay.Wait { return &relay.Wait{Most: time.Hour} }
	h.start()
	h.accept(fact("k", "a"), fact("k", "b"))
	h.wantValue("events with their payloads", "a:a b:b",
		`SELECT string_agg(external_id || ':' || convert_from(payload, 'UTF8'), ' ' ORDER BY id) FROM events`)
	h.wantValue("queued events", 2, queuedEvents)
}

// A fact counts once, whether it comes twice in one call, in two calls, or on two replicas at once.
func TestAcceptOnce(t *testing.T) {
	t.Parallel()
	a := newHarness(t)
	b := newHarnessOn(t, a.pool)
	a.start()
	b.start()
	a.accept(fact("k", "same"), fact("k", "same"))

	const rounds = 20
	var group sync.WaitGroup
	for _, h := range []*harness{a, b, a, b} {
		group.Go(func() {
			for n := range rounds {
				if err := h.Accept(context.Background(), mailAccount, fact("k", "same"), fact("k", fmt.Sprintf("n%02d", n))); err != nil {
					t.Errorf("round %d: Accept: %v", n, err)
				}
			}
		})
	}
	group.Wait()
	a.waitAllApplied()
	a.wantValue("effects", 1+rounds, `SELECT count(*) FROM effects`)
	a.wantValue("effects written twice", 0, effectsWrittenTwice)
}

// holdJournal keeps everybody from storing facts until release is called.
func (h *harness) holdJournal() (release func()) {
	h.t.Helper()
	tx := storetest.Begin(h.t, h.pool)
	must(tx.Exec(h.t.Context(), `LOCK TABLE events IN EXCLUSIVE MODE`))(h.t)
	return func() {
		h.t.Helper()
		check(h.t, tx.Commit(h.t.Context()))
	}
}

// If the database refuses a fact, only that fact is refused, not the others of its transaction. If the database fails
// while these are stored one by one, later facts don't overtake the one that failed.
func TestAcceptOneBadFact(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.exec(`ALTER TABLE events ADD CHECK (external_id <> 'bad')`)
	h.failToStore("first", sessionEnds)
	release := h.holdJournal()
	h.start()

	var group sync.WaitGroup
	callers := 0
	callAndWait := func(call func()) {
		group.Go(call)
		callers++
		h.waitUntil("it waits", func() bool { return h.Callers() == callers })
	}
	accept := func(facts ...channels.Fact) error { return h.Accept(context.Background(), mailAccount, facts...) }
	mustAccept := func(name string) func() {
		return func() {
			if err := accept(fact("k", name)); err != nil {
				t.Errorf("Accept of %s: %v", name, err)
			}
		}
	}

	callAndWait(mustAccept("before"))
	h.waitValue("a fact waits for the journal", true, storingWaits) // all other facts of its order key wait for it

	callAndWait(func() {
		if accept(fact("k", "bad")) == nil {
			t.Error("Accept of the bad fact: no error, want one")
		}
	})

	callAndWait(mustAccept("good"))
	callAndWait(func() {
		for tries := 9; tries > 0 && accept(fact("k", "first"), fact("k", "second")) != nil; { // as their source does
			tries--
		}
	})

	release()
	group.Wait()

	h.waitNumberApplied(4)
	h.wantAppliedOf("k", "before", "good", "first", "second")
}

// A fact that was erased with its customer isn't stored when it comes again.
func TestAcceptErasedFact(t *testing.T) {
	t.Parallel()
	h := newHarness(t, func(o *relay.Options) {
		o.Erased = func(account store.AccountID, id string) [16]byte { return [16]byte{byte(account), id[0]} }
	})
	h.exec(`INSERT INTO erased_facts (account_id, fact, erasure_id) VALUES ($1, $2, gen_random_uuid())`,
		mailAccount, [16]byte{byte(mailAccount), 'e'})
	h.start()
	h.accept(fact("k", "erased"), fact("k", "kept"))
	h.waitAppliedNames("kept")
	h.wantValue("stored events", 1, `SELECT count(*) FROM events`)
}

// An id may have any length, and needn't be text: it is looked up by its hash. Each such fact is accepted, and
// recognised when it comes again.
func TestAcceptAnyID(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.start()
	long := strings.Repeat("long", 3000)
	ids := []string{
		long + "1",
		long + "2", // differs behind what an index would take
		"with\x00zero",
		"\xff\xfe", // no UTF-8
	}
	for range 2 {
		for _, id := range ids {
			h.accept(channels.Fact{ExternalID: id, OrderKey: id, Payload: []byte("x")})
		}
	}
	h.waitNumberApplied(len(ids))

	const neverAccepted = "another"
	seen := must(store.SeenEvents(t.Context(), h.pool, mailAccount, append(ids, neverAccepted)))(t)
	for _, id := range ids {
		if !seen[id] {
			t.Errorf("the fact with an id of %d bytes, %.10q, is not known again", len(id), id)
		}
	}
	if len(seen) != len(ids) {
		t.Errorf("known facts: got %d, want %d", len(seen), len(ids))
	}
}

// A fact that its channel can't read is stored in quarantine. People are told of it once, and it is never applied.
func TestAcceptUnreadableFact(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.start()
	unreadable := fact("k", "unreadable")
	unreadable.Quarantine = "no idea"
	h.accept(unreadable, fact("k", "clear"))
	h.waitNumberApplied(1)
	h.accept(unreadable)
	h.wantReasons("no idea")
	h.wantNoticesOf("unreadable")
}

// A large payload is stored as a blob, in chunks of a MiB, and comes back whole.
func TestLargePayload(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	const size, chunks = 3 << 20, 3
	payload := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	got := make(chan []byte, 1)
	h.seePayload = func(body []byte) { got <- body }

	h.start()
	h.accept(channels.Fact{ExternalID: "big", OrderKey: "k", Payload: payload})
	h.waitNumberApplied(1)

	if body := storetest.Receive(t, got, "the payload is decoded"); !bytes.Equal(body, payload) {
		t.Errorf("decoded payload: got %d bytes, want the %d that were stored", len(body), len(payload))
	}
	h.wantValue("the event's row has no payload", true, `SELECT payload IS NULL FROM events`)
	h.wantValue("size in the event's row", size, `SELECT size_bytes FROM events`)
	h.wantValue("chunks of blobs", chunks, `SELECT count(*) FROM blob_chunks`)
}

// When too much waits to be stored, Accept refuses whole calls with ErrOverloaded and stores no fact of a refused call.
func TestOverload(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.start()
	release := h.holdJournal()
	const calls, factsPerCall = 40, 64
	var group sync.WaitGroup
	var accepted, refused atomic.Int64

	for call := range calls {
		group.Go(func() {
			var facts []channels.Fact
			for n := range factsPerCall {
				facts = append(facts, fact("k", fmt.Sprintf("%d.%d", call, n)))
			}
			err := h.Accept(context.Background(), mailAccount, facts...)
			switch {
			case err == nil:
				accepted.Add(1)
			case errors.Is(err, channels.ErrOverloaded):
				refused.Add(1)
			default:
				t.Errorf("call %d: Accept: %v", call, err)
			}
		})
	}

	h.waitValue("facts wait for the journal", true, storingWaits)
	h.waitUntil("a call is refused", func() bool { return h.Metrics().Refused.Load() > 0 })
	release()
	group.Wait()

	if accepted.Load() == 0 {
		t.Error("no call was accepted, want some")
	}
	if refused.Load() == 0 {
		t.Error("no call was refused, want some")
	}
	h.wantValue("stored events", accepted.Load()*factsPerCall, `SELECT count(*) FROM events`)
}
