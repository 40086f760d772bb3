package teamsfake

import (
	"context"
	"time"
)

// keepChanges bounds the change log; a reader that falls further behind misses some.
const keepChanges = 50_000

// Change tells that something changed. Read the rest with the accessors.
type Change struct {
	Seq     int64     `json:"seq"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"` // message, changed, deleted, reaction, view, dialog, channel, team, user, file, activity, ack, retry, lost, invoke, answer, problem, call, reset
	Channel string    `json:"channel,omitempty"`
	Message string    `json:"message,omitempty"`
	Root    string    `json:"root,omitempty"`
	User    string    `json:"user,omitempty"`
	ID      string    `json:"id,omitempty"` // activity, file, dialog or method
}

// changeLog is an append-only log whose readers wait on more. Guarded by Server.mu.
type changeLog struct {
	all  []Change
	next int64
	more chan struct{} // closed and replaced at each change
}

// note appends to the change log and wakes who waits. Caller holds s.mu.
func (s *Server) note(c Change) {
	s.log.next++
	c.Seq, c.At = s.log.next, s.now()
	s.log.all = append(s.log.all, c)
	if len(s.log.all) > 2*keepChanges {
		s.log.all = append([]Change(nil), s.log.all[keepChanges:]...)
	}
	close(s.log.more)
	s.log.more = make(chan struct{})
}

// Subscription reads changes in order, at its own pace.
type Subscription struct {
	s    *Server
	next int64
}

// Subscribe returns a reader of the changes from now on. It needs no closing.
func (s *Server) Subscribe() *Subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &Subscription{s: s, next: s.log.next}
}

// Next blocks until there are changes since the last call and returns them.
// Errors: ctx's, or context.Canceled once the server is closed.
func (b *Subscription) Next(ctx context.Context) ([]Change, error) {
	for {
		got, more := b.s.changesSince(b.next)
		if len(got) > 0 {
			b.next = got[len(got)-1].Seq
			return got, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-b.s.ctx.Done():
			return nil, context.Canceled
		case <-more:
		}
	}
}

func (s *Server) changesSince(seq int64) ([]Change, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.log.all
	if n := s.log.next - seq; n <= 0 {
		all = nil
	} else if n < int64(len(all)) {
		all = all[int64(len(all))-n:]
	}
	return append([]Change(nil), all...), s.log.more
}

// WaitFor evaluates cond now and after each change until it holds. cond is called without
// locks held and may use every accessor.
// Errors: ctx's, or context.Canceled once the server is closed.
func (s *Server) WaitFor(ctx context.Context, cond func() bool) error {
	for {
		s.mu.Lock()
		more := s.log.more
		s.mu.Unlock()
		if cond() {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ctx.Done():
			return context.Canceled
		case <-more:
		}
	}
}
