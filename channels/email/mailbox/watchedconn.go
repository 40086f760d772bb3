package mailbox

import (
	"net"
	"sync"
	"time"
)

// watchedConn is a connection with a watchdog for one operation at a time, such as an IMAP command. Deadlines of net.Conn
// don't fit: the library's reader goroutine reads all the time, also between commands, when silence is normal. And a
// large mail may take long as long as data keeps coming.
//
//	disarm := conn.arm(time.Minute, 15*time.Minute)
//	err := command()
//	timedOut := disarm()
type watchedConn struct {
	net.Conn
	mu         sync.Mutex    // guards the fields below
	maxSilence time.Duration // how long the connection may be silent while it is armed
	timer      *time.Timer   // fires after maxSilence; nil while the connection is not armed
	expired    bool          // the watchdog has closed the connection
}

// arm starts the watchdog: it closes the connection if no byte is received or sent for maxSilence, or after maxTotal.
// disarm stops the watchdog and reports whether it has closed the connection.
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

// noteBytes restarts the time of silence after n bytes were received or sent.
func (w *watchedConn) noteBytes(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	isWatching := w.timer != nil && !w.expired
	if isWatching && n > 0 {
		w.timer.Reset(w.maxSilence)
	}
}

func (w *watchedConn) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.noteBytes(n)
	return n, err
}

func (w *watchedConn) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	w.noteBytes(n)
	return n, err
}
