package app

import (
	"context"
	"errors"
	"strings"
	"testing"

	"parley/store/pgserver"
)

// The embedded server starts within limits of its own, which are longer than those of connecting, so that recovery after a
// crash isn't cut off.
func TestEmbeddedServerHasItsOwnLimits(t *testing.T) {
	t.Parallel()
	errStarted := errors.New("started")
	isLimited := false
	db := &Database{}
	err := db.startEmbedded(t.Context(), pgserver.Options{}, func(ctx context.Context, _ pgserver.Options) (*pgserver.Server, error) {
		_, isLimited = ctx.Deadline()
		return nil, errStarted
	})
	if !errors.Is(err, errStarted) {
		t.Errorf("got the error %v, want that of the start", err)
	}
	if isLimited {
		t.Error("the start is limited by its caller")
	}
}

// If the environment names a server, Parley starts no embedded one.
func TestNoEmbeddedServerBesideAnother(t *testing.T) {
	t.Parallel()
	db := &Database{url: "postgres://db.acme.test/parley"}
	err := db.startEmbedded(t.Context(), pgserver.Options{}, func(context.Context, pgserver.Options) (*pgserver.Server, error) {
		return nil, errors.New("started")
	})
	if err != nil {
		t.Errorf("got the error %v, want none", err)
	}
}

// If a server can't be reached, the error tells people to look at DATABASE_URL, unless that has nothing to do with it.
func TestHintAtDatabaseURL(t *testing.T) {
	t.Parallel()
	ended, end := context.WithCancel(t.Context())
	end()
	const nobodyListens = "postgres://127.0.0.1:1/parley"
	for _, tt := range []struct {
		name     string
		ctx      context.Context
		db       Database
		wantHint bool
	}{
		{name: "a server of one's own", ctx: t.Context(), db: Database{url: nobodyListens}, wantHint: true},
		{name: "the embedded server", ctx: t.Context(), db: Database{url: nobodyListens, server: &pgserver.Server{}}},
		{name: "the process is to end", ctx: ended, db: Database{url: nobodyListens}},
	} {
		err := tt.db.connect(tt.ctx)
		if tt.db.Pool != nil {
			tt.db.Pool.Close()
		}
		if err == nil || strings.Contains(err.Error(), "DATABASE_URL") != tt.wantHint {
			t.Errorf("%s: got the error %v; hint at DATABASE_URL wanted: %t", tt.name, err, tt.wantHint)
		}
	}
}
