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

// net/http logs panics of handlers, and errors of Accept, as text. This file logs them as structured entries instead,
// without anything that customers wrote, and not more often than useful.

// acceptLogInterval is the minimum time between two log entries about failures to accept connections.
const acceptLogInterval = time.Minute

// logPanics returns a handler that logs a panic of next and then closes the connection, as net/http would. The log entry
// has the stack and the route, but nothing from the request.
func logPanics(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			fault := recover()
			if fault == nil {
				return
			}

			cause, _ := fault.(error) // nil if the value isn't an error
			isIntended := errors.Is(cause, http.ErrAbortHandler)
			if !isIntended {
				log.Error("request handler panicked", "route", r.Pattern, "fault", describePanic(fault), "stack", string(debug.Stack()))
			}
			panic(http.ErrAbortHandler)
		}()
		next.ServeHTTP(w, r)
	})
}

// describePanic returns the text of a runtime error, such as an index out of range. Of any other value it returns only
// the type, because its text may contain data from the request.
func describePanic(fault any) string {
	if found, ok := fault.(runtime.Error); ok {
		return found.Error()
	}
	return fmt.Sprintf("a value of type %T", fault)
}

// loggingListener is a listener that logs failures of Accept, for example because too many files are open. net/http
// retries after a pause.
type loggingListener struct {
	net.Listener
	log    *slog.Logger
	warned time.Time // the last log entry; needs no lock, since the server accepts in one goroutine
}

func (l *loggingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil || errors.Is(err, net.ErrClosed) {
		return conn, err
	}
	if now := time.Now(); now.Sub(l.warned) >= acceptLogInterval {
		l.warned = now
		l.log.Error("connections not accepted", "error", err)
	}
	return conn, err
}
