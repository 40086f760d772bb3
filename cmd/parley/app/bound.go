package app

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"parley/bridge"
)

const (
	// maxInside is how many webhooks of one source are handled at once. More would only wait longer,
	// because the journal stores 64 facts with one commit. `parley bench` (overload) shows that
	// accepted requests stay fast however many are sent.
	maxInside = 64
	// lastWords is how long the rest of a refused body is read, so that its sender reads the answer.
	lastWords = 2 * time.Second
	// How much more of a body that is too long is read, and for how long.
	maxPassedOver  = 3 * maxBody
	maxPassingOver = 10 * time.Second
)

// bound lets a number of requests in and refuses the others, which their source sends again. Each source
// has a bound of its own, so that a flood from one doesn't keep others out. A request counts only once
// its body has arrived, so that slow senders don't keep others out.
type bound struct {
	bodies  *bodies
	slots   chan struct{}
	refused *atomic.Int64
}

func newBound(bodies *bodies, refused *atomic.Int64) *bound {
	return &bound{bodies: bodies, slots: make(chan struct{}, maxInside), refused: refused}
}

// wrapHandler returns next with the bound in front of it.
func (b *bound) wrapHandler(next http.Handler) http.Handler {
	if _, ok := next.(bridge.Stream); ok {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.enter(next, w, r) })
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.serve(next, w, r) })
}

// serve reads the body of a request and handles it, or refuses it.
func (b *bound) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	if len(b.slots) == cap(b.slots) { // refuse before the body is read
		b.refuse(w)
		return
	}

	body, release, err := b.bodies.readBody(w, r, b)
	defer release()

	switch {
	case errors.Is(err, errTooLong):
		release()
		refuseTooLong(w, r)
	case errors.Is(err, errNoRoom):
		b.refuse(w)
	case err != nil:
		http.Error(w, "not readable", http.StatusBadRequest)
	default:
		r.Body = body
		b.enter(next, w, r)
	}
}

// refuseTooLong says that a body is too long, and reads on: most clients read no answer before they have sent everything, and a
// connection that is closed earlier says nothing to them.
func refuseTooLong(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	err := errors.Join(control.EnableFullDuplex(), control.SetReadDeadline(time.Now().Add(maxPassingOver)))
	w.Header().Set("Connection", "close") // the rest may be longer than what is read
	http.Error(w, errTooLong.Error(), http.StatusRequestEntityTooLarge)
	if err == nil && control.Flush() == nil {
		_, _ = io.CopyN(io.Discard, r.Body, maxPassedOver) // the answer is given, whatever this ends with
	}
}

// enter handles a request if there is a free slot, and refuses it otherwise.
func (b *bound) enter(next http.Handler, w http.ResponseWriter, r *http.Request) {
	select {
	case b.slots <- struct{}{}:
		defer func() { <-b.slots }()
		next.ServeHTTP(w, r)
	default:
		b.refuse(w)
	}
}

// refuse answers that the request is to be sent again.
func (b *bound) refuse(w http.ResponseWriter) {
	b.refused.Add(1)
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(lastWords)) //nolint:errcheck // a test's recorder has none
	w.Header().Set("Retry-After", "1")
	http.Error(w, "too much at once; try again", http.StatusServiceUnavailable)
}
