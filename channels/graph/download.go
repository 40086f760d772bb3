package graph

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"parley/channels/fence"
)

// ErrForeignHost is returned by Download for an address that isn't on one of Meta's file hosts: the token
// must not be sent there.
var ErrForeignHost = errors.New("graph: files don't come from this host")

// ErrTooLarge is returned while reading a file that is longer than allowed.
var ErrTooLarge = errors.New("graph: the file is too large")

// maxRefusal bounds the answer that refuses a file, in bytes.
const maxRefusal = 64 << 10

// Download is a file that is being read.
type Download struct {
	ContentType string
	Body        io.ReadCloser
}

// Download opens a file at an address that Graph gave. With withToken, the account's token goes along. Reading more than maxBytes fails
// with ErrTooLarge.
// Errors: ErrForeignHost, ErrTooLarge, *Error, *fence.LostError.
func (c *Client) Download(ctx context.Context, rawURL string, withToken bool, maxBytes int64) (*Download, error) {
	address, err := url.Parse(rawURL)
	if err != nil || !c.mayCall(address) {
		return nil, ErrForeignHost
	}

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, &fence.LostError{Cause: fmt.Errorf("make request: %w", err)}
	}
	if withToken {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}

	req.Header.Set("User-Agent", userAgent)
	resp, err := fence.Do(c.http, req)
	if err != nil {
		return nil, err
	}

	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal)) // half an answer still has its status
		return nil, readRefusal(resp.StatusCode, resp.Header, body)
	}

	if resp.ContentLength > maxBytes {
		resp.Body.Close()
		return nil, ErrTooLarge
	}

	return &Download{ContentType: resp.Header.Get("Content-Type"), Body: fence.Bounded(resp.Body, maxBytes, ErrTooLarge)}, nil
}

// mayCall reports whether files may be fetched from an address: from the API's own host at any port, or by https from
// one of Meta's hosts for files.
func (c *Client) mayCall(u *url.URL) bool {
	if u.User != nil {
		return false
	}
	if u.Hostname() == c.host.Hostname() { // at any port: an emulator may use another one for files
		return u.Scheme == c.host.Scheme
	}

	isStandardPort := u.Port() == "" || u.Port() == "443"
	if u.Scheme != "https" || !isStandardPort {
		return false
	}

	name := strings.ToLower(u.Hostname())
	return slices.ContainsFunc(c.hosts, func(allowed string) bool {
		isParent := strings.HasPrefix(allowed, ".") && strings.HasSuffix(name, allowed)
		return isParent || name == allowed
	})
}
