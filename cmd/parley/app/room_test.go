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

// crowd is a room with places in it.
type crowd struct {
	*room
	ended int
}

// enter asks for room, and gives what waits for the answer.
func (c *crowd) enter(t *testing.T, source *bound, length int64) (*place, <-chan error) {
	t.Helper()
	p := &place{source: source, length: length, received: &atomic.Int64{}, end: func() { c.ended++ }}
	answer := make(chan error, 1)
	ctx, cancel := context.WithTimeout(context.Background(), boundPatience)
	t.Cleanup(cancel)
	go func() { answer <- c.acquire(ctx, boundPatience, p) }()
	for patience := time.After(boundPatience); ; {
		c.mu.Lock()
		known := len(answer) > 0 || slices.Contains(c.waiting, p) || slices.Contains(c.arriving, p)
		c.mu.Unlock()
		if known {
			return p, answer
		}
		select {
		case <-patience:
			t.Fatal("it neither waits nor has room")
		default:
			runtime.Gosched()
		}
	}
}

func (c *crowd) admits(t *testing.T, answer <-chan error) {
	t.Helper()
	select {
	case err := <-answer:
		if err != nil {
			t.Errorf("no room: %v", err)
		}
	case <-time.After(boundPatience):
		t.Fatal("it waits")
	}
}

func (c *crowd) keepsWaiting(t *testing.T, p *place) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Contains(c.waiting, p) {
		t.Error("it does not wait")
	}
}

// A source that takes all it may keeps no other one out, and of those that wait the newest
// comes first. Too many don't wait.
func TestRoomShares(t *testing.T) {
	t.Parallel()
	flooded, quiet := &bound{}, &bound{}
	c := &crowd{room: newRoom(100, 60)}
	var inside []*place
	for range 6 {
		p, answer := c.enter(t, flooded, 10)
		c.admits(t, answer)
		if !c.complete(p) {
			t.Error("it was ended")
		}
		inside = append(inside, p)
	}
	first, firstAnswer := c.enter(t, flooded, 10)
	last, lastAnswer := c.enter(t, flooded, 10)
	c.keepsWaiting(t, first)
	c.keepsWaiting(t, last)
	other, answer := c.enter(t, quiet, 40)
	c.admits(t, answer)
	c.release(other)
	c.release(inside[0])
	c.admits(t, lastAnswer)
	c.keepsWaiting(t, first)
	for range maxWaiting {
		c.enter(t, flooded, 10)
	}
	if err := <-firstAnswer; !errors.Is(err, errNoRoom) {
		t.Errorf("too many wait: %v", err)
	}
	if c.ended > 0 {
		t.Errorf("%d complete bodies were ended", c.ended)
	}
}

// Bodies that come slowly are ended when others need their room, those of the source that
// holds most; a quick one and a complete one are not.
func TestRoomEndsSlow(t *testing.T) {
	t.Parallel()
	greedy, modest, third := &bound{}, &bound{}, &bound{}
	c := &crowd{room: newRoom(100, 60)}
	slow, answer := c.enter(t, greedy, 30)
	c.admits(t, answer)
	quick, answer := c.enter(t, greedy, 30)
	c.admits(t, answer)
	quick.received.Store(1 << 40)
	other, answer := c.enter(t, modest, 40)
	c.admits(t, answer)
	_, answer = c.enter(t, third, 10)
	for deadline := time.Now().Add(boundPatience); ; {
		c.mu.Lock()
		ended := c.ended
		c.mu.Unlock()
		if ended > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("none was ended")
		}
	}
	c.release(slow)
	c.admits(t, answer)
	if !slow.ended || quick.ended || other.ended || c.ended != 1 {
		t.Errorf("ended: slow %t, quick %t, of a modest source %t; %d in all", slow.ended, quick.ended, other.ended, c.ended)
	}
}
