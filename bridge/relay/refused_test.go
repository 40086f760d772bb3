package relay_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"parley/bridge/relay"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
	"parley/store/dispatch"
	"parley/store/storetest"
)

// A result (what became of an attempt to send) is refused if the database doesn't take its contents. The tests of this
// file let that happen to one delivery among many.

// refusedLane is the lane whose first delivery has a result that the database refuses.
const refusedLane = 2

// sendOneWithBadID makes each attempt succeed. The external id of the first delivery of refusedLane is "poison", all
// others are "fine".
func (h *harness) sendOneWithBadID() {
	h.send = func(_ context.Context, c dispatch.Claimed) (relay.Sent, error) {
		if c.ID == deliveryID(refusedLane, 1) {
			return relay.Sent{ExternalID: "poison"}, nil
		}
		return relay.Sent{ExternalID: "fine"}, nil
	}
	h.reconcile = find(channels.CannotTell)
}

// addLanes makes lanes with the ids 1 to n.
func (h *harness) addLanes(n store.LaneID, perLane int) {
	h.t.Helper()
	for id := store.LaneID(1); id <= n; id++ {
		h.addLane(id, perLane)
	}
}

// If the database refuses the result of a reply, a person has to decide. If it refuses the result of a post, about
// which nobody is asked, the post has failed. All other deliveries go on, also those behind it in its lane.
func TestRefusedResult(t *testing.T) {
	t.Parallel()
	t.Run("of a reply", func(t *testing.T) { testRefusedResult(t, false, store.NeedsDecision, relay.ReportUnclear) })
	t.Run("of a post", func(t *testing.T) { testRefusedResult(t, true, store.Failed, relay.ReportFailed) })
}

func testRefusedResult(t *testing.T, isPost bool, wantState store.DeliveryState, wantKind relay.ReportKind) {
	t.Parallel()
	const lanes, perLane = 8, 3
	refused := deliveryID(refusedLane, 1)
	h := newHarness(t)
	h.policy.PreferDouble = isPost
	h.exec(`ALTER TABLE deliveries ADD CHECK (external_id <> 'poison')`)
	h.sendOneWithBadID()
	h.addLanes(lanes, perLane)
	h.start()

	h.waitNumberAccepted(lanes*perLane - 1)
	h.waitState(refused, wantState)
	wanted := report{Delivery: refused, Kind: wantKind}
	h.waitValue("applied reports on the refused delivery", wanted.factName(),
		`SELECT string_agg(name, ' ') FROM effects WHERE name LIKE $1`, fmt.Sprintf("%d:%%", refused))
	h.waitValue("lanes in which something waits", 0, `SELECT count(*) FROM lanes WHERE head < tail`)
	h.wantValue("its error says that the database refused it", true,
		`SELECT error_text LIKE '%database refused%' FROM deliveries WHERE id = $1`, refused)
	h.wantAttemptsAt(refused, 1)
}

// If the database doesn't even take that a person has to decide, all other deliveries still go on, and nothing is sent
// a second time.
func TestRefusedForEver(t *testing.T) {
	t.Parallel()
	const lanes, perLane = 4, 3
	refused, behind := deliveryID(refusedLane, 1), deliveryID(refusedLane, 2)
	h := newHarness(t)
	h.exec(fmt.Sprintf(`ALTER TABLE deliveries ADD CHECK (id <> %d OR state IN ('queued', 'sending', 'unknown'))`, refused))
	h.sendOneWithBadID()
	h.addLanes(lanes, perLane)
	h.start()
	h.waitNumberAccepted((lanes - 1) * perLane)
	h.waitState(refused, store.Sending)

	h.passTime(2 * leaseTime)
	h.waitState(refused, store.Unknown)
	const laterLane = 9
	h.addLane(laterLane, perLane)
	h.waitNumberAccepted(lanes * perLane)
	h.wantAttemptsAt(refused, 1)
	h.wantAttemptsAt(behind, 0)
}

