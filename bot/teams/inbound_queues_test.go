package teams

import (
	"context"
	"errors"
	"testing"
)

// Activities of one thread go one after the other, in the order of their coming, and those of another thread don't wait for them.
func TestActivitiesOfAThreadGoInOrder(t *testing.T) {
	t.Parallel()
	q := &Queues{}
	leaveFirst := mustEnter(t, q, "thread")
	second := q.add("thread")

	mustEnter(t, q, "other thread")()
	if isFirst(second) {
		t.Fatal("the second activity goes before the first has left")
	}
	leaveFirst()

	if !isFirst(second) {
		t.Error("the second activity still waits after the first has left")
	}
	q.remove("thread", second)
	if len(q.waiting) != 0 {
		t.Errorf("%d queues are left, want none", len(q.waiting))
	}
}

// The sender of an activity that waits hangs up. The one behind it goes on waiting for the one before it.
func TestWaiterThatGivesUpLetsNobodyPass(t *testing.T) {
	t.Parallel()
	q := &Queues{}
	leaveFirst := mustEnter(t, q, "thread")
	hungUp, hangUp := context.WithCancel(t.Context())
	hangUp()
	leaveSecond, err := q.Enter(hungUp, "thread")
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("the second activity's wait ended with %v, want %v", err, context.Canceled)
	}
	third := q.add("thread")

	leaveSecond()
	if isFirst(third) {
		t.Fatal("the third activity goes before the first has left")
	}
	leaveFirst()

	if !isFirst(third) {
		t.Error("the third activity still waits though nobody is before it")
	}
}

// mustEnter enters the queue of a thread in which nobody waits.
func mustEnter(t *testing.T, q *Queues, thread string) (leave func()) {
	t.Helper()
	leave, err := q.Enter(t.Context(), thread)
	if err != nil {
		t.Fatal(err)
	}
	return leave
}

// isFirst reports whether an activity is the first of its queue, by the channel that add returned for it.
func isFirst(turn chan struct{}) bool {
	select {
	case <-turn:
		return true
	default:
		return false
	}
}
