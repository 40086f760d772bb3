package app

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// endUnanswered has what was sent and is not acknowledged end a connection; keep-alive alone
// doesn't look meanwhile.
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
