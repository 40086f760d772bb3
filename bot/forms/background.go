package forms

// Work runs functions in the background, a limited number at once.
type Work struct{ slots chan struct{} }

// New makes a Work that runs at most maxPieces functions at once.
func New(maxPieces int) *Work { return &Work{slots: make(chan struct{}, maxPieces)} }

// Go starts f, which must end by itself. If the maximum number of functions is running, it returns false and doesn't start f.
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

// Wait waits until all functions have ended. Only then can it take all slots, which it gives back.
func (w *Work) Wait() {
	for range cap(w.slots) {
		w.slots <- struct{}{}
	}
	for range cap(w.slots) {
		<-w.slots
	}
}
