package openai

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// All requests to a model's server go through the client that is made here. It talks to one host alone, follows no
// redirects to others, and bounds what it reads, so that a broken or hostile server can neither fill the memory nor
// send requests elsewhere.

const (
	maxAnswer    = 1 << 20 // bytes, unpacked
	maxHeader    = 64 << 10
	maxRedirects = 3
	dialTimeout  = 5 * time.Second
	keepAlive    = 30 * time.Second
	idleTimeout  = 90 * time.Second
)

var (
	errTooLarge    = errors.New("the answer is too long")
	errForeignHost = errors.New("the server sends to another address")
)

// newClient makes the client that requests go through: it speaks to one host alone.
func newClient(given *http.Client, host *url.URL, concurrency int) *http.Client {
	var c http.Client
	if given != nil {
		c = *given
	}

	if c.Transport == nil {
		c.Transport = &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}).DialContext,
			TLSHandshakeTimeout:    dialTimeout,
			MaxIdleConnsPerHost:    concurrency,
			IdleConnTimeout:        idleTimeout,
			MaxResponseHeaderBytes: maxHeader,
			ForceAttemptHTTP2:      true,
		}
	}

	c.Transport = oneHost{RoundTripper: c.Transport, host: host}
	c.Jar, c.Timeout = nil, 0
	c.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		isFollowed := isSameRequest(r.Response) && isSameHost(r.URL, host)
		if !isFollowed || len(via) > maxRedirects {
			return errForeignHost
		}
		return nil
	}

	return &c
}

// isSameRequest reports whether a redirect sends the same request on, with its body.
func isSameRequest(r *http.Response) bool {
	if r == nil {
		return false
	}
	return r.StatusCode == http.StatusTemporaryRedirect || r.StatusCode == http.StatusPermanentRedirect
}

// isSameHost reports whether two addresses are of one server. Another scheme or port is another server.
func isSameHost(u, host *url.URL) bool {
	return u.Scheme == host.Scheme && strings.EqualFold(u.Host, host.Host)
}

// oneHost refuses requests to any other host.
type oneHost struct {
	http.RoundTripper
	host *url.URL
}

func (t oneHost) RoundTrip(r *http.Request) (*http.Response, error) {
	if !isSameHost(r.URL, t.host) {
		return nil, errForeignHost
	}
	return t.RoundTripper.RoundTrip(r)
}

// CloseIdleConnections lets http.Client do what its method says.
func (t oneHost) CloseIdleConnections() {
	if c, ok := t.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// exchange makes one request and keeps what came of it. The library that writes the request and reads the answer
// knows neither the key nor bounds, and gives no headers of errors.
type exchange struct {
	client *http.Client
	key    Key
	now    func() time.Time
	sent   bool // the library let the request go

	reached atomic.Bool // there was a connection: the server may have got the request

	fault *Error
	body  []byte // of an answer that isn't 2xx
}

// Do implements the library's HTTPDoer.
func (x *exchange) Do(r *http.Request) (*http.Response, error) {
	if key := x.key.reveal(); key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}

	r.Header.Set("User-Agent", "Parley/1.0.0")
	x.sent = true
	hooks := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { x.reached.Store(true) }}
	resp, err := x.client.Do(r.WithContext(httptrace.WithClientTrace(r.Context(), hooks)))
	if err != nil {
		x.fault = newBrokenError(r.Context(), err, false)
		return nil, x.fault
	}
	defer resp.Body.Close()
	body, err := readAll(resp.Body)
	if err != nil {
		x.fault = newBrokenError(r.Context(), err, true)
		return nil, x.fault
	}

	if resp.StatusCode < http.StatusOK || resp.StatusCode >= http.StatusMultipleChoices {
		x.body = body
		x.fault = newRefusalError(resp.StatusCode, body, retryAfter(resp.Header, x.now()))
		return nil, x.fault
	}

	body, x.fault = completionOf(body)
	if x.fault != nil {
		return nil, x.fault
	}

	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// readAll reads an answer, which the transport has unpacked, within its bound.
func readAll(body io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(body, maxAnswer+1))
	if err == nil && len(b) > maxAnswer {
		return nil, errTooLarge
	}
	return b, err
}

// completionOf returns the JSON of an answer, put together if it came in pieces though nobody asked for a stream.
// What the answer calls itself doesn't count: some servers say text/plain.
func completionOf(body []byte) ([]byte, *Error) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if len(body) == 0 {
		return nil, &Error{Kind: Empty}
	}
	if body[0] == '{' {
		return body, nil
	}
	if isStream(body) {
		return joinStream(body)
	}
	return nil, &Error{Kind: Unreadable}
}

// withoutAddress returns the cause of a failure without the URL, which http.Client puts before it.
func withoutAddress(err error) error {
	if with := (*url.Error)(nil); errors.As(err, &with) {
		err = with.Err
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return nil
	}
	if op := (*net.OpError)(nil); errors.As(err, &op) {
		return fmt.Errorf("%s: %w", op.Op, op.Err)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return io.ErrUnexpectedEOF
	}
	return errors.New("the connection or the protocol failed")
}
