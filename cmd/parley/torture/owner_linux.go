package torture

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// In a test run several Parley processes share one proxy to the mail server. A fault that kills the process behind a
// connection, for example while it sends a mail, must find out which one it is. This file does so like lsof: it looks up
// the inode of the socket in /proc/net/tcp, and looks for that inode among the open files of the process.

// isOwnerOf reports whether the process pid has an open IPv4 loopback socket with this local address.
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
		to, err := os.Readlink(fd) // fails if the file was closed in the meantime
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

// inodeOf returns the inode of the established loopback socket with this local port; "" if there is none. The fields of a
// line of /proc/net/tcp are: sl local rem st tx:rx tr:when retrnsmt uid timeout inode …
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
