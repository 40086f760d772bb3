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

// This file upgrades a plain IMAP connection to TLS:
//
//	server  * OK Dovecot ready.
//	client  S STARTTLS
//	server  S OK Begin TLS negotiation now.
//
// Everything before the TLS handshake may come from an attacker, so nothing of it is used later.

// greetingUnderTLS replaces the server's greeting for the library, which expects one. The original came unencrypted, so
// its content can't be trusted.
const greetingUnderTLS = "* OK protected\r\n"

// startTLS waits for the greeting and upgrades the connection. The library could do this, too, but would then read the
// TLS connection directly and not through a lenientConn. The returned connection begins with greetingUnderTLS.
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

// Limits before TLS.
const (
	maxLineBeforeTLS  = 8 << 10 // bytes of a line
	maxLinesBeforeTLS = 20      // up to the awaited response
)

// readAnswer reads up to the line that begins with tag, and returns the words of that line: the tag, the status, and more.
// Other lines before it must begin with "*". The error is *imap.Error if the status isn't OK or PREAUTH, and wraps
// errNoIMAP for a line of another form.
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
