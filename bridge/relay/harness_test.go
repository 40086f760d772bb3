package relay_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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

// leaseSeconds is the lease of every lane: only a test that ages it sees its end.
const leaseSeconds = 120

// stage is a relay with a handler that does what the test says.
type stage struct {
	t    *testing.T
	pool *pgxpool.Pool
	*relay.Relay
	stop func()

	mu        sync.Mutex
	policy    relay.Policy
	payload   func(body []byte)                                                // sees what is decoded
	decode    func(e store.Event) (any, error)                                 // nil means each event is readable
	apply     func(ctx context.Context, tx pgx.Tx, events []store.Event) error // before the effects are written
	waits     func(e store.Event) *relay.Wait                                  // nil means what is not to be applied yet
	refuses   func(e store.Event) error                                        // why an event can never be applied
	tells     func(ctx context.Context, tx pgx.Tx) error                       // before people are told of an event that is given up
	recheck   func() []string                                                  // names that others have written
	written   func(e store.Event) []string                                     // names that an event writes
	send      func(ctx context.Context, c dispatch.Claimed) (relay.Sent, error)
	reconcile func(c dispatch.Claimed) (channels.Outcome, relay.Sent, error)
	batches   []int
	decoded   int
	sends     []string // delivery:attempt, in the order of the attempts
	looks     int
	silent    bool     // applying an event writes nothing into the table effects
	reports   []string // delivery:kind
}

// newStage makes a relay on a database of its own; start runs it.
func newStage(t *testing.T, change ...func(*relay.Options)) *stage {
	t.Helper()
	return stageOn(t, storetest.DB(t), change...)
}

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
	s.decoded++
	s.mu.Unlock()
	if see != nil {
		see(payload)
	}
	if decode == nil {
		return payload, nil
	}
	return decode(e)
}

// Apply implements relay.Handler: it writes each event's name into the order of effects.
func (s *stage) Apply(ctx context.Context, tx pgx.Tx, b relay.Batch) (relay.Made, error) {
	var made relay.Made
	events := make([]store.Event, 0, len(b.Facts))
	for _, f := range b.Facts {
		events = append(events, f.Event)
	}
	s.mu.Lock()
	apply := s.apply
	s.batches = append(s.batches, len(events))
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

// told returns the external ids of the events of whose quarantine people were told, by any stage of this
// database. Only what was committed counts: of a quarantine that is rolled back nobody hears.
func (s *stage) told() string {
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
		list = append(list, try{s, c})
	}
	return list
}

// try is an attempt that does what the test says.
type try struct {
	*stage
	c dispatch.Claimed
}

func (t try) Send(ctx context.Context) (relay.Sent, error) {
	s, c := t.stage, t.c
	s.mu.Lock()
	s.sends = append(s.sends, fmt.Sprintf("%d:%d", c.ID, c.Attempt))
	send := s.send
	s.mu.Unlock()
	if send == nil {
		return relay.Sent{ExternalID: fmt.Sprint("x", c.ID)}, nil
	}
	return send(ctx, c)
}

func (t try) Reconcile(context.Context) (channels.Outcome, relay.Sent, error) {
	s, c := t.stage, t.c
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

func (s *stage) sent() string { return locked(s, func() string { return strings.Join(s.sends, " ") }) }

func (s *stage) exec(sql string, args ...any) {
	s.t.Helper()
	if _, err := s.pool.Exec(s.t.Context(), sql, args...); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
}

// text reads one value as text, "" when there is none.
func (s *stage) text(sql string, args ...any) string {
	s.t.Helper()
	var got string
	if err := s.pool.QueryRow(s.t.Context(), `SELECT coalesce((`+sql+`)::text, '')`, args...).Scan(&got); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	return got
}

// eventually polls until a query gives a value.
func (s *stage) eventually(want, sql string, args ...any) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		got := s.text(sql, args...)
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s is %q, want %q; sends %s", sql, got, want, s.sent())
		}
		timer := time.NewTimer(3 * time.Millisecond)
		<-timer.C
	}
}

// until polls until something holds that no query tells.
func (s *stage) until(what string, done func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for !done() {
		if time.Now().After(deadline) {
			s.t.Fatalf("waited in vain: %s", what)
		}
		timer := time.NewTimer(time.Millisecond)
		<-timer.C
	}
}

// effects makes the table in which Apply leaves its traces.
func (s *stage) effects() *stage {
	s.exec(`CREATE TABLE IF NOT EXISTS effects (n bigint GENERATED ALWAYS AS IDENTITY, name text, key text)`)
	return s
}

// lane makes a lane that is due, with n queued deliveries: ids are lane·1000 + seq.
func (s *stage) lane(id store.GateID, n int) {
	s.t.Helper()
	s.gate(1, 0, 1)
	s.laneOn(1, id, 1, n)
}

func (s *stage) gate(id store.GateID, perSecond float64, burst int) {
	s.t.Helper()
	s.exec(`INSERT INTO gates (id, account_id, key, per_second, burst) OVERRIDING SYSTEM VALUE VALUES ($1, 1, $4, $2, $3) ON CONFLICT DO NOTHING`,
		id, perSecond, burst, fmt.Sprint("g", id))
}

func (s *stage) laneOn(gate, id store.GateID, priority, n int) {
	s.t.Helper()
	s.exec(`WITH l AS (INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, priority, tail, due_at, lease_seconds)
			VALUES ($1::bigint, 1, $6, $1, $2, $3, $4, parley_now(), $5))
		INSERT INTO deliveries (id, lane_id, seq, kind, created_at) SELECT $1 * 1000 + n, $1, n, 'reply', parley_now() FROM generate_series(1, $4::int) AS n`,
		id, gate, priority, n, float64(leaseSeconds), fmt.Sprint("c", id))
	s.Wake()
}

// queued is the number of events that are not applied.
const queued = `SELECT count(*) FROM queued`

// dueNow ends the waits of all queues.
func (s *stage) dueNow() {
	s.t.Helper()
	s.exec(`UPDATE queues SET due_at = clock_timestamp() WHERE due_at > clock_timestamp()`)
}

// age lets time pass for everything that runs: leases, attempts and looks.
func (s *stage) age(seconds int) {
	s.t.Helper()
	s.exec(`UPDATE deliveries SET first_at = first_at - make_interval(secs => $1), sent_at = sent_at - make_interval(secs => $1), absent_at = absent_at - make_interval(secs => $1)`, seconds)
	s.exec(`UPDATE lanes SET due_at = due_at - make_interval(secs => $1), leased_until = leased_until - make_interval(secs => $1) WHERE due_at IS NOT NULL`, seconds)
	s.Wake()
}

// state waits until a delivery is in a state.
func (s *stage) state(id int64, want string) {
	s.t.Helper()
	s.eventually(want, `SELECT state FROM deliveries WHERE id = $1`, id)
}

func fails(class channels.Class) func(context.Context, dispatch.Claimed) (relay.Sent, error) {
	return func(context.Context, dispatch.Claimed) (relay.Sent, error) {
		return relay.Sent{}, &channels.SendError{Class: class, Text: "It did not work."}
	}
}

// first fails the first attempt at each delivery.
func first(class channels.Class) func(context.Context, dispatch.Claimed) (relay.Sent, error) {
	return func(ctx context.Context, c dispatch.Claimed) (relay.Sent, error) {
		if c.Attempt == 1 {
			return fails(class)(ctx, c)
		}
		return relay.Sent{}, nil
	}
}

func fact(key, name string) channels.Fact {
	return channels.Fact{ExternalID: name, OrderKey: key, Payload: []byte(name)}
}
