package http

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"parley/channels"
)

// maxRedirects of a customer's file.
const maxRedirects = 3

// mayFetch says whether an address may be fetched: https, and where the callback is in the
// own network also what stands beside it. The dialer refuses the rest of that network.
func (c *Channel) mayFetch(u *url.URL) bool {
	if u.Host == "" || u.User != nil {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && c.private && hostPort(u) == hostPort(c.target)
}

func (c *Channel) checkRedirect(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects || !c.mayFetch(r.URL) {
		return errRedirect
	}
	return nil
}

// errRedirect ends a chain of redirects that leads nowhere good.
var errRedirect = errors.New("http: it redirects too often or away from https")

// Fetch implements channels.Fetcher.
func (c *Channel) Fetch(ctx context.Context, ref string) (channels.Fetched, error) {
	gone := func(text string, cause error) (channels.Fetched, error) {
		return channels.Fetched{}, &channels.SendError{Class: channels.BadContent, Text: text, Cause: cause}
	}
	u, err := url.Parse(ref)
	if err != nil || !c.mayFetch(u) {
		return gone("The file's address is no https address.", nil)
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	resp, err := c.fetchOnce(ctx, ref)
	if err != nil {
		cancel()
		if errors.Is(err, channels.ErrPrivateAddress) || errors.Is(err, errRedirect) {
			return gone("The file's address leads to where Parley doesn't go.", err)
		}
		return channels.Fetched{}, &channels.SendError{Class: channels.Retry, Text: "The file could not be fetched.", Cause: err}
	}
	fail := func(class channels.Class, text string) (channels.Fetched, error) {
		cancel()
		_ = resp.Body.Close()
		return channels.Fetched{}, &channels.SendError{Class: class, Text: text, Cause: fmt.Errorf("http: status %d", resp.StatusCode)}
	}
	switch status := resp.StatusCode; {
	case status == http.StatusOK && resp.ContentLength > maxLinked:
		return fail(channels.BadContent, fmt.Sprintf("The file is larger than %d MB.", maxLinked>>20))
	case status == http.StatusOK:
		body := &fetched{ReadCloser: resp.Body, cancel: cancel, left: maxLinked}
		return channels.Fetched{ContentType: strings.TrimSpace(resp.Header.Get("Content-Type")), Body: body}, nil
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500:
		return fail(channels.Retry, fmt.Sprintf("The file could not be fetched (status %d).", status))
	default:
		return fail(channels.BadContent, fmt.Sprintf("The file is gone (status %d).", status))
	}
}

func (c *Channel) fetchOnce(ctx context.Context, ref string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, ref, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", userAgent)
	return c.fetches.Do(req)
}

// fetched is a body that ends with an error where it grows too large.
type fetched struct {
	io.ReadCloser
	cancel context.CancelFunc
	left   int64
}

// Read implements io.Reader.
func (f *fetched) Read(b []byte) (int, error) {
	n, err := f.ReadCloser.Read(b)
	if f.left -= int64(n); f.left < 0 {
		return 0, &channels.SendError{Class: channels.BadContent, Text: fmt.Sprintf("The file is larger than %d MB.", maxLinked>>20)}
	}
	return n, err
}

// Close implements io.Closer.
func (f *fetched) Close() error {
	defer f.cancel()
	return f.ReadCloser.Close()
}
