package app

import (
	"context"
	"errors"
	"testing"

	"parley/store/pgserver"
)

// The embedded server starts within limits of its own, which are longer than what connecting may take: recovery after a crash
// isn't cut off.
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

// Where the environment names a server, none is started.
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
