package relay_test

import (
	"context"
	"encoding/json"
	"errors"
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

// refuseResult has the database refuse what one delivery's result says.
func (s *stage) refuseResult(sql string) {
	s.t.Helper()
	s.exec(sql)
	s.send = func(_ context.Context, c dispatch.Claimed) (relay.Sent, error) {
		if c.ID == 2001 {
			return relay.Sent{ExternalID: "poison"}, nil
		}
		return relay.Sent{ExternalID: "fine"}, nil
	}
	s.reconcile = func(dispatch.Claimed) (channels.Outcome, relay.Sent, error) {
		return channels.CannotTell, relay.Sent{}, nil
	}
}

// A result that the database refuses goes to a person; the others, and what waits behind it, go on.
func TestRefusedResult(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.refuseResult(`ALTER TABLE deliveries ADD CHECK (external_id <> 'poison')`)
	const lanes, each = 8, 3
	for lane := range store.GateID(lanes) {
		s.addLane(1+lane, each)
	}
	s.start()
	s.waitText(fmt.Sprint(lanes*each-1), `SELECT count(*) FROM deliveries WHERE state = 'accepted'`)
	s.waitState(2001, "needs_decision")
	s.waitText("2001:unclear", `SELECT name FROM effects WHERE name LIKE '2001:%'`)
	s.waitText("0", `SELECT count(*) FROM lanes WHERE head < tail`)
	s.wantText("true", `SELECT error_text LIKE '%database refused%' FROM deliveries WHERE id = 2001`)
	if got := s.attemptsMade(); strings.Count(got, "2001:") != 1 {
		t.Errorf("the attempts were %q, want one at 2001", got)
	}
}

// Where even that is refused nothing stands still, and nothing is sent a second time.
func TestRefusedForEver(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.refuseResult(`ALTER TABLE deliveries ADD CHECK (id <> 2001 OR state IN ('queued', 'sending', 'unknown'))`)
	const lanes, each = 4, 3
	for lane := range store.GateID(lanes) {
		s.addLane(1+lane, each)
	}
	s.start()
	s.waitText(fmt.Sprint((lanes-1)*each), `SELECT count(*) FROM deliveries WHERE state = 'accepted'`) // all but those of lane 2
	s.waitState(2001, "sending")
	s.passTime(2 * lease)
	s.waitState(2001, "unknown")
	s.addLane(9, each)
	s.waitText(fmt.Sprint(lanes*each), `SELECT count(*) FROM deliveries WHERE state = 'accepted'`)
	if got := s.attemptsMade(); strings.Count(got, "2001:") != 1 || strings.Contains(got, "2002:") {
		t.Errorf("the attempts were %q, want one at 2001 and none at 2002, which is behind it", got)
	}
}

// A turn that collides with another transaction is tried again at once.
func TestTurnTriesCollisionsAgain(t *testing.T) {
	t.Parallel()
	warnings := &warningCount{Handler: slog.NewTextHandler(channelstest.Log(t), nil)}
	s := newStage(t, func(o *relay.Options) { o.Log = slog.New(warnings) })
	s.exec(`CREATE SEQUENCE collisions`)
	s.exec(`CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF NEW.head > OLD.head AND nextval('collisions') % 3 <> 0 THEN RAISE EXCEPTION 'collided' USING ERRCODE = '40P01'; END IF;
		RETURN NEW; END $$`)
	s.exec(`CREATE TRIGGER collide BEFORE UPDATE ON lanes FOR EACH ROW EXECUTE FUNCTION collide()`)
	s.addLane(1, 1)
	s.start()
	s.waitState(1001, "accepted")
	s.stop()
	if n := warnings.n.Load(); n > 0 {
		t.Errorf("the dispatcher was in trouble %d times, want none", n)
	}
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

// Only what the database answers to a result speaks against it. While nothing is known of the
// database, a result waits, and is neither changed nor put to a person.
func TestRefusedErrors(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	var bad pgx.Batch
	bad.Queue(`SELECT $1::timestamptz`, "no time at all")
	bad.Queue(`SELECT $1::timestamptz`, struct{ n int }{7})
	_, unwritable := json.Marshal(math.NaN())
	_, constraint := pool.Exec(t.Context(), `INSERT INTO queue_events (queue_id, place, event_id) VALUES (1, 1, NULL)`)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	_, stopped := pool.Exec(over, `SELECT 1`)
	refusals := map[string]error{
		"an argument that has no form in SQL": pool.SendBatch(t.Context(), &bad).Close(),
		"a number that has no form in JSON":   fmt.Errorf("store: rows: %w", unwritable),
		"a broken rule of a table":            constraint,
	}
	for name, err := range refusals {
		if err == nil || !relay.Refused(err) {
			t.Errorf("%s, %v, doesn't count as refused", name, err)
		}
	}
	troubles := map[string]error{
		"a session that was lost":          fmt.Errorf("store: turn: %w", io.ErrUnexpectedEOF),
		"a statement that took too long":   fmt.Errorf("store: turn: %w", context.DeadlineExceeded),
		"a statement that was stopped":     stopped,
		"a refused connection":             &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED},
		"a full disk":                      &pgconn.PgError{Code: "53100"},
		"a database that may only be read": &pgconn.PgError{Code: "25006"},
		"a table without permission":       &pgconn.PgError{Code: "42501"},
		"a lock that nobody gave":          &pgconn.PgError{Code: "55P03"},
		"a deadlock":                       &pgconn.PgError{Code: "40P01"},
		"a lane of somebody else":          &pgconn.PgError{Code: "PY001"},
	}
	for name, err := range troubles {
		if err == nil || relay.Refused(err) {
			t.Errorf("%s, %v, counts as refused", name, err)
		}
	}
}

// Somebody ends the session in which people are told of an event that is given up: they are told all the
// same. What can never be told goes into quarantine without a word, and holds up nobody.
func TestQuarantineIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		endedSessions int32
		wantTold      string
	}{
		"once":   {endedSessions: 1, wantTold: "poison"},
		"always": {endedSessions: math.MaxInt32, wantTold: ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			var sessions atomic.Int32
			s.tells = func(ctx context.Context, tx pgx.Tx) error {
				if sessions.Add(1) > c.endedSessions {
					return nil
				}
				return endSession(ctx, tx)
			}
			s.decodePoison(func() error { return errors.New("no word of it") })
			s.start()
			check(t, s.Accept(t.Context(), 7, fact("k", "poison"), fact("k", "next")))
			s.waitText("next", `SELECT string_agg(name, ' ') FROM effects`)
			s.waitText("1", `SELECT count(*) FROM quarantine`)
			s.wantTold(c.wantTold)
		})
	}
}

// What an applier can't give back, because the disk is full, is free once there is room again, though the
// applier's session lives on.
func TestDiskFullAtRelease(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.exec(`CREATE TABLE full_disk (n int)`)
	s.exec(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF EXISTS (SELECT FROM full_disk) THEN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END IF;
		RETURN NEW; END $$`)
	s.exec(`CREATE TRIGGER refuse BEFORE UPDATE ON queues FOR EACH ROW EXECUTE FUNCTION refuse()`)
	var full sync.Once
	refused := make(chan struct{})
	s.apply = func(ctx context.Context, _ pgx.Tx, _ []store.Event) (err error) {
		full.Do(func() {
			_, _ = s.pool.Exec(ctx, `INSERT INTO full_disk VALUES (1)`)
			err = &pgconn.PgError{Code: "53100", Message: "No space left on device"}
			close(refused)
		})
		return err
	}
	s.start()
	check(t, s.Accept(t.Context(), 7, fact("k", "a")))
	<-refused
	s.waitText("0", `SELECT count(*) FROM queues AS q WHERE q.holder IN
		(SELECT objid::int FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`)
	s.exec(`DELETE FROM full_disk`)
	s.waitText("a", `SELECT string_agg(name, ' ') FROM effects`)
}
