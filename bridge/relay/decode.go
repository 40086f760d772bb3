package relay

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"parley/store"
	"parley/store/blob"
)

// maxBatchDecode is how long a batch is decoded. Events that are not decoded by then are left for the next batch.
const maxBatchDecode = 100 * time.Millisecond

// errSlow is the error of decoder.decode for an event that it couldn't decode in time. It is still being decoded.
var errSlow = errors.New("relay: it took too long to decode")

// decodeBatch reads what the events of a batch say, by Handler.Decode: a mail's bytes become its text, files and ids. That
// is done before the transaction that applies them, in their order. A run (the events of one queue) ends before an event
// that isn't decoded:
//
//	it can never be decoded             it is given up
//	its account isn't open              the queue waits for the account
//	it takes long, or has no payload    it is tried alone (runSuspects)
//	the database didn't answer          the queue waits for a moment
//	the batch has taken maxBatchDecode  it is left for the next batch
func (a *applier) decodeBatch(ctx context.Context, b *batch) {
	began := time.Now()
	d := decoder{Relay: a.Relay}
	defer d.release()
	closed := map[store.AccountID]bool{}
	for _, p := range b.inOrder() {
		event := p.Events[p.n]
		switch {
		case p.n >= p.apply: // something before it in its queue was left out
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

// endRunBefore leaves an event that could not be decoded, and those behind it, out of the batch, and chooses what becomes
// of it by the error.
func (a *applier) endRunBefore(p eventPlace, cause error) {
	p.apply = p.n
	if isUnreadable(cause) {
		p.refused = cause
		return
	}
	if errors.Is(cause, errSlow) || a.mayBlameEvent(cause) { // it takes long, or its payload is gone
		p.release.Tries = 1 // makes it a suspect
		sendSignal(a.suspects)
		return
	}
	p.release.After = firstWait // the database did not give its payload
}

// payloadError is the error of decoder.decode when the payload of an event could not be read from the database.
type payloadError struct{ error }

func (e payloadError) Unwrap() error { return e.error }

// isUnreadable reports whether an error of decoder.decode means that the event can never be decoded.
func isUnreadable(err error) bool {
	if _, ok := errors.AsType[payloadError](err); ok {
		return false
	}
	return !errors.Is(err, errSlow) && !errors.Is(err, ErrNotOpen)
}

// decoder decodes events one after the other, in a goroutine beside its caller, so that the caller needn't wait for an
// event that takes long. Events share the goroutine: in a new one the stack would have to grow again for each. A decoder
// is used by one caller, who calls release at the end.
type decoder struct {
	*Relay
	work chan func() // nil means there is no goroutine
}

// run has the goroutine do some work, and starts it if there is none. It doesn't wait for the end of the work.
func (d *decoder) run(work func()) {
	if d.work == nil {
		list := make(chan func(), 1)
		go func() {
			for work := range list {
				work()
			}
		}()
		d.work = list
	}
	d.work <- work
}

// release lets the goroutine end, once it has done what it began.
func (d *decoder) release() {
	if d.work != nil {
		close(d.work)
		d.work = nil
	}
}

// decode decodes one event. If that takes longer than limit, decode returns errSlow, but decoding goes on, and the next
// call for the same event gets its result.
// Errors: errSlow, payloadError, and those of Handler.Decode.
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
		d.release() // its goroutine is busy: the next event needs another
		return nil, errSlow
	}
}

// safeDecode calls Handler.Decode, and turns a panic of it into an error.
func (r *Relay) safeDecode(e store.Event, payload []byte) (value any, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("decoding panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("relay: decoding panicked: %v", p)
		}
	}()
	return r.handler.Decode(e, payload)
}

// decoding is an event that is being decoded.
type decoding struct {
	done  chan struct{}
	value any
	err   error
}

// slowDecodes holds the decodings for which decoder.decode stopped waiting, until the events are tried again.
type slowDecodes struct {
	mu      sync.Mutex
	running map[store.EventID]*decoding
}

func newSlowDecodes() *slowDecodes { return &slowDecodes{running: map[store.EventID]*decoding{}} }

// maxSlow is how many decodings are held. When there are more, those that have ended are forgotten: these events are
// decoded again if they are tried again.
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
