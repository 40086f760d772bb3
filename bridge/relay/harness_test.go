package relay_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/relay"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
	"parley/store/dispatch"
	"parley/store/storetest"
)

// patience bounds every wait; only a failing test uses it up.
const patience = 2 * time.Minute

// lease is the lease of every lane: only a test that lets so much time pass sees its end.
const lease = 2 * time.Minute

// stage is a relay on a database, with a handler that does what the test says. Applied events leave their names in the table effects,
// and those of which people are told when they are given up in the table told.
//
// What tests do with it:
//   - newStage makes one on a database of its own, stageOn a second one on the same database; start and stop run it.
//   - Accept (of relay.Relay) brings facts, journalSilently puts them into the journal without waking anybody, and keepAccepting
//     brings another account's, one by one, all the time.
//   - addLane, addLaneBehind, addGate and addGateWithRate make what there is to send. The deliveries of lane 1 are 1001, 1002 …
//   - passTime ends leases and pauses of what is sent, endWaits those of events.
//   - waitText, waitState, waitApplied and waitUntil wait; repeatUntil does something until it is enough.
//   - wantText, wantAttempts, wantLooks and wantApplied check what there is now.
type stage struct {
	t    *testing.T
	pool *pgxpool.Pool
	*relay.Relay
	stop func()

	mu sync.Mutex

	// What the handler does with events.
	payload func(body []byte)                                                // sees what is decoded
	decode  func(e store.Event) (any, error)                                 // nil means each event is readable
	apply   func(ctx context.Context, tx pgx.Tx, events []store.Event) error // before the effects are written
	waits   func(e store.Event) *relay.Wait                                  // why an event is not to be applied yet
	refuses func(e store.Event) error                                        // why an event can never be applied
	tells   func(ctx context.Context, tx pgx.Tx) error                       // before people are told of an event that is given up
	recheck func() []string                                                  // names that others have written
	written func(e store.Event) []string                                     // names that an event writes
	silent  bool                                                             // applying an event writes nothing into the table effects

	// What it does with deliveries.
	policy    relay.Policy
	send      func(ctx context.Context, c dispatch.Claimed) (relay.Sent, error)
	reconcile func(c dispatch.Claimed) (channels.Outcome, relay.Sent, error)

	// What it noted.
	attempts []string // delivery:attempt, in the order of the attempts
	looks    int      // how often it was asked what became of an attempt
	reports  []string // delivery:kind
}

// newStage makes a relay on a database of its own; start runs it.
func newStage(t *testing.T, change ...func(*relay.Options)) *stage {
	t.Helper()
	return stageOn(t, storetest.DB(t), change...)
}

// stageOn makes a relay on a database that a test has, beside others.
func stageOn(t *testing.T, pool *pgxpool.Pool, change ...func(*relay.Options)) *stage {
	t.Helper()
	s := &stage{t: t, pool: pool, policy: relay.Policy{RequestTimeout: time.Second, RetryFor: time.Hour, Backoff: []time.Duration{time.Millisecond}}}
	o := relay.Options{Pool: pool, Handler: s, Log: slog.New(slog.NewTextHandler(channelstest.Log(t), nil)), ReconcileAfter: time.Millisecond, AbsentAgain: time.Millisecond}
	for _, c := range change {
		c(&o)
	}
	r, err := relay.New(t.Context(), o)
	check(t, err)
	s.Relay = r
	s.exec(`CREATE TABLE IF NOT EXISTS effects (n bigint GENERATED ALWAYS AS IDENTITY, name text, key text)`)
	s.exec(`CREATE TABLE IF NOT EXISTS told (n bigint GENERATED ALWAYS AS IDENTITY, event_id bigint)`)
	return s
}

// start runs the relay until stop is called or the test ends.
func (s *stage) start() *stage {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, 10*time.Second) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Errorf("Run: %v", err)
		}
	})
	s.t.Cleanup(s.stop)
	return s
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *stage) Decode(e store.Event, payload []byte) (any, error) {
	s.mu.Lock()
	decode, see := s.decode, s.payload
	s.mu.Unlock()
	if see != nil {
		see(payload)
	}
	if decode == nil {
		return payload, nil
	}
	return decode(e)
}

