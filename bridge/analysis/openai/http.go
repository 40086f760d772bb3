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

// All requests to the model's server go through the HTTP client of this file. It connects to a single host, follows no
// redirects to other hosts, and limits the size of responses. So a broken or hostile server can't fill the memory, or
// have the key and the customer's text sent elsewhere.

const (
	maxAnswer    = 1 << 20  // bytes, after decompression
	maxHeader    = 64 << 10 // bytes
	maxRedirects = 3
	dialTimeout  = 5 * time.Second
	keepAlive    = 30 * time.Second
	idleTimeout  = 90 * time.Second
)

var (
	errTooLarge    = errors.New("the answer is too long")
	errForeignHost = errors.New("the server sends to another address")
)

// newClient returns a copy of base that sends requests to host only. A nil base, or one without a Transport, gets a
// default transport.
func newClient(base *http.Client, host *url.URL, concurrency int) *http.Client {
	var c http.Client
	if base != nil {
		c = *base
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
	c.Jar = nil
	c.Timeout = 0 // the context's deadline limits a request
	c.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		isAllowed := keepsRequest(r.Response) && isSameHost(r.URL, host)
		if !isAllowed || len(via) > maxRedirects {
			return errForeignHost
		}
		return nil
	}

	return &c
}

// keepsRequest reports whether a redirect preserves the method and the body of the request.
func keepsRequest(redirect *http.Response) bool {
	if redirect == nil {
		return false
	}
	return redirect.StatusCode == http.StatusTemporaryRedirect || redirect.StatusCode == http.StatusPermanentRedirect
}

// isSameHost reports whether two URLs have the same scheme, host and port.
func isSameHost(u, host *url.URL) bool {
	return u.Scheme == host.Scheme && strings.EqualFold(u.Host, host.Host)
}

// oneHost is a RoundTripper that refuses requests to any host but one.
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

// CloseIdleConnections is called by the method of the same name of http.Client.
func (t oneHost) CloseIdleConnections() {
	if c, ok := t.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// exchange sends one request for the client library and records how it went. The library encodes requests and decodes
// responses, but it has no size limits, drops the headers of error responses, and shouldn't know the key.
type exchange struct {
	client *http.Client
	key    Key
	now    func() time.Time

	sent    bool        // the library called Do
	reached atomic.Bool // there was a connection, so the server may have received the request
	fault   *Error      // why the exchange failed; nil if it succeeded
	body    []byte      // of a response that isn't 2xx
}

// Do implements the library's HTTPDoer interface. It must be called at most once.
func (x *exchange) Do(r *http.Request) (*http.Response, error) {
	if key := x.key.reveal(); key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}

	r.Header.Set("User-Agent", "Parley/1.0.0")
	x.sent = true
	hooks := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { x.reached.Store(true) }}
	resp, err := x.client.Do(r.WithContext(httptrace.WithClientTrace(r.Context(), hooks)))
	if err != nil {
		x.fault = newTransportError(r.Context(), err, beforeResponse)
		return nil, x.fault
	}
	defer resp.Body.Close()

	body, err := readAll(resp.Body)
	if err != nil {
		x.fault = newTransportError(r.Context(), err, withinResponse)
		return nil, x.fault
	}

	if resp.StatusCode < http.StatusOK || resp.StatusCode >= http.StatusMultipleChoices {
		x.body = body
		x.fault = newStatusError(resp.StatusCode, body, retryAfter(resp.Header, x.now()))
		return nil, x.fault
	}

	body, x.fault = completionOf(body)
	if x.fault != nil {
		return nil, x.fault
	}

	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// readAll reads a response body of at most maxAnswer bytes.
func readAll(body io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(body, maxAnswer+1))
	if err == nil && len(b) > maxAnswer {
		return nil, errTooLarge
	}
	return b, err
}

// completionOf returns the JSON of a chat completion. The Content-Type is ignored, since some servers send text/plain.
func completionOf(body []byte) ([]byte, *Error) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if len(body) == 0 {
		return nil, &Error{Kind: Empty}
	}
	if body[0] == '{' {
		return body, nil
	}
	return nil, &Error{Kind: Unreadable}
}

// withoutURL returns the cause of a failure without the URL that http.Client adds. Errors of the context return nil:
// their Kind says it all. Unknown errors are replaced, since they might quote the request.
func withoutURL(err error) error {
	if urlErr, ok := errors.AsType[*url.Error](err); ok {
		err = urlErr.Err
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return nil
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return fmt.Errorf("%s: %w", op.Op, op.Err)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return io.ErrUnexpectedEOF
	}
	return errors.New("the connection or the protocol failed")
}
