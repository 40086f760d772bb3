package app

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// endUnanswered closes a connection when sent data isn't acknowledged in time. Keep-alive doesn't notice
// that, because it only works on idle connections.
func endUnanswered(network, _ string, c syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(deadAfter.Milliseconds()))
	})
	if err != nil {
		return err
	}
	return failed
}