// Apply writes the names of events into the table effects, in their order.
func (s *stage) Apply(ctx context.Context, tx pgx.Tx, b relay.Batch) (relay.Made, error) {
	var made relay.Made
	events := make([]store.Event, 0, len(b.Facts))
	for _, f := range b.Facts {
		events = append(events, f.Event)
	}
	s.mu.Lock()
	apply := s.apply
	s.mu.Unlock()
	made.Recheck = func(context.Context) ([]string, error) {
		if recheck := locked(s, func() func() []string { return s.recheck }); recheck != nil {
			return recheck(), nil
		}
		return nil, nil
	}
	if apply != nil {
		if err := apply(ctx, tx, events); err != nil {
			return relay.Made{}, err
		}
	}
	made.Write = &store.Pipeline{}
	left := map[string]bool{}
	for _, e := range events {
		if left[e.OrderKey] || s.leaveOut(e, &made) {
			left[e.OrderKey] = true
			continue
		}
		if s.written != nil {
			made.Written = append(made.Written, s.written(e)...)
		}
		if s.silent {
			continue
		}
		if _, err := made.Write.Exec(ctx, `INSERT INTO effects (name, key) VALUES ($1, $2)`, e.ExternalID, e.OrderKey); err != nil {
			return relay.Made{}, err
		}
	}
	return made, nil
}

// leaveOut reports whether an event is not to be applied.
func (s *stage) leaveOut(e store.Event, made *relay.Made) bool {
	if s.waits != nil {
		if w := s.waits(e); w != nil {
			w.EventID = e.ID
			made.Waits = append(made.Waits, *w)
			return true
		}
	}
	if s.refuses != nil {
		if err := s.refuses(e); err != nil {
			made.Refused = append(made.Refused, relay.EventError{EventID: e.ID, Err: err})
			return true
		}
	}
	return false
}

func (s *stage) Quarantined(ctx context.Context, tx pgx.Tx, e store.Event, _ string, _ bool) error {
	if s.tells != nil {
		if err := s.tells(ctx, tx); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO told (event_id) VALUES ($1)`, e.ID)
	return err
}

// toldEvents returns the external ids of the events of whose quarantine people were told, by any stage of this
// database. Only what was committed counts: of a quarantine that is rolled back nobody hears.
func (s *stage) toldEvents() string {
	s.t.Helper()
	return s.text(`SELECT coalesce(string_agg(e.external_id, ' ' ORDER BY t.n), '') FROM told AS t JOIN events AS e ON e.id = t.event_id`)
}

func (s *stage) Policy(dispatch.Claimed) relay.Policy {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.policy
}

func (s *stage) Attempts(_ context.Context, claims []dispatch.Claimed) []relay.Attempt {
	list := make([]relay.Attempt, 0, len(claims))
	for _, c := range claims {
		list = append(list, stageAttempt{s, c})
	}
	return list
}

// stageAttempt is an attempt that does what the test says.
type stageAttempt struct {
	*stage
	c dispatch.Claimed
}

func (a stageAttempt) Send(ctx context.Context) (relay.Sent, error) {
	s, c := a.stage, a.c
	s.mu.Lock()
	s.attempts = append(s.attempts, fmt.Sprintf("%d:%d", c.ID, c.Attempt))
	send := s.send
	s.mu.Unlock()
	if send == nil {
		return relay.Sent{ExternalID: fmt.Sprint("x", c.ID)}, nil
	}
	return send(ctx, c)
}

func (a stageAttempt) Reconcile(context.Context) (channels.Outcome, relay.Sent, error) {
	s, c := a.stage, a.c
	s.mu.Lock()
	s.looks++
	reconcile := s.reconcile
	s.mu.Unlock()
	if reconcile == nil {
		return channels.CannotTell, relay.Sent{}, errors.New("no way to look")
	}
	return reconcile(c)
}

func (s *stage) Facts(c dispatch.Claimed, r relay.Report) []store.NewEvent {
	name := fmt.Sprintf("%d:%s", c.ID, r.Kind)
	s.mu.Lock()
	s.reports = append(s.reports, name)
	s.mu.Unlock()
	return []store.NewEvent{{AccountID: store.SystemAccount, ExternalID: name, OrderKey: store.ConversationKey(c.ConversationID), Payload: []byte("{}")}}
}

func (s *stage) Timer(t store.Timer) store.NewEvent {
	return store.NewEvent{AccountID: store.SystemAccount, ExternalID: fmt.Sprintf("timer:%d:%s:%d", t.ConversationID, t.Kind, t.DueAt.UnixMicro()),
		OrderKey: store.ConversationKey(t.ConversationID), Payload: []byte("{}")}
}

// locked runs f while nothing else reads or changes the stage.
func locked[T any](s *stage, f func() T) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return f()
}

// attemptsMade returns the attempts as delivery:attempt, in their order.
func (s *stage) attemptsMade() string {
	return locked(s, func() string { return strings.Join(s.attempts, " ") })
}

// reported returns the reports on deliveries as delivery:kind.
func (s *stage) reported() []string {
	return locked(s, func() []string { return slices.Clone(s.reports) })
}
