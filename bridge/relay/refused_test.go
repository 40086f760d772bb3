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

// poison has the database refuse what one delivery's result says.
func (s *stage) poison(sql string) {
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
	s := newStage(t).effects()
	s.poison(`ALTER TABLE deliveries ADD CHECK (external_id <> 'poison')`)
	for lane := store.GateID(1); lane <= 8; lane++ {
		s.lane(lane, 3)
	}
	s.start()
	s.eventually("23", `SELECT count(*) FROM deliveries WHERE state = 'accepted'`)
	s.state(2001, "needs_decision")
	s.eventually("2001:unclear", `SELECT name FROM effects WHERE name LIKE '2001:%'`)
	s.eventually("0", `SELECT count(*) FROM lanes WHERE head < tail`)
	if got := s.text(`SELECT error_text FROM deliveries WHERE id = 2001`); !strings.Contains(got, "database refused") {
		t.Errorf("its row says %q", got)
	}
	if got := s.sent(); strings.Count(got, "2001:") != 1 {
		t.Errorf("it was sent again: %s", got)
	}
}

// Where even that is refused nothing stands still, and nothing is sent a second time.
func TestRefusedForEver(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	s.poison(`ALTER TABLE deliveries ADD CHECK (id <> 2001 OR state IN ('queued', 'sending', 'unknown'))`)
	for lane := store.GateID(1); lane <= 4; lane++ {
		s.lane(lane, 3)
	}
	s.start()
	s.eventually("9", `SELECT count(*) FROM deliveries WHERE state = 'accepted'`)
	s.state(2001, "sending")
	s.age(2 * leaseSeconds)
	s.state(2001, "unknown")
	s.lane(9, 3)
	s.eventually("12", `SELECT count(*) FROM deliveries WHERE state = 'accepted'`)
	if got := s.sent(); strings.Count(got, "2001:") != 1 || strings.Contains(got, "2002:") {
		t.Errorf("sent %s", got)
	}
}

// A turn that collides with another transaction is tried again at once.
func TestTurnTriesCollisionsAgain(t *testing.T) {
	t.Parallel()
	warnings := &warningCount{Handler: slog.NewTextHandler(channelstest.Log(t), nil)}
	s := newStage(t, func(o *relay.Options) { o.Log = slog.New(warnings) }).effects()
	s.exec(`CREATE SEQUENCE collisions`)
	s.exec(`CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF NEW.head > OLD.head AND nextval('collisions') % 3 <> 0 THEN RAISE EXCEPTION 'collided' USING ERRCODE = '40P01'; END IF;
		RETURN NEW; END $$`)
	s.exec(`CREATE TRIGGER collide BEFORE UPDATE ON lanes FOR EACH ROW EXECUTE FUNCTION collide()`)
	s.lane(1, 1)
	s.start()
	s.state(1001, "accepted")
	s.stop()
	if n := warnings.n.Load(); n > 0 {
		t.Errorf("the dispatcher was in trouble %d times", n)
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
	for name, tt := range map[string]struct {
		err  error
		want bool
	}{
		"an argument that has no form in SQL": {pool.SendBatch(t.Context(), &bad).Close(), true},
		"a number that has no form in JSON":   {fmt.Errorf("store: rows: %w", unwritable), true},
		"a broken rule of a table":            {constraint, true},
		"a session that was lost":             {fmt.Errorf("store: turn: %w", io.ErrUnexpectedEOF), false},
		"a statement that took too long":      {fmt.Errorf("store: turn: %w", context.DeadlineExceeded), false},
		"a statement that was stopped":        {stopped, false},
		"a refused connection":                {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, false},
		"a full disk":                         {&pgconn.PgError{Code: "53100"}, false},
		"a database that may only be read":    {&pgconn.PgError{Code: "25006"}, false},
		"a table without permission":          {&pgconn.PgError{Code: "42501"}, false},
		"a lock that nobody gave":             {&pgconn.PgError{Code: "55P03"}, false},
		"a deadlock":                          {&pgconn.PgError{Code: "40P01"}, false},
		"a lane of somebody else":             {&pgconn.PgError{Code: "PY001"}, false},
	} {
		if got := relay.Refused(tt.err); got != tt.want || tt.err == nil {
			t.Errorf("%s: refused = %t: %v", name, got, tt.err)
		}
	}
}

// Somebody ends the session in which people are told of an event that is given up: they are told all the
// same. What can never be told goes into quarantine without a word, and holds up nobody.
func TestQuarantineIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		broken int32 // so many sessions
		told   string
	}{"once": {1, "poison"}, "always": {1 << 20, ""}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t).effects()
			var sessions atomic.Int32
			s.tells = func(ctx context.Context, tx pgx.Tx) error {
				if sessions.Add(1) > c.broken {
					return nil
				}
				_, err := tx.Exec(ctx, `SELECT pg_terminate_backend(pg_backend_pid())`)
				return err
			}
			s.decode = func(e store.Event) (any, error) {
				if e.ExternalID == "poison" {
					return nil, errors.New("no word of it")
				}
				return nil, nil
			}
			s.start()
			check(t, s.Accept(t.Context(), 7, fact("k", "poison"), fact("k", "next")))
			s.eventually("next", `SELECT string_agg(name, ' ') FROM effects`)
			s.eventually("1", `SELECT count(*) FROM quarantine`)
			if got := s.told(); got != c.told {
				t.Errorf("people were told of %q, want %q", got, c.told)
			}
		})
	}
}

// What an applier can't give back, because the disk is full, is free once there is room again, though the
// applier's session lives on.
func TestDiskFullAtRelease(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
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
	s.eventually("0", `SELECT count(*) FROM queues AS q WHERE q.holder IN (SELECT objid::int FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`)
	s.exec(`DELETE FROM full_disk`)
	s.eventually("a", `SELECT string_agg(name, ' ') FROM effects`)
}
