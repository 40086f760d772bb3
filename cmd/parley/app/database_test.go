package app

import (
	"context"
	"errors"
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
