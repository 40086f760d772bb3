package storetest

import (
	"testing"
	"time"
)

// recorder stands for a test that is expected to fail.
type recorder struct {
	testing.TB
	failed   bool
	cleanups []func()
}

func (r *recorder) Helper()               {}
func (r *recorder) Error(...any)          { r.failed = true }
func (r *recorder) Errorf(string, ...any) { r.failed = true }
func (r *recorder) Cleanup(f func())      { r.cleanups = append(r.cleanups, f) }

func TestConnectionNeverGivenBackFailsItsTest(t *testing.T) {
	t.Parallel()
	user := &recorder{TB: t}
	pool := open(user, URL(t))
	conn := Must(pool.Acquire(t.Context()))(t)
	closePool(user, pool, 50*time.Millisecond)
	if !user.failed {
		t.Error("a test passed that never gave its connection back")
	}
	conn.Release()
}
