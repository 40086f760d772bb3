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
	"parley/channels/fence"
)

// maxRedirects is the maximum number of redirects when a file is fetched.
const maxRedirects = 3

// mayFetch reports whether a file may be fetched from an address: any https address or, if the callback is in
// the company's own network, an http address of the callback's host. The dialer refuses all other hosts in
// that network.
func (c *Channel) mayFetch(u *url.URL) bool {
	if u.Host == "" || u.User != nil {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	isInOwnNetwork := c.private && hostAndPort(u) == hostAndPort(c.target)
	return isInOwnNetwork && u.Scheme == "http"
}

// checkRedirect implements the redirect policy: at most maxRedirects, and only to addresses from which files
// may be fetched.
func (c *Channel) checkRedirect(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects || !c.mayFetch(r.URL) {
		return errRedirect
	}
	return nil
}

// errRedirect is the error for a redirect that checkRedirect refuses.
var errRedirect = errors.New("http: it redirects too often or away from https")

// Fetch implements channels.Fetcher. Customers' files may come from any server, so it limits their size, the
// time and the redirects. An error of class BadContent is permanent.
func (c *Channel) Fetch(ctx context.Context, ref string) (channels.Fetched, error) {
	gone := func(text string, cause error) (channels.Fetched, error) {
		return channels.Fetched{}, &channels.SendError{Class: channels.BadContent, Text: text, Cause: cause}
	}

	u, err := url.Parse(ref)
	if err != nil || !c.mayFetch(u) {
		return gone("The file's address isn't an https address.", nil)
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
		return channels.Fetched{}, &channels.SendError{
			Class: class,
			Text:  text,
			Cause: fmt.Errorf("http: status %d", resp.StatusCode),
		}
	}

	tooLarge := fmt.Sprintf("The file is larger than %d MB.", maxLinked>>20)
	if resp.StatusCode == http.StatusOK {
		if resp.ContentLength > maxLinked {
			return fail(channels.BadContent, tooLarge)
		}
		body := &fetched{fence.Bounded(resp.Body, maxLinked, &channels.SendError{
			Class: channels.BadContent,
			Text:  tooLarge,
		}), cancel}
		return channels.Fetched{ContentType: strings.TrimSpace(resp.Header.Get("Content-Type")), Body: body}, nil
	}

	if mayWorkLater(resp.StatusCode) {
		return fail(channels.Retry, fmt.Sprintf("The file could not be fetched (status %d).", resp.StatusCode))
	}

	return fail(channels.BadContent, fmt.Sprintf("The file is gone (status %d).", resp.StatusCode))
}

// mayWorkLater reports whether a request that failed with a status is worth retrying.
func mayWorkLater(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= http.StatusInternalServerError
}

// fetchOnce requests a file, following redirects.
func (c *Channel) fetchOnce(ctx context.Context, ref string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, ref, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", userAgent)
	return fence.Do(c.fetches, req)
}

// fetched is the body of a response. Close also cancels the context of the request.
type fetched struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (f *fetched) Close() error {
	defer f.cancel()
	return f.ReadCloser.Close()
}