// failTurns makes the dispatcher's transactions that have a result fail with these codes, one after the other. Then
// they succeed.
func (h *harness) failTurns(codes ...string) {
	h.t.Helper()
	h.exec(`CREATE SEQUENCE turns`)
	h.exec(fmt.Sprintf(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
		DECLARE
			code text;
		BEGIN
			IF NEW.head > OLD.head THEN
				code := ('{%s}'::text[])[nextval('turns')];
			END IF;
			IF code IS NOT NULL THEN
				RAISE EXCEPTION 'failed' USING ERRCODE = code;
			END IF;
			RETURN NEW;
		END $$`, strings.Join(codes, ",")))
	h.exec(`CREATE TRIGGER fail BEFORE UPDATE ON lanes FOR EACH ROW EXECUTE FUNCTION fail()`)
}

// If a transaction of the dispatcher collides with another one, it is tried again at once, without a warning in the
// log.
func TestTurnTriesCollisionsAgain(t *testing.T) {
	t.Parallel()
	warnings := &warningCount{Handler: slog.NewTextHandler(channelstest.Log(t), nil)}
	h := newHarness(t, func(o *relay.Options) { o.Log = slog.New(warnings) })
	h.failTurns("40P01", "40P01")
	reply := h.addReply()
	h.start()
	h.waitState(reply, store.Accepted)
	h.stop()
	if got := warnings.n.Load(); got != 0 {
		t.Errorf("warnings in the log: got %d, want none", got)
	}
}

// If the database refuses a result together with others, the result is written alone. While the disk is full it waits,
// and nobody is asked about it.
func TestRefusedResultMeetsAFullDisk(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.failTurns("23514", "53100")
	reply := h.addReply()
	h.start()
	h.waitState(reply, store.Accepted)
	h.wantAttemptsAt(reply, 1)
}

// warningCount is a log that counts warnings.
type warningCount struct {
	slog.Handler
	n atomic.Int64
}

func (w *warningCount) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		w.n.Add(1)
	}
	return w.Handler.Handle(ctx, r)
}

// These errors are the database's answer to what a result contains, so the result is refused.
func TestErrorsThatRefuseAResult(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	var withoutForm pgx.Batch
	withoutForm.Queue(`SELECT $1::timestamptz`, "no time at all")
	withoutForm.Queue(`SELECT $1::timestamptz`, struct{ n int }{7})
	_, notInJSON := json.Marshal(math.NaN())
	_, constraint := pool.Exec(t.Context(), `INSERT INTO queue_events (queue_id, place, event_id) VALUES (1, 1, NULL)`)
	tests := []struct {
		name string
		err  error
	}{
		{name: "an argument that has no form in SQL", err: pool.SendBatch(t.Context(), &withoutForm).Close()},
		{name: "a number that has no form in JSON", err: fmt.Errorf("store: rows: %w", notInJSON)},
		{name: "a broken rule of a table", err: constraint},
	}

	for _, tt := range tests {
		if tt.err == nil {
			t.Errorf("%s: there was no error", tt.name)
		} else if !relay.Refused(tt.err) {
			t.Errorf("%s: Refused(%v) = false, want true", tt.name, tt.err)
		}
	}
}

// These errors say nothing about what a result contains. The result waits, unchanged, and nobody is asked about it.
func TestErrorsThatRefuseNoResult(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, stopped := pool.Exec(ended, `SELECT 1`)
	tests := []struct {
		name string
		err  error
	}{
		{name: "a session that was lost", err: fmt.Errorf("store: turn: %w", io.ErrUnexpectedEOF)},
		{name: "a statement that took too long", err: fmt.Errorf("store: turn: %w", context.DeadlineExceeded)},
		{name: "a statement that was stopped", err: stopped},
		{name: "a refused connection", err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}},
		{name: "a full disk", err: &pgconn.PgError{Code: "53100"}},
		{name: "a database that may only be read", err: &pgconn.PgError{Code: "25006"}},
		{name: "a table without permission", err: &pgconn.PgError{Code: "42501"}},
		{name: "a lock that wasn't granted", err: &pgconn.PgError{Code: "55P03"}},
		{name: "a deadlock", err: &pgconn.PgError{Code: "40P01"}},
		{name: "a lane that another process has", err: &pgconn.PgError{Code: "PY001"}},
	}

	for _, tt := range tests {
		if tt.err == nil {
			t.Errorf("%s: there was no error", tt.name)
		} else if relay.Refused(tt.err) {
			t.Errorf("%s: Refused(%v) = true, want false", tt.name, tt.err)
		}
	}
}

// failReleases makes each change of a queue fail as if the disk were full, while the table full_disk has a row.
func (h *harness) failReleases() {
	h.t.Helper()
	h.exec(`CREATE TABLE full_disk (n int)`)
	h.exec(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF EXISTS (SELECT FROM full_disk) THEN
				RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100';
			END IF;
			RETURN NEW;
		END $$`)
	h.exec(`CREATE TRIGGER refuse BEFORE UPDATE ON queues FOR EACH ROW EXECUTE FUNCTION refuse()`)
}

// If an applier can't give a queue back because the disk is full, the queue is free once there is room again, although
// the applier's session still exists.
func TestDiskFullAtRelease(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.failReleases()
	var once sync.Once
	filled := make(chan error, 1)
	h.apply = func(ctx context.Context, _ pgx.Tx, _ []store.Event) (err error) {
		once.Do(func() { // the disk is full from the first batch on
			_, failed := h.pool.Exec(ctx, `INSERT INTO full_disk VALUES (1)`)
			filled <- failed
			err = &pgconn.PgError{Code: "53100", Message: "No space left on device"}
		})
		return err
	}

	h.start()
	h.accept(fact("k", "a"))
	check(t, storetest.Receive(t, filled, "the disk is full"))

	// A holder is an advisory lock of the applier's session. It is given up, so that the queue counts as free.
	h.waitValue("queues whose holder is at work", 0, `SELECT count(*) FROM queues AS q WHERE q.holder IN (
		SELECT objid::int FROM pg_locks
		WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`)

	h.exec(`DELETE FROM full_disk`)
	h.waitAppliedNames("a")
}
