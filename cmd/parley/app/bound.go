package app

import (
	"bytes"
	"io"
	"net/http"
	"sync/atomic"
)

const (
	// maxInside is how many webhooks of one source are dealt with at once. More would only
	// wait longer: the journal stores 64 facts with one commit. Measured by `parley bench`
	// (overload): what is accepted stays quick, whatever is offered.
	maxInside = 64
	// readAhead is what of a body is read before its request counts as inside, so that slow
	// senders keep nobody out.
	readAhead = 256 << 10
)

// bound lets so many requests in and refuses the others: their source brings them again.
// Each source has its own, so that a flood of one keeps no other out.
type bound struct {
	slots   chan struct{}
	refused *atomic.Int64
}

func newBound(refused *atomic.Int64) *bound {
	return &bound{slots: make(chan struct{}, maxInside), refused: refused}
}

// handler passes on what fits in.
func (b *bound) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.serve(next, w, r) })
}

func (b *bound) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	if len(b.slots) == cap(b.slots) { // as cheap as it gets
		b.refuse(w)
		return
	}
	head, err := io.ReadAll(io.LimitReader(r.Body, readAhead))
	if err != nil {
		http.Error(w, "not readable", http.StatusBadRequest)
		return
	}
	r.Body = &replayed{Reader: io.MultiReader(bytes.NewReader(head), r.Body), Closer: r.Body}
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
	w.Header().Set("Retry-After", "1")
	http.Error(w, "too much at once; try again", http.StatusServiceUnavailable)
}

// replayed is a body of which a part was read already.
type replayed struct {
	io.Reader
	io.Closer
}
