package torture

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// Where several replicas share one proxy, as for mail, a fault that kills the process behind a connection must find
// out which one that is. This file finds it as "lsof" does, by what Linux shows in /proc.

// isOwnerOf reports whether a process has the loopback socket with a local address.
func isOwnerOf(pid int, local net.Addr) bool {
	tcp, ok := local.(*net.TCPAddr)
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
		to, err := os.Readlink(fd) // fails for one that was closed meanwhile, which is not the one
		if err == nil && to == "socket:["+inode+"]" {
			return true
		}
	}

	return false
}

// The fields of a line in /proc/net/tcp, counted from 0, and the state of an open connection.
const (
	localField  = 1
	stateField  = 3
	inodeField  = 9
	established = "01"
)

// inodeOf returns the inode of the open socket that connected from a port of loopback; "" means that there is none.
// Shape of a line of /proc/net/tcp: sl local rem st tx:rx tr:when retrnsmt uid timeout inode …
func inodeOf(port int) string {
	file, err := os.Open("/proc/net/tcp")
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }()
	want := fmt.Sprintf("0100007F:%04X", port)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) <= inodeField {
			continue
		}
		if f[localField] == want && f[stateField] == established {
			return f[inodeField]
		}
	}

	return ""
}
