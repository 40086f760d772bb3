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

// runCleanups does what the end of the test does.
func (r *recorder) runCleanups() {
	for len(r.cleanups) > 0 {
		last := len(r.cleanups) - 1
		cleanup := r.cleanups[last]
		r.cleanups = r.cleanups[:last]
		cleanup()
	}
}

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

func TestCommitInTheSharedDatabaseFailsItsTest(t *testing.T) {
	t.Parallel()
	user := &recorder{TB: t}
	Check(t, Tx(user).Commit(t.Context()))
	user.runCleanups()
	if !user.failed {
		t.Error("a test passed that committed its transaction")
	}
}
