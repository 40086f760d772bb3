// Package background runs work that goes on after a request was answered. It bounds how many pieces run
// at once, and lets the owner wait for all of them.
//
// What does not belong here: what must not be lost (that is journalled first).
package background

// Work is what runs in the background.
type Work struct{ slots chan struct{} }

// New makes a Work that runs at most so many pieces at once.
func New(most int) *Work { return &Work{slots: make(chan struct{}, most)} }

// Go runs f, which must end by itself. It returns false, without running f, while the most pieces are
// running.
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
