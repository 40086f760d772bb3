package messenger

import (
	"context"
	"errors"
	"io"
	"net/http"

	"parley/channels"
	"parley/channels/graph"
)

// maxFetchBytes bounds a customer's file.
const maxFetchBytes = 100 << 20

// mediaHosts returns Meta's hosts for files. An address on another host is never called, whatever a message
// says.
func mediaHosts() []string {
	return []string{".fbcdn.net", ".fbsbx.com", ".cdninstagram.com"}
}

// Fetch implements channels.Fetcher. The address is signed by Meta, so the Page's token is not sent.
func (c *Channel) Fetch(ctx context.Context, ref string) (channels.Fetched, error) {
	d, err := c.graph.Download(ctx, ref, false, maxFetchBytes)
	if err == nil {
		return channels.Fetched{ContentType: d.ContentType, Body: classified{d.Body}}, nil
	}

	bad := func(text string) error {
		return &channels.SendError{Class: channels.BadContent, Text: text, Hint: "Look into the Page's inbox.", Cause: err}
	}

	var refused *graph.Error
	switch {
	case errors.Is(err, graph.ErrForeignHost):
		return channels.Fetched{}, bad("The file isn't on Meta's servers and is not fetched.")
	case errors.Is(err, graph.ErrTooLarge):
		return channels.Fetched{}, errTooMuch(err)
	case errors.As(err, &refused) && refused.Status == http.StatusTooManyRequests:
		return channels.Fetched{}, &channels.SendError{Class: channels.Throttled, Wait: throttleWait(refused), Text: "Meta's file server is busy.", Cause: err}
	case errors.As(err, &refused) && refused.Status < http.StatusInternalServerError:
		return channels.Fetched{}, bad("The file's address has expired.")
	}

	return channels.Fetched{}, &channels.SendError{Class: channels.Retry, Text: "Meta's file server doesn't answer.", Cause: err}
}

func errTooMuch(err error) error {
	return &channels.SendError{Class: channels.BadContent, Text: "The file is too large.", Hint: "Look into the Page's inbox.", Cause: err}
}

// classified is a file whose Read returns errors as *channels.SendError.
type classified struct{ io.ReadCloser }

// Read implements io.Reader. Errors: *channels.SendError.
func (r classified) Read(b []byte) (int, error) {
	n, err := r.ReadCloser.Read(b)
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return n, err
	case errors.Is(err, graph.ErrTooLarge):
		return n, errTooMuch(err)
	}
	return n, &channels.SendError{Class: channels.Retry, Text: "The file broke off.", Cause: err}
}
