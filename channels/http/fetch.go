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
	"parley/channels/wire"
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
	u, err := url.Parse(ref)
	if err != nil || !c.mayFetch(u) {
		return channels.Fetched{}, &channels.SendError{Class: channels.BadContent, Text: "The file's address isn't an https address."}
	}

	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	resp, err := c.fetchOnce(ctx, ref)
	if err != nil {
		cancel()
		return channels.Fetched{}, fetchError(err)
	}
	if err := checkFile(resp); err != nil {
		cancel()
		_ = resp.Body.Close()
		return channels.Fetched{}, err
	}

	body := &fetched{wire.Bounded(resp.Body, maxLinked, tooLarge(nil)), cancel}
	return channels.Fetched{ContentType: strings.TrimSpace(resp.Header.Get("Content-Type")), Body: body}, nil
}

// fetchError classifies the failure of a request for a file that got no response.
func fetchError(err error) error {
	if errors.Is(err, channels.ErrPrivateAddress) || errors.Is(err, errRedirect) {
		return &channels.SendError{
			Class: channels.BadContent,
			Text:  "The file's address leads to where Parley doesn't go.",
			Cause: err,
		}
	}
	return &channels.SendError{Class: channels.Retry, Text: "The file could not be fetched.", Cause: err}
}

// checkFile returns an error if a response doesn't have the file, or if the file is too large.
func checkFile(resp *http.Response) error {
	cause := fmt.Errorf("http: status %d", resp.StatusCode)
	switch {
	case resp.StatusCode == http.StatusOK && resp.ContentLength > maxLinked:
		return tooLarge(cause)
	case resp.StatusCode == http.StatusOK:
		return nil
	case mayWorkLater(resp.StatusCode):
		text := fmt.Sprintf("The file could not be fetched (status %d).", resp.StatusCode)
		return &channels.SendError{Class: channels.Retry, Text: text, Cause: cause}
	default:
		text := fmt.Sprintf("The file is gone (status %d).", resp.StatusCode)
		return &channels.SendError{Class: channels.BadContent, Text: text, Cause: cause}
	}
}

// tooLarge returns the error for a file that exceeds maxLinked.
func tooLarge(cause error) *channels.SendError {
	text := fmt.Sprintf("The file is larger than %d MB.", maxLinked/megabyte)
	return &channels.SendError{Class: channels.BadContent, Text: text, Cause: cause}
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
	return wire.Do(c.fetches, req)
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
