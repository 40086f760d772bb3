// Package background runs work that goes on after an answer was given, a bounded number of
// pieces at once, so that its owner can wait for all of it.
//
// What does not belong here: what must not be lost (that is journalled first).
package background

// Work is what runs in the background.
type Work struct{ slots chan struct{} }

// New makes room for so many pieces at once.
func New(most int) *Work { return &Work{slots: make(chan struct{}, most)} }

// Go runs f, which must end by itself. It reports false, and runs nothing, when too much is
// going on.
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

// Wait waits until everything has ended.
func (w *Work) Wait() {
	for range cap(w.slots) {
		w.slots <- struct{}{}
	}
	for range cap(w.slots) {
		<-w.slots
	}
}
