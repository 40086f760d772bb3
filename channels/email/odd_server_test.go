package email

import (
	"bufio"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// An odd server stands between a channel and the emulator of a mail server, and changes the emulator's responses. So it speaks IMAP
// as real servers do that read the standard in their own way. The tests that use it stand in odd_responses_test.go.

// rewrite is what an odd server makes of one response of the emulator.
type rewrite func(response string) string

// greet returns the greeting of an odd server. back is its connection to the emulator, which r reads.
type greet func(back net.Conn, r *bufio.Reader) string

// putOddServerBetween has the channel reach its IMAP server by way of an odd server.
func (w *world) putOddServerBetween(g greet, change rewrite) {
	w.t.Helper()
	w.pointTo(startOddServer(w.t, w.IMAPAddr(), g, change), w.SMTPAddr())
}

// startOddServer starts an odd server before a server at an address, and returns its own address.
func startOddServer(t *testing.T, server string, g greet, change rewrite) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	noError(t, err)
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			front, err := ln.Accept()
			if err != nil {
				return
			}
			go serveOddly(front, server, g, change)
		}
	}()
	return ln.Addr().String()
}

// serveOddly passes what the channel says on to the server, and the server's responses back, changed, until one of them hangs up.
func serveOddly(front net.Conn, server string, g greet, change rewrite) {
	defer front.Close()
	back, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer back.Close()
	r := bufio.NewReader(back)
	if _, err := io.WriteString(front, g(back, r)); err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(back, front)
		_ = back.Close()
	}()
	for {
		response, err := readResponse(r)
		if err != nil {
			return
		}
		if _, err := io.WriteString(front, change(response)); err != nil {
			return
		}
	}
}

// greetAsServer greets as the emulator does.
func greetAsServer(_ net.Conn, r *bufio.Reader) string {
	greeting, _ := readResponse(r)
	return greeting
}

// literalEnd matches the announcement of a literal at the end of a line: {5} says that five bytes follow.
var literalEnd = regexp.MustCompile(`\{(\d+)\}\r\n$`)

// readResponse reads one response with all its literals.
func readResponse(r *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		b.WriteString(line)
		m := literalEnd.FindStringSubmatch(line)
		if err != nil || m == nil {
			return b.String(), err
		}
		n, _ := strconv.ParseInt(m[1], 10, 64)
		if _, err := io.CopyN(&b, r, n); err != nil {
			return b.String(), err
		}
	}
}

func unchanged(response string) string { return response }

// replacing replaces what matches a pattern in each response.
func replacing(pattern, with string) rewrite {
	p := regexp.MustCompile(pattern)
	return func(s string) string { return p.ReplaceAllString(s, with) }
}

// findingNothing answers searches as a server does that searches no headers, or that has not indexed them yet.
func findingNothing(response string) string {
	if strings.HasPrefix(response, "* ESEARCH ") || strings.HasPrefix(response, "* SEARCH ") {
		return "* SEARCH\r\n"
	}
	return response
}
