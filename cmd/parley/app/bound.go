package app

import (
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"parley/bridge"
)

const (
	// maxInside is how many webhooks of one source are dealt with at once. More would only
	// wait longer: the journal stores 64 facts with one commit. Measured by `parley bench`
	// (overload): what is accepted stays quick, whatever is offered.
	maxInside = 64
	// lastWords is how long the rest of a refused body may come, so that its sender gets to
	// read the answer.
	lastWords = 2 * time.Second
)

// bound lets so many requests in and refuses the others: their source brings them again.
// Each source has its own, so that a flood of one keeps no other out. A request counts once
// its body has arrived: slow senders keep nobody out either.
type bound struct {
	bodies  *bodies
	slots   chan struct{}
	refused *atomic.Int64
}

func newBound(bodies *bodies, refused *atomic.Int64) *bound {
	return &bound{bodies: bodies, slots: make(chan struct{}, maxInside), refused: refused}
}

// handler passes on what fits in.
func (b *bound) handler(next http.Handler) http.Handler {
	if _, ok := next.(bridge.Stream); ok {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.enter(next, w, r) })
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.serve(next, w, r) })
}

func (b *bound) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	if len(b.slots) == cap(b.slots) { // as cheap as it gets
		b.refuse(w)
		return
	}
	body, release, err := b.bodies.arrive(w, r, b)
	defer release()
	switch {
	case errors.Is(err, errTooLong):
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
	case errors.Is(err, errNoRoom):
		b.refuse(w)
	case err != nil:
		http.Error(w, "not readable", http.StatusBadRequest)
	default:
		r.Body = body
		b.enter(next, w, r)
	}
}

// enter lets a request in if there is a place.
func (b *bound) enter(next http.Handler, w http.ResponseWriter, r *http.Request) {
	select {
	case b.slots <- struct{}{}:
		defer func() { <-b.slots }()
		next.ServeHTTP(w, r)
	default:
		b.refuse(w)
	}
}

func (b *bound) refuse(w http.ResponseWriter) {
	b.refused.Add(1)
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(lastWords)) //nolint:errcheck // a test's recorder has none
	w.Header().Set("Retry-After", "1")
	http.Error(w, "too much at once; try again", http.StatusServiceUnavailable)
}
