package load

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"strconv"
	"time"
)

// wireTimeout bounds one request and its answer.
const wireTimeout = 30 * time.Second

// Wire is one kept-open HTTP/1.1 connection that does no more than a load generator needs:
// it shares the cores with what it measures. Used by one goroutine.
type Wire struct {
	conn       net.Conn
	in         *bufio.Reader
	retryAfter int // of the last answer, in seconds; 0 means it has none
}

// Dial opens a connection to host:port.
func Dial(ctx context.Context, address string) (*Wire, error) {
	d := net.Dialer{Timeout: 10 * time.Second}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	const longestLine = 4 << 10 // an answer with a longer header line is an error
	return &Wire{conn: conn, in: bufio.NewReaderSize(conn, longestLine)}, nil
}

// Close ends the connection.
func (w *Wire) Close() { _ = w.conn.Close() }

// Do sends one request as it is and returns the answer's status.
// Errors: the connection's; an answer that isn't HTTP/1.1 with a length.
func (w *Wire) Do(request []byte) (status int, err error) {
	if err := w.conn.SetDeadline(time.Now().Add(wireTimeout)); err != nil {
		return 0, fmt.Errorf("bench: %w", err)
	}
	if _, err := w.conn.Write(request); err != nil {
		return 0, fmt.Errorf("bench: %w", err)
	}
	return w.readAnswer()
}

// readAnswer reads one answer.
func (w *Wire) readAnswer() (status int, err error) {
	line, err := w.in.ReadSlice('\n')
	if err != nil {
		return 0, fmt.Errorf("bench: answer: %w", err)
	}

	const statusDigits = 3
	rest, isHTTP := bytes.CutPrefix(line, []byte("HTTP/1.1 "))
	if !isHTTP || len(rest) < statusDigits {
		return 0, fmt.Errorf("bench: answer: %q", line)
	}

	n, err := strconv.ParseUint(string(rest[:statusDigits]), 10, 16)
	if err != nil {
		return 0, fmt.Errorf("bench: answer: %q", line)
	}

	return int(n), w.readRest() //nolint:gosec // 16 bits
}

// readRest reads headers and body.
func (w *Wire) readRest() error {
	length := -1
	w.retryAfter = 0
	for {
		line, err := w.in.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("bench: answer: %w", err)
		}

		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}

		if v, ok := readHeader(line, "Content-Length: "); ok {
			length = v
		} else if v, ok := readHeader(line, "Retry-After: "); ok {
			w.retryAfter = v
		}
	}

	if length < 0 {
		return errors.New("bench: answer without a length")
	}
	if _, err := io.CopyN(io.Discard, w.in, int64(length)); err != nil {
		return fmt.Errorf("bench: answer: %w", err)
	}

	return nil
}

// readHeader reads the number of one header, written as Go's server writes it.
func readHeader(line []byte, name string) (int, bool) {
	rest, ok := bytes.CutPrefix(line, []byte(name))
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(string(rest), 10, 31)
	return int(n), err == nil //nolint:gosec // 31 bits
}

// Signer makes requests as Slack signs them. Used by one goroutine.
type Signer struct {
	address string
	mac     hash.Hash
	sum     [sha256.Size]byte
	buf     []byte
}

// NewSigner returns a Signer for requests to address (host:port) with a secret that both sides know.
func NewSigner(address, secret string) *Signer {
	return &Signer{address: address, mac: hmac.New(sha256.New, []byte(secret))}
}

// signRequest writes a signed POST of body to path. It is good until the next call.
func (s *Signer) signRequest(path string, body []byte) []byte {
	stamp := strconv.AppendInt(nil, time.Now().Unix(), 10)
	s.mac.Reset()

	for _, part := range [][]byte{[]byte("v0:"), stamp, {':'}, body} {
		_, _ = s.mac.Write(part) // never fails
	}

	sum := s.mac.Sum(s.sum[:0])
	b := s.buf[:0]
	b = append(append(append(b, "POST "...), path...), " HTTP/1.1\r\nHost: "...)
	b = append(append(b, s.address...), "\r\nContent-Type: application/json\r\nUser-Agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\nX-Slack-Request-Timestamp: "...)
	b = append(append(b, stamp...), "\r\nX-Slack-Signature: v0="...)
	b = hex.AppendEncode(b, sum)
	b = strconv.AppendInt(append(b, "\r\nContent-Length: "...), int64(len(body)), 10)
	b = append(append(b, "\r\n\r\n"...), body...)
	s.buf = b
	return b
}

// Hook writes a POST of body to the webhook of a loopback account, signed as its provider
// does. It is good until the next call.
func (s *Signer) Hook(account string, body []byte) []byte {
	s.mac.Reset()
	_, _ = s.mac.Write(body) // never fails
	sum := s.mac.Sum(s.sum[:0])
	b := s.buf[:0]
	b = append(append(append(b, "POST /hooks/"...), account...), " HTTP/1.1\r\nHost: "...)
	b = append(append(b, s.address...), "\r\nContent-Type: application/json\r\nX-Signature: "...)
	b = hex.AppendEncode(b, sum)
	b = strconv.AppendInt(append(b, "\r\nContent-Length: "...), int64(len(body)), 10)
	b = append(append(b, "\r\n\r\n"...), body...)
	s.buf = b
	return b
}
