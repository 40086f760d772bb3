package meta

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"parley/channels"
	"parley/channels/wire"
)

// maxFetchBytes is the maximum size of a file from a customer.
const maxFetchBytes = 100 << 20

// mediaHosts returns the hosts of Meta's file servers. No other host is called, whatever address a message
// has.
func mediaHosts() []string { return []string{".fbcdn.net", ".fbsbx.com", ".cdninstagram.com"} }

// fetchWaits returns the pauses between attempts to read a file that Meta's server doesn't find yet: a
// webhook may arrive before its file is available.
// Source: reports of others, for example chatwoot/chatwoot issue 15664 (September 2026).
func fetchWaits() []time.Duration {
	return []time.Duration{time.Second, 3 * time.Second, 10 * time.Second}
}

// download opens a file that a customer sent. Meta has signed the address, so the Page's token is not sent.
// Errors: those of graphClient.Download, or the context's if it ends during a pause.
func (c *Page) download(ctx context.Context, ref string) (*download, error) {
	for _, wait := range c.fetchWaits {
		d, err := c.graph.Download(ctx, ref, false, maxFetchBytes)
		if !isNotFound(err) {
			return d, err
		}
		if !wire.For(ctx, wait) {
			return nil, ctx.Err()
		}
	}
	return c.graph.Download(ctx, ref, false, maxFetchBytes)
}

func isNotFound(err error) bool {
	refused, ok := errors.AsType[*graphError](err)
	return ok && refused.Status == http.StatusNotFound
}

// Fetch implements channels.Fetcher. ref is the file's address on Meta's servers.
func (c *Page) Fetch(ctx context.Context, ref string) (channels.Fetched, error) {
	d, err := c.download(ctx, ref)
	if err == nil {
		return channels.Fetched{ContentType: d.ContentType, Body: fetchedBody{d.Body}}, nil
	}

	permanentError := func(text string) error {
		return &channels.SendError{Class: channels.BadContent, Text: text, Hint: "Look into the Page's inbox.", Cause: err}
	}

	var refused *graphError
	switch {
	case errors.Is(err, errForeignHost):
		return channels.Fetched{}, permanentError("The file isn't on Meta's servers and is not fetched.")
	case errors.Is(err, errTooLarge):
		return channels.Fetched{}, errFileTooLarge(err)
	case errors.As(err, &refused) && refused.Status == http.StatusTooManyRequests:
		return channels.Fetched{}, &channels.SendError{
			Class: channels.Throttled,
			Wait:  throttleWait(refused),
			Text:  "Meta's file server is busy.",
			Cause: err,
		}
	case errors.As(err, &refused) && refused.Status < http.StatusInternalServerError:
		return channels.Fetched{}, permanentError("The file's address has expired.")
	}

	return channels.Fetched{}, &channels.SendError{Class: channels.Retry, Text: "Meta's file server doesn't answer.", Cause: err}
}

func errFileTooLarge(err error) error {
	return &channels.SendError{
		Class: channels.BadContent,
		Text:  "The file is too large.",
		Hint:  "Look into the Page's inbox.",
		Cause: err,
	}
}

// fetchedBody is a file whose Read returns errors as *channels.SendError.
type fetchedBody struct{ io.ReadCloser }

// Read implements io.Reader.
// Errors: *channels.SendError.
func (r fetchedBody) Read(b []byte) (int, error) {
	n, err := r.ReadCloser.Read(b)
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return n, err
	case errors.Is(err, errTooLarge):
		return n, errFileTooLarge(err)
	}
	return n, &channels.SendError{Class: channels.Retry, Text: "The file broke off.", Cause: err}
}
