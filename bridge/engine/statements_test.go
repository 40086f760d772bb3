package engine_test

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/relay"
	"parley/store/storetest"
)

// poolsOfEngine returns the pool of one more replica, and the sessions of its relay. If statements are counted, sessions
// is nil and the relay opens its own.
func (w *world) poolsOfEngine() (pool, sessions *pgxpool.Pool) {
	w.t.Helper()
	if w.opt.statements != nil {
		config := w.pool.Config()
		config.ConnConfig.Tracer = w.opt.statements
		pool = must(pgxpool.NewWithConfig(w.t.Context(), config))(w.t)
		w.t.Cleanup(pool.Close)
		return pool, nil
	}
	sessions = storetest.Further(w.t, w.pool, "sessions", relay.OpenSessions)
	if len(w.engines) == 0 {
		return w.pool, sessions
	}
	return storetest.Further(w.t, w.pool, "replica", openLikeIt), sessions
}

// openLikeIt opens one more pool with the settings of another.
func openLikeIt(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Pool, error) {
	return pgxpool.NewWithConfig(ctx, pool.Config())
}

// statements counts the statements of the transactions that apply customers' messages, and can let a query fail. It is a
// pgx.QueryTracer and a pgx.BatchTracer.
type statements struct {
	mu    sync.Mutex
	open  map[*pgx.Conn]*transaction
	taken []int  // statements of each transaction that has stored a message
	fails string // the first query that contains this text fails; "" means none does
}

type transaction struct {
	count  int
	stores bool // a message
}

func (s *statements) note(conn *pgx.Conn, sql string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[*pgx.Conn]*transaction{}
	}
	sql = strings.TrimSpace(sql)
	t := s.open[conn]
	switch {
	case strings.HasPrefix(sql, "begin"):
		s.open[conn] = &transaction{}
	case t == nil:
	case sql == "rollback":
		delete(s.open, conn)
	case sql == "commit":
		if t.stores {
			s.taken = append(s.taken, t.count)
		}
		delete(s.open, conn)
	default:
		t.count++
		t.stores = t.stores || strings.HasPrefix(sql, "INSERT INTO messages")
	}
}

// countTransactions returns how many transactions have stored messages since takeMiddle was called.
func (s *statements) countTransactions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.taken)
}

// takeMiddle returns the median of the numbers of statements that these transactions needed, and forgets them.
func (s *statements) takeMiddle() (middle int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.taken
	s.taken = nil
	slices.Sort(list)
	return list[len(list)/2]
}

func (s *statements) TraceQueryStart(ctx context.Context, conn *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	s.note(conn, d.SQL)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails == "" || !strings.Contains(d.SQL, s.fails) {
		return ctx
	}
	s.fails = ""
	failed, cancel := context.WithCancel(ctx)
	cancel()
	return failed
}

func (s *statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (s *statements) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

func (s *statements) TraceBatchQuery(_ context.Context, conn *pgx.Conn, d pgx.TraceBatchQueryData) {
	s.note(conn, d.SQL)
}

func (s *statements) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}
