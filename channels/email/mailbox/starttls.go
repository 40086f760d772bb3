package mailbox

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/emersion/go-imap/v2"
)

var (
	errNoIMAP     = errors.New("the server doesn't speak IMAP")
	errEarlyWords = errors.New("the server said more before the connection was protected")
	errSignedIn   = errors.New("the server let us in before the connection was protected")
)

// greetingUnderTLS takes the place of the greeting, which a server sends before the connection is protected. It says nothing else,
// because what was said before can't be believed.
const greetingUnderTLS = "* OK protected\r\n"

// startTLS waits for the greeting, and has the connection protected. The library could do that, too, but would read the protected
// connection itself, so that nothing could be left out there. What is returned greets by greetingUnderTLS.
func startTLS(ctx context.Context, conn net.Conn, config *tls.Config) (*lenientConn, error) {
	r := bufio.NewReaderSize(conn, maxLineBeforeTLS)
	words, err := readAnswer(r, "*")
	if err != nil {
		return nil, err
	}
	if words[1] == string(imap.StatusResponseTypePreAuth) {
		return nil, errSignedIn
	}
	if _, err := conn.Write([]byte("S STARTTLS\r\n")); err != nil {
		return nil, err
	}
	if _, err := readAnswer(r, "S"); err != nil {
		return nil, err
	}
	if r.Buffered() > 0 {
		return nil, errEarlyWords
	}

	protected := tls.Client(conn, config)
	if err := protected.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	c := newLenientConn(protected)
	c.ready = []byte(greetingUnderTLS)
	return c, nil
}

// maxLineBeforeTLS limits a line, and maxLinesBeforeTLS how many lines come before an answer.
const (
	maxLineBeforeTLS  = 8 << 10
	maxLinesBeforeTLS = 20
)

// readAnswer reads lines until one begins with a tag, and returns that line's words: the tag, a status, and maybe more. Before it only
// lines may come that begin with *.
// Errors: *imap.Error, if the server refuses; errNoIMAP, which names the line.
func readAnswer(r *bufio.Reader, tag string) ([]string, error) {
	for range maxLinesBeforeTLS {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		words := strings.Fields(string(line))
		if len(words) > 0 && words[0] != "*" && words[0] != tag {
			return nil, fmt.Errorf("%w: it says %q", errNoIMAP, strings.Join(words, " "))
		}
		if len(words) < 2 || words[0] != tag {
			continue
		}

		words[1] = strings.ToUpper(words[1])
		switch status := imap.StatusResponseType(words[1]); status {
		case imap.StatusResponseTypeOK, imap.StatusResponseTypePreAuth:
			return words, nil
		default:
			return nil, &imap.Error{Type: status, Text: strings.Join(words[2:], " ")}
		}
	}
	return nil, fmt.Errorf("no answer with %q in %d lines", tag, maxLinesBeforeTLS)
}
