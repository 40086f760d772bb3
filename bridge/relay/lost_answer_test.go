package relay_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/relay"
	"parley/store"
)

// losingConn is a connection to the database that breaks once isCommitted returns true, instead of passing on an answer.
type losingConn struct {
	net.Conn

	isCommitted atomic.Pointer[func() bool] // nil: it doesn't break
}

func (c *losingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if isCommitted := c.isCommitted.Load(); err == nil && isCommitted != nil && (*isCommitted)() {
		_ = c.Conn.Close()
		return 0, io.EOF
	}
	return n, err
}

// newLosingHarness makes a harness whose relay can lose the answer to a commit. lose does so, once, to the commit of a transaction
// after which the query has a row.
func newLosingHarness(t *testing.T) (h *harness, lose func(tx pgx.Tx, query string)) {
	t.Helper()
	h = newHarness(t, func(o *relay.Options) {
		config := o.Pool.Config()
		dial := config.ConnConfig.DialFunc
		config.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			return &losingConn{Conn: conn}, err
		}
		o.Pool = must(pgxpool.NewWithConfig(t.Context(), config))(t)
		t.Cleanup(o.Pool.Close)
	})
	var wasLost atomic.Bool
	return h, func(tx pgx.Tx, query string) {
		isCommitted := func() bool { return h.value(query) != "" && wasLost.CompareAndSwap(false, true) }
		tx.Conn().PgConn().Conn().(*losingConn).isCommitted.Store(&isCommitted)
	}
}

// If the answer to the commit that ends an event is lost, the event has ended, and its queue moves on by that event alone. An event
// that was to be given up after this attempt counts as applied.
func TestLostAnswerOfTheCommitThatEndsAnEvent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		fail        func(h *harness, lose func(tx pgx.Tx, query string)) // sets what happens to the poison
		wantApplied []string
		wantNotices []string
	}{
		{
			name: "a quarantine",
			fail: func(h *harness, lose func(tx pgx.Tx, query string)) {
				h.decodePoison(func() error { return errors.New("unreadable") })
				h.beforeNotice = func(_ context.Context, tx pgx.Tx) error {
					lose(tx, `SELECT 1 FROM quarantine`)
					return nil
				}
			},
			wantApplied: []string{"before", "second", "third"},
			wantNotices: []string{"poison"},
		},
		{
			name: "the last try",
			fail: func(h *harness, lose func(tx pgx.Tx, query string)) {
				h.applyPoison(func(_ context.Context, tx pgx.Tx, _ []store.Event) error {
					if h.poisonTries < 5 {
						return errors.New("not today")
					}
					lose(tx, `SELECT 1 FROM effects WHERE name = 'poison'`)
					return nil
				})
			},
			wantApplied: []string{"before", "poison", "second", "third"},
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, lose := newLosingHarness(t)
			tt.fail(h, lose)
			h.start()
			h.accept(fact("k", "before"), poison("k"), fact("k", "second"), fact("k", "third"))
			h.makeQueuesDueUntil("nothing is queued", func() bool { return h.value(queuedEvents) == "0" })
			h.wantAppliedOf("k", tt.wantApplied...)
			h.wantNoticesOf(tt.wantNotices...)
			h.wantValue("events in quarantine", len(tt.wantNotices), quarantinedEvents)
		})
	}
}
