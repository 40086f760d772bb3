package bench

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

// wireTimeout limits one request including its answer.
const wireTimeout = 30 * time.Second

// Wire is a minimal HTTP/1.1 client on one keep-alive connection. It replaces net/http here because the load
// generator shares the processors with the Parley that it measures, and must need little of them. It only
// understands answers with a Content-Length, and reads only the headers that the benchmarks need. It is not
// safe for concurrent use.
type Wire struct {
	conn       net.Conn
	in         *bufio.Reader
	retryAfter int // Retry-After of the last answer, in seconds; 0 means none
}

// Dial opens a connection to host:port.
func Dial(ctx context.Context, address string) (*Wire, error) {
	d := net.Dialer{Timeout: 10 * time.Second}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("bench: connect: %w", err)
	}
	const longestLine = 4 << 10 // limit for a header line of an answer
	return &Wire{conn: conn, in: bufio.NewReaderSize(conn, longestLine)}, nil
}

// Close closes the connection.
func (w *Wire) Close() { _ = w.conn.Close() }

// Do sends a complete request and returns the status of the answer.
//
// Errors: those of the connection; the answer isn't HTTP/1.1 or has no Content-Length.
func (w *Wire) Do(request []byte) (status int, err error) {
	if err := w.conn.SetDeadline(time.Now().Add(wireTimeout)); err != nil {
		return 0, fmt.Errorf("bench: deadline of a request: %w", err)
	}
	if _, err := w.conn.Write(request); err != nil {
		return 0, fmt.Errorf("bench: send a request: %w", err)
	}
	return w.readAnswer()
}

// readAnswer reads a complete answer and returns its status.
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

// readRest reads the headers and discards the body. It sets retryAfter.
func (w *Wire) readRest() error {
	w.retryAfter = 0
	length := -1
	for {
		line, err := w.in.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("bench: answer: %w", err)
		}

		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}

		if n, ok := readHeader(line, "Content-Length: "); ok {
			length = n
		} else if n, ok := readHeader(line, "Retry-After: "); ok {
			w.retryAfter = n
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

// readHeader parses a header with a numeric value, such as "Content-Length: 2". It expects the exact spelling
// that Go's server uses.
func readHeader(line []byte, name string) (n int, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(name))
	if !ok {
		return 0, false
	}
	value, err := strconv.ParseUint(string(rest), 10, 31)
	return int(value), err == nil //nolint:gosec // 31 bits
}

// Signer makes signed webhook requests, as Slack or the provider of a loopback account (a channel for tests)
// does. It is not safe for concurrent use.
type Signer struct {
	address string
	mac     hash.Hash
	buf     []byte
}

// NewSigner returns a Signer for requests to address (host:port). secret is the key of the HMAC signatures.
func NewSigner(address, secret string) *Signer {
	return &Signer{address: address, mac: hmac.New(sha256.New, []byte(secret))}
}

// slackRequest makes a POST of body to path with a Slack signature. The result is only valid until the next
// call.
func (s *Signer) slackRequest(path string, body []byte) []byte {
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	signature := s.sign([]byte("v0:"+stamp+":"), body)
	s.buf = AppendPost(s.buf[:0], s.address, path, body,
		"User-Agent: Slackbot 1.0 (+https://api.slack.com/robots)", "X-Slack-Request-Timestamp: "+stamp, "X-Slack-Signature: v0="+signature)
	return s.buf
}

// Hook makes a POST of body to the webhook of a loopback account, signed like its provider does. The result is
// only valid until the next call.
func (s *Signer) Hook(account string, body []byte) []byte {
	s.buf = AppendPost(s.buf[:0], s.address, "/hooks/"+account, body, "X-Signature: "+s.sign(body))
	return s.buf
}

// sign returns the HMAC-SHA256 of the concatenated parts, in hexadecimal digits.
func (s *Signer) sign(parts ...[]byte) string {
	s.mac.Reset()
	for _, part := range parts {
		_, _ = s.mac.Write(part) // a hash never fails
	}
	return hex.EncodeToString(s.mac.Sum(nil))
}

// AppendPost appends a POST request with a JSON body to b. headers are lines such as "X-Signature: 1f3a".
func AppendPost(b []byte, address, path string, body []byte, headers ...string) []byte {
	b = fmt.Appendf(b, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n", path, address)
	for _, h := range headers {
		b = append(append(b, h...), "\r\n"...)
	}
	b = fmt.Appendf(b, "Content-Length: %d\r\n\r\n", len(body))
	return append(b, body...)
}
