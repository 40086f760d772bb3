package whatsapp

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"net/http"
	"net/url"
	"time"

	"parley/channels"
	"parley/channels/graph"
)

// A webhook names a customer's file only by an id. This file gets the bytes: it asks Meta's Graph API for the file's
// address, and reads it from there.

// fetchTimeout limits the time to look up a file's address, but not the time to read the file.
const fetchTimeout = 30 * time.Second

// mediaRef names a customer's file. Decode writes it, as JSON, into the stored message; Fetch reads it.
type mediaRef struct {
	ID     string `json:"id"`
	SHA256 string `json:"sha256,omitempty"`
}

// Fetch implements channels.Fetcher. WhatsApp keeps files for days, but a file's address only works for five minutes,
// so it is looked up each time. Reading fails at the end of the file if its hash isn't the announced one.
func (c *Channel) Fetch(ctx context.Context, ref string) (channels.Fetched, error) {
	var r mediaRef
	err := json.Unmarshal([]byte(ref), &r)
	if err != nil || r.ID == "" {
		return channels.Fetched{}, &channels.SendError{Class: channels.BadContent, Text: "The file has no name.", Cause: err}
	}
	f, err := c.fetch(ctx, r)
	// A refusal without a code comes from the file's host: the address ran out meanwhile, so it is looked up again.
	if refused, ok := errors.AsType[*graph.Error](err); ok && !refused.HasCode {
		f, err = c.fetch(ctx, r)
	}
	if refused, ok := errors.AsType[*graph.Error](err); ok && refused.HasCode && refused.Code == codeInvalidParameter {
		// Graph's answer for a file that is gone is also that for a number that the token doesn't open any more.
		if refusal := c.askForNumber(ctx); refusal != nil {
			return channels.Fetched{}, refusal
		}
	}
	if err != nil {
		return channels.Fetched{}, c.fetchError(err)
	}
	return f, nil
}

// askForNumber returns nil if WhatsApp still shows our number to the access token.
// Errors: *channels.SendError, of class Retry if that isn't known.
func (c *Channel) askForNumber(ctx context.Context) error {
	askCtx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	err := c.graph.Call(askCtx, http.MethodGet, c.phone, url.Values{"fields": {"id"}}, nil, nil)
	if err == nil {
		return nil
	}
	if out := c.attemptError(err, channels.Outbound{Attempt: channels.Attempt{Number: 1}}); out.Class == channels.AuthBroken {
		return out
	}
	return &channels.SendError{Class: channels.Retry, Text: "The file could not be read from WhatsApp.", Cause: err}
}

// fetch looks up a file's address and opens the file.
func (c *Channel) fetch(ctx context.Context, r mediaRef) (channels.Fetched, error) {
	lookupCtx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	var m struct {
		URL       string `json:"url"`
		MimeType  string `json:"mime_type"`
		SHA256    string `json:"sha256"`
		SizeBytes loose  `json:"file_size"`
	}
	if err := c.graph.Call(lookupCtx, http.MethodGet, url.PathEscape(r.ID), url.Values{"phone_number_id": {c.phone}}, nil, &m); err != nil {
		return channels.Fetched{}, err
	}

	d, err := c.graph.Download(ctx, m.URL, true, maxFile)
	if err != nil {
		return channels.Fetched{}, err
	}

	body := &hashedBody{ReadCloser: d.Body, sum: sha256.New(), want: cmp.Or(m.SHA256, r.SHA256)}
	return channels.Fetched{ContentType: contentType(m.MimeType), Body: body}, nil
}

// fetchError says what a failed Fetch means: whether to try again, in words for agents.
func (c *Channel) fetchError(err error) *channels.SendError {
	var refused *graph.Error
	switch {
	case errors.Is(err, graph.ErrTooLarge):
		return &channels.SendError{Class: channels.BadContent, Text: "The file is larger than 100 MB.", Cause: err}
	case errors.Is(err, graph.ErrForeignHost):
		return &channels.SendError{
			Class: channels.BadContent,
			Text:  "WhatsApp points to a file on a host that isn't its own.",
			Cause: err,
		}
	case errors.As(err, &refused) && isGone(refused):
		return &channels.SendError{
			Class: channels.BadContent,
			Text:  "WhatsApp doesn't have the file any more.",
			Hint:  "Ask the customer to send it again.",
			Cause: err,
		}
	}

	out := callError(c, err)
	if out.Class == channels.Ambiguous { // reading may be repeated
		out.Class = channels.Retry
		out.Text, out.Hint = "The file could not be read from WhatsApp.", ""
	}

	return out
}

// isGone reports whether WhatsApp says that it doesn't have a file any more.
func isGone(e *graph.Error) bool {
	switch e.Status {
	case http.StatusNotFound, http.StatusGone:
		return true
	}
	return e.HasCode && e.Code == codeInvalidParameter // what Graph answers for an id that doesn't exist
}

// hashedBody is a file that is being read. At its end, its hash is compared with the announced one.
type hashedBody struct {
	io.ReadCloser
	sum  hash.Hash
	want string // base64 or hex; "" means unknown
}

// Read implements io.Reader. At the end of a damaged file it fails with a *SendError.
func (c *hashedBody) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.sum.Write(p[:n])
	switch {
	case errors.Is(err, graph.ErrTooLarge):
		err = &channels.SendError{Class: channels.BadContent, Text: "The file is larger than 100 MB.", Cause: err}
	case errors.Is(err, io.EOF) && !isSameHash(c.want, c.sum.Sum(nil)):
		err = &channels.SendError{
			Class: channels.BadContent,
			Text:  "The file was damaged on its way.",
			Hint:  "Ask the customer to send it again.",
		}
	}
	return n, err
}

// isSameHash compares a hash with a written one, which may be base64 (as documented) or hex (as it is sent). If
// written is "", it returns true.
func isSameHash(written string, sum []byte) bool {
	if written == "" {
		return true
	}
	for _, decode := range []func(string) ([]byte, error){
		hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawStdEncoding.DecodeString,
		base64.URLEncoding.DecodeString, base64.RawURLEncoding.DecodeString,
	} {
		decoded, err := decode(written)
		if err == nil && subtle.ConstantTimeCompare(decoded, sum) == 1 {
			return true
		}
	}
	return false
}
