package demo

import (
	"context"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/relay"
	"parley/cmd/parley/app"
	"parley/store/storetest"
)

// shelf keeps the databases of a suite's stories. A story takes one that an earlier story has put
// back, emptied and with its sessions open, or else a new one.
type shelf struct {
	t    *testing.T
	mu   sync.Mutex
	free []*shelved
}

// shelved is a database with what stays open of it between stories.
type shelved struct {
	db    *app.Database
	url   string
	fresh *storetest.Fresh
	// sessions are those of the relays of replicas, one after the other: they stay for the next story, too.
	sessions []*pgxpool.Pool
}

// sessionsOf returns the sessions of a replica's relay; the first is 0.
func (d *shelved) sessionsOf(ctx context.Context, replica int) (*pgxpool.Pool, error) {
	for len(d.sessions) <= replica {
		sessions, err := relay.OpenSessions(context.WithoutCancel(ctx), d.db.Pool)
		if err != nil {
			return nil, err
		}
		d.sessions = append(d.sessions, sessions)
	}
	return d.sessions[replica], nil
}

func (d *shelved) close() {
	for _, sessions := range d.sessions {
		sessions.Close()
	}
	d.db.Close()
}

// newShelf makes one that is cleared at the suite's end.
func newShelf(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{t: t}
	t.Cleanup(func() {
		for _, d := range s.free {
			d.close()
		}
	})
	return s
}

// take opens a database for a stage; migrated but for its master key.
func (s *shelf) take(st *stage) (*shelved, error) {
	s.mu.Lock()
	if last := len(s.free) - 1; last >= 0 {
		defer s.mu.Unlock()
		d := s.free[last]
		s.free = s.free[:last]
		return d, nil
	}
	s.mu.Unlock()
	d := &shelved{url: storetest.URL(s.t)}
	env := st.env
	env.DatabaseURL = d.url
	var err error
	if d.db, err = app.OpenDatabase(st.ctx, env, st.log, func(string) {}); err != nil {
		return nil, err
	}
	if d.fresh, err = storetest.Remember(st.ctx, d.db.Pool); err != nil {
		d.db.Close()
		return nil, err
	}
	return d, nil
}

// put takes a database back that no Parley works with any more.
func (s *shelf) put(st *stage, d *shelved) {
	if err := d.fresh.Restore(st.ctx, d.sessions...); err != nil {
		s.t.Error(err)
		d.close()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, d)
}
