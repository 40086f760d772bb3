// Package background runs work that goes on after a request was answered. It bounds how many pieces run
// at once, and lets the owner wait for all of them.
//
// What does not belong here: what must not be lost (that is journalled first).
package background

// Work is what runs in the background.
type Work struct{ slots chan struct{} }

// New makes a Work that runs at most maxPieces at once.
func New(maxPieces int) *Work { return &Work{slots: make(chan struct{}, maxPieces)} }

// Go starts f, which must end by itself. If as many pieces run as are allowed, it returns false and doesn't start f.
func (w *Work) Go(f func()) bool {
	select {
	case w.slots <- struct{}{}:
	default:
		return false
	}
	go func() {
		defer func() { <-w.slots }()
		f()
	}()
	return true
}

// Wait waits until everything has ended: then all slots can be taken at once.
func (w *Work) Wait() {
	for range cap(w.slots) {
		w.slots <- struct{}{}
	}
	for range cap(w.slots) {
		<-w.slots
	}
}
