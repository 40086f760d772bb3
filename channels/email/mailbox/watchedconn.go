package mailbox

import (
	"net"
	"sync"
	"time"
)

// watchedConn closes itself when nothing is received or sent for a while. It does so only while it is armed.
type watchedConn struct {
	net.Conn
	mu         sync.Mutex    // guards the fields below
	maxSilence time.Duration // how long the connection may be silent while it is armed
	timer      *time.Timer   // fires after maxSilence; nil while the connection is not armed
	expired    bool          // the watch has closed the connection
}

// arm starts the watch: it closes the connection when maxSilence goes by without a byte, or after maxTotal. disarm ends the watch and
// returns whether the watch has closed the connection.
func (w *watchedConn) arm(maxSilence, maxTotal time.Duration) (disarm func() bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.maxSilence = maxSilence
	w.timer = time.AfterFunc(maxSilence, w.expire)
	totalTimer := time.AfterFunc(maxTotal, w.expire)
	return func() bool {
		totalTimer.Stop()
		w.mu.Lock()
		defer w.mu.Unlock()

		if w.timer != nil {
			w.timer.Stop()
			w.timer = nil
		}
		return w.expired
	}
}

func (w *watchedConn) expire() {
	w.mu.Lock()
	if w.timer == nil { // disarmed while the timer fired
		w.mu.Unlock()
		return
	}
	w.expired = true
	w.mu.Unlock()
	_ = w.Close()
}

// noteBytes begins the time of silence anew after n bytes were received or sent.
func (w *watchedConn) noteBytes(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	isWatching := w.timer != nil && !w.expired
	if isWatching && n > 0 {
		w.timer.Reset(w.maxSilence)
	}
}

// Read implements net.Conn.
func (w *watchedConn) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.noteBytes(n)
	return n, err
}

// Write implements net.Conn.
func (w *watchedConn) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	w.noteBytes(n)
	return n, err
}
