package meta

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"parley/channels/wire"
)

// errForeignHost is returned by Download for an address that isn't on one of Meta's hosts for files. Such an address
// must not be called, and above all must not get the token.
var errForeignHost = errors.New("graph: files don't come from this host")

// errTooLarge means that a file is larger than allowed.
var errTooLarge = errors.New("graph: the file is too large")

// maxRefusal is how much of an error response is read, in bytes.
const maxRefusal = 64 << 10

// download is an open file. The caller closes Body.
type download struct {
	ContentType string
	Body        io.ReadCloser
}

// download opens a file at an address that came from Meta. withToken sends the account's token, which some addresses
// need. If the file is larger than maxBytes, either Download or reading the body fails with ErrTooLarge.
// Errors: ErrForeignHost, ErrTooLarge, *Error, *fence.LostError.
func (c *graphClient) Download(ctx context.Context, rawURL string, withToken bool, maxBytes int64) (*download, error) {
	address, err := url.Parse(rawURL)
	if err != nil || !c.mayCall(address) {
		return nil, errForeignHost
	}

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, &wire.LostError{Cause: fmt.Errorf("make request: %w", err)}
	}
	if withToken {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}

	req.Header.Set("User-Agent", userAgent)
	resp, err := wire.Do(c.http, req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal)) // best effort: the status is enough
		return nil, readRefusal(resp.StatusCode, resp.Header, body)
	}

	if resp.ContentLength > maxBytes {
		resp.Body.Close()
		return nil, errTooLarge
	}
	return &download{
		ContentType: resp.Header.Get("Content-Type"),
		Body:        wire.Bounded(resp.Body, maxBytes, errTooLarge),
	}, nil
}

// mayCall reports whether files may be downloaded from an address: from the API's own host, or over https from one of
// Meta's hosts for files.
func (c *graphClient) mayCall(u *url.URL) bool {
	if u.User != nil {
		return false
	}
	if u.Hostname() == c.host.Hostname() { // on any port: an emulator may serve files on another one
		return u.Scheme == c.host.Scheme
	}

	isStandardPort := u.Port() == "" || u.Port() == "443"
	if u.Scheme != "https" || !isStandardPort {
		return false
	}

	name := strings.ToLower(u.Hostname())
	return slices.ContainsFunc(c.hosts, func(allowed string) bool {
		isSubdomain := strings.HasPrefix(allowed, ".") && strings.HasSuffix(name, allowed)
		return isSubdomain || name == allowed
	})
}
