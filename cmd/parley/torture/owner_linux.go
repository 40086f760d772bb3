package torture

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// owns reports whether a process has the socket with this local port on loopback.
func owns(pid int, from net.Addr) bool {
	tcp, ok := from.(*net.TCPAddr)
	if !ok || pid == 0 {
		return false
	}
	inode := inodeOf(tcp.Port)
	if inode == "" {
		return false
	}
	fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		return false
	}
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && to == "socket:["+inode+"]" {
			return true
		}
	}
	return false
}

// inodeOf finds the socket that connected from a local port.
// Shape of a line: sl local rem st tx:rx tr:when retrnsmt uid timeout inode …
func inodeOf(port int) string {
	file, err := os.Open("/proc/net/tcp")
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }()
	want := fmt.Sprintf("0100007F:%04X", port)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if f := strings.Fields(lines.Text()); len(f) > 9 && f[1] == want && f[3] == "01" {
			return f[9]
		}
	}
	return ""
}
