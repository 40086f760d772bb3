package app

import (
	"net"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A connection to a database over the network ends by itself when the other side doesn't answer any more. A connection by a
// Unix socket can be made, too, and needs no such option.
func TestDatabaseDialer(t *testing.T) {
	t.Parallel()
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": filepath.Join(t.TempDir(), "s")} {
		var lc net.ListenConfig
		l := must(lc.Listen(t.Context(), network, address))(t)
		defer l.Close()
		conn := must(databaseDialer().DialContext(t.Context(), network, l.Addr().String()))(t)
		defer conn.Close()

		tcp, ok := conn.(*net.TCPConn)
		if !ok {
			continue
		}
		raw := must(tcp.SyscallConn())(t)

		for option, want := range map[int]int{
			unix.TCP_USER_TIMEOUT: int(deadAfter.Milliseconds()),
			unix.TCP_KEEPIDLE:     int(deadAfter.Seconds()) / 3,
		} {
			var got int
			var failed error
			err := raw.Control(func(fd uintptr) { got, failed = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, option) })
			if err != nil || failed != nil {
				t.Fatal(err, failed)
			}
			if got != want {
				t.Errorf("TCP option %d: got %d, want %d", option, got, want)
			}
		}
	}
}
