package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"
)

// tellNotAccepted is the time between two log entries about connections that could not be accepted.
const tellNotAccepted = time.Minute

// logPanics logs a panic of next and then cuts the connection, as net/http does. The entry says where it happened, and nothing of what
// stands in the request.
func logPanics(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			fault := recover()
			if fault == nil {
				return
			}

			cause, _ := fault.(error) // nil if somebody panics with another value
			isOnPurpose := errors.Is(cause, http.ErrAbortHandler)
			if !isOnPurpose {
				log.Error("request handler panicked", "route", r.Pattern, "fault", describePanic(fault), "stack", string(debug.Stack()))
			}
			panic(http.ErrAbortHandler)
		}()
		next.ServeHTTP(w, r)
	})
}

// describePanic returns the text of a fault that the runtime has found, and the type of any other value, whose text may have been made
// of what somebody sent.
func describePanic(fault any) string {
	if found, ok := fault.(runtime.Error); ok {
		return found.Error()
	}
	return fmt.Sprintf("a value of type %T", fault)
}

// loggingListener is a listener that logs when connections can't be accepted, as when too many files are open. net/http accepts again
// after a pause.
type loggingListener struct {
	net.Listener
	log    *slog.Logger
	warned time.Time // when it was logged last; the server accepts in one goroutine
}

func (l *loggingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil || errors.Is(err, net.ErrClosed) {
		return conn, err
	}
	if now := time.Now(); now.Sub(l.warned) >= tellNotAccepted {
		l.warned = now
		l.log.Error("connections not accepted", "error", err)
	}
	return conn, err
}
