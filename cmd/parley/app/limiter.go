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
	// maxConcurrent is how many webhooks of one source are handled at once. A higher limit would only make them wait
	// longer, because they are stored in batches of 64. The overload group of `parley bench` shows that accepted
	// requests stay fast, however many are sent.
	maxConcurrent = 64
	// refusedBodyTimeout is how long net/http may read the rest of a refused body. Most senders read the response only
	// after they have sent the whole body.
	refusedBodyTimeout = 2 * time.Second
	// maxDiscarded and discardTimeout limit how much of a body that exceeds maxBody is read and discarded.
	maxDiscarded   = 3 * maxBody
	discardTimeout = 10 * time.Second
)

// limiter limits how many requests of one source are handled at once. A source is one webhook endpoint, such as that
// of a WhatsApp account. While maxConcurrent requests are in flight, further ones get a 503 response with Retry-After,
// and their sender retries them. Each source has a limiter of its own, so a flood from one doesn't block the others.
//
// A request is in flight only once its body has arrived, so slow senders don't use up the slots. bodies bounds the
// memory for bodies that are still arriving.
type limiter struct {
	bodies  *bodies
	slots   chan struct{} // has an element for each request in flight
	refused *atomic.Int64 // counts refused requests, for /metrics
}

func newLimiter(bodies *bodies, refused *atomic.Int64) *limiter {
	return &limiter{bodies: bodies, slots: make(chan struct{}, maxConcurrent), refused: refused}
}

// wrapHandler returns a handler that calls next within the limit. A bridge.Stream reads its body itself; all other
// handlers get a body that has been read into memory.
func (l *limiter) wrapHandler(next http.Handler) http.Handler {
	if _, ok := next.(bridge.Stream); ok {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.enter(next, w, r) })
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.readAndEnter(next, w, r) })
}

// readAndEnter reads the body of a request into memory and handles the request, or refuses it.
func (l *limiter) readAndEnter(next http.Handler, w http.ResponseWriter, r *http.Request) {
	isFull := len(l.slots) == cap(l.slots)
	if isFull { // don't spend memory on the body; enter checks again afterwards
		l.refuse(w)
		return
	}

	body, release, err := l.bodies.readBody(w, r, l)
	defer release()

	switch {
	case errors.Is(err, errTooLong):
		release()
		refuseTooLong(w, r)
	case errors.Is(err, errNoRoom):
		l.refuse(w)
	case err != nil:
		http.Error(w, "not readable", http.StatusBadRequest)
	default:
		r.Body = body
		l.enter(next, w, r)
	}
}

// refuseTooLong answers that a body is too long, and then discards more of it. Most clients read the response only after
// they have sent the whole body, so one whose connection is closed earlier would never see the reason.
func refuseTooLong(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	err := errors.Join(control.EnableFullDuplex(), control.SetReadDeadline(time.Now().Add(discardTimeout)))
	w.Header().Set("Connection", "close") // the body may be longer than maxDiscarded
	http.Error(w, errTooLong.Error(), http.StatusRequestEntityTooLarge)
	isSent := err == nil && control.Flush() == nil
	if isSent {
		_, _ = io.CopyN(io.Discard, r.Body, maxDiscarded) // an error doesn't matter: the response is sent
	}
}

// enter handles a request if there is a free slot, and refuses it otherwise.
func (l *limiter) enter(next http.Handler, w http.ResponseWriter, r *http.Request) {
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
		next.ServeHTTP(w, r)
	default:
		l.refuse(w)
	}
}

// refuse asks the sender to retry the request.
func (l *limiter) refuse(w http.ResponseWriter) {
	l.refused.Add(1)
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(refusedBodyTimeout)) //nolint:errcheck // a test's recorder has none
	w.Header().Set("Retry-After", "1")
	http.Error(w, "too much at once; try again", http.StatusServiceUnavailable)
}
