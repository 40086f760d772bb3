package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"parley/store"
	"parley/store/blob"
)

// maxBatchDecode limits the time for decoding a batch. Events that are not decoded by then are left for the
// next one.
const maxBatchDecode = 100 * time.Millisecond

// errSlow is the error of decoder.decode for an event that is still being decoded when the time limit has
// passed.
var errSlow = errors.New("relay: it took too long to decode")

// decodeBatch decodes the events of a batch with Handler.Decode, in order: a mail's bytes become its text,
// files and ids. This happens outside the transaction that applies them, because decoding may be slow. Where an
// event isn't decoded, its run (the events of one queue in this batch) ends, and the event stays in the queue:
//
//	decoding fails                       the event is given up
//	its account isn't open yet           the queue waits for the account
//	decoding is slow, or has no payload  the event is tried alone (runSuspects)
//	the database didn't answer           the queue waits for a moment
//	maxBatchDecode has passed            the event is left for the next batch
func (a *applier) decodeBatch(ctx context.Context, b *batch) {
	began := time.Now()
	d := decoder{Relay: a.Relay}
	defer d.release()
	closed := map[store.AccountID]bool{}
	for _, p := range b.inOrder() {
		event := p.Events[p.n]
		switch {
		case p.n >= p.apply: // an earlier event of its queue was left out
			continue
		case closed[event.AccountID]:
			p.putOff(p.n, waitWhileClosed(event.AccountID, p.waitsOf(p.n)))
			continue
		case time.Since(began) > maxBatchDecode:
			p.apply = p.n
			continue
		}

		value, err := d.decode(ctx, event, a.opt.SlowDecode)
		switch {
		case err == nil:
			p.values = append(p.values, value)
		case errors.Is(err, ErrNotOpen):
			closed[event.AccountID] = true
			p.putOff(p.n, waitWhileClosed(event.AccountID, p.waitsOf(p.n)))
		default:
			a.endRunBefore(p, err)
		}
	}
}

// endRunBefore leaves an event that could not be decoded, and the later ones of its run, out of the batch. The
// error decides what happens to the event.
func (a *applier) endRunBefore(p eventPlace, cause error) {
	p.apply = p.n
	if isUnreadable(cause) {
		p.refused = cause
		return
	}
	if errors.Is(cause, errSlow) || a.mayBlameEvent(cause) { // it is slow, or its payload is gone
		p.release.Tries = 1 // one try makes it a suspect
		sendSignal(a.suspects)
		return
	}
	p.release.After = firstWait // the database failed to return its payload
}

// payloadError is the error of decoder.decode if the payload of an event could not be read from the database.
type payloadError struct{ error }

func (e payloadError) Unwrap() error { return e.error }

// unreadableError is the error of decoder.decode if the event can't be decoded. What a decoder says may quote what a
// customer wrote, as errors of package strconv do: so people read it where they may read the event, and not in the log.
type unreadableError struct{ error }

func (e unreadableError) Unwrap() error { return e.error }

// LogValue implements slog.LogValuer.
func (e unreadableError) LogValue() slog.Value {
	return slog.StringValue("it can't be read; parley replay lists why")
}

// isUnreadable reports whether an error of decoder.decode means that the event can never be decoded.
func isUnreadable(err error) bool {
	_, ok := errors.AsType[unreadableError](err)
	return ok
}

// decoder decodes events one by one in a second goroutine, so that its caller can stop waiting for a slow
// event. The events share that goroutine, because in a new one the stack would have to grow again for each
// event. A decoder is used by one goroutine, which calls release at the end.
type decoder struct {
	*Relay
	work chan func() // nil if no goroutine is running
}

// run hands work to the goroutine, which it starts if necessary. It doesn't wait for the work.
func (d *decoder) run(work func()) {
	if d.work == nil {
		queue := make(chan func(), 1)
		go func() {
			for work := range queue {
				work()
			}
		}()
		d.work = queue
	}
	d.work <- work
}

// release ends the goroutine once it has finished its current work.
func (d *decoder) release() {
	if d.work != nil {
		close(d.work)
		d.work = nil
	}
}

// decode decodes one event. After limit it returns errSlow, but decoding continues, and the next call for the
// same event gets the result.
// Errors: errSlow, payloadError, ErrNotOpen, unreadableError.
func (d *decoder) decode(ctx context.Context, e store.Event, limit time.Duration) (any, error) {
	one := d.slow.find(e.ID)
	if one == nil {
		payload := e.Payload
		if e.Blob != nil {
			var err error
			if payload, err = blob.Get(ctx, d.pool, d.opt.Objects, *e.Blob); err != nil {
				return nil, payloadError{err}
			}
		}

		one = &decoding{done: make(chan struct{})}
		r := d.Relay
		r.background.Add(1)
		d.run(func() {
			defer r.background.Done()
			defer close(one.done)
			one.value, one.err = r.safeDecode(e, payload)
		})
	}

	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-one.done:
		d.slow.drop(e.ID)
		return one.value, one.err
	case <-timer.C:
		d.slow.keep(e.ID, one)
		d.release() // its goroutine is busy; the next event gets a new one
		return nil, errSlow
	}
}

// safeDecode calls Handler.Decode and turns a panic into an error.
// Errors: ErrNotOpen, unreadableError.
func (r *Relay) safeDecode(e store.Event, payload []byte) (value any, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("decoding panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = unreadableError{fmt.Errorf("relay: decoding panicked: %v", p)}
		}
	}()

	value, err = r.handler.Decode(e, payload)
	if err != nil && !errors.Is(err, ErrNotOpen) {
		err = unreadableError{err}
	}
	return value, err
}

// decoding is an event that is being decoded. done is closed when value and err are set.
type decoding struct {
	done  chan struct{}
	value any
	err   error
}

// slowDecodes holds the decodings that decoder.decode no longer waits for, until their events are tried again.
type slowDecodes struct {
	mu      sync.Mutex
	running map[store.EventID]*decoding
}

func newSlowDecodes() *slowDecodes { return &slowDecodes{running: map[store.EventID]*decoding{}} }

// maxSlow limits the decodings that are held. Above it, finished ones are dropped; if their events are tried
// again, they are decoded again.
const maxSlow = 16

func (s *slowDecodes) find(event store.EventID) *decoding {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running[event]
}

func (s *slowDecodes) keep(event store.EventID, d *decoding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, old := range s.running {
		select {
		case <-old.done:
			if len(s.running) >= maxSlow {
				delete(s.running, id)
			}
		default:
		}
	}
	s.running[event] = d
}

func (s *slowDecodes) drop(event store.EventID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, event)
}
