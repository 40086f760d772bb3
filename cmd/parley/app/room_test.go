package app

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// testRoom is a room that counts the bodies that were ended.
type testRoom struct {
	*room
	ended int
}

// enter asks for room for a body, and waits until it has it, waits for it or is refused. answer gets what acquire returns.
func (c *testRoom) enter(t *testing.T, source *limiter, length int64) (p *reservation, answer <-chan error) {
	t.Helper()
	p = &reservation{source: source, length: length, received: &atomic.Int64{}, end: func() { c.ended++ }}
	result := make(chan error, 1)
	ctx, cancel := context.WithTimeout(context.Background(), boundPatience)
	t.Cleanup(cancel)
	go func() { result <- c.acquire(ctx, boundPatience, p) }()
	for patience := time.After(boundPatience); ; {
		c.mu.Lock()
		known := len(result) > 0 || slices.Contains(c.waiting, p) || slices.Contains(c.arriving, p)
		c.mu.Unlock()
		if known {
			return p, result
		}
		select {
		case <-patience:
			t.Fatal("the body neither waits nor has room")
		default:
			runtime.Gosched()
		}
	}
}

func wantRoom(t *testing.T, answer <-chan error) {
	t.Helper()
	select {
	case err := <-answer:
		if err != nil {
			t.Errorf("acquire: got %v, want room", err)
		}
	case <-time.After(boundPatience):
		t.Fatal("the body still waits, want that it has room")
	}
}

func (c *testRoom) wantWaiting(t *testing.T, p *reservation) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Contains(c.waiting, p) {
		t.Error("the body doesn't wait any more, want that it does")
	}
}

// A room is the memory for bodies that arrive. A source that holds all it may, 60 of 100, keeps no other source out. The
// newest of its bodies that wait gets room first, and at most maxWaiting of them may wait.
func TestRoomShares(t *testing.T) {
	t.Parallel()
	flooded, quiet := &limiter{}, &limiter{}
	c := &testRoom{room: newRoom(100, 60)}
	var inside []*reservation
	for range 6 {
		p, answer := c.enter(t, flooded, 10)
		wantRoom(t, answer)
		if !c.complete(p) {
			t.Error("complete reports that a body was ended that had room")
		}
		inside = append(inside, p)
	}

	// Further bodies of this source wait. A body of another source doesn't.
	first, firstAnswer := c.enter(t, flooded, 10)
	last, lastAnswer := c.enter(t, flooded, 10)
	c.wantWaiting(t, first)
	c.wantWaiting(t, last)
	other, answer := c.enter(t, quiet, 40)
	wantRoom(t, answer)

	// When one of the source's own bodies is done, the newest that waits gets its room.
	c.release(other)
	c.release(inside[0])
	wantRoom(t, lastAnswer)
	c.wantWaiting(t, first)

	// When too many wait, the oldest is refused.
	for range maxWaiting {
		c.enter(t, flooded, 10)
	}
	if err := <-firstAnswer; !errors.Is(err, errNoRoom) {
		t.Errorf("the oldest of too many that wait: got %v, want %v", err, errNoRoom)
	}
	if c.ended > 0 {
		t.Errorf("%d bodies were ended that had arrived completely, want none", c.ended)
	}
}
