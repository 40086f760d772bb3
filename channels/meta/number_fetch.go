package meta

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
)

// A webhook has only the id of a file that a customer sent. This file downloads the content: it asks Meta's
// Graph API for the file's address, and reads the file from there.

// fetchTimeout limits the lookup of a file's address, but not the download.
const fetchTimeout = 30 * time.Second

// mediaRef identifies a file. Decode stores it, as JSON, in Attachment.Ref, and Fetch reads it.
type mediaRef struct {
	ID     string `json:"id"`
	SHA256 string `json:"sha256,omitempty"`
}

// Fetch implements channels.Fetcher. WhatsApp keeps files for days, but an address is valid for only five
// minutes, so Fetch looks it up each time. At the end of the file, reading fails if the hash differs from the
// announced one.
func (c *Number) Fetch(ctx context.Context, ref string) (channels.Fetched, error) {
	var r mediaRef
	err := json.Unmarshal([]byte(ref), &r)
	if err != nil || r.ID == "" {
		return channels.Fetched{}, &channels.SendError{Class: channels.BadContent, Text: "The file has no name.", Cause: err}
	}
	f, err := c.fetch(ctx, r)
	if isRefusedByHost(err) { // the address has expired since the lookup
		f, err = c.fetch(ctx, r)
	}
	if isUnknownID(err) {
		// Graph gives the same answer if the file is gone, and if the token has lost access to our number.
		if refusal := c.checkNumberAccess(ctx); refusal != nil {
			return channels.Fetched{}, refusal
		}
	}
	if err != nil {
		return channels.Fetched{}, c.fetchError(err)
	}
	return f, nil
}

// isRefusedByHost reports whether a file's host refused the download. Unlike Graph, such hosts give no error code.
func isRefusedByHost(err error) bool {
	refused, ok := errors.AsType[*graphError](err)
	return ok && !refused.HasCode
}

// isUnknownID reports whether Graph refused a request because it doesn't know the id, or the token has no access to it.
func isUnknownID(err error) bool {
	refused, ok := errors.AsType[*graphError](err)
	return ok && refused.HasCode && refused.Code == codeInvalid
}

// checkNumberAccess returns nil if the access token still has access to our number.
// Errors: *channels.SendError, of class Retry if the request failed for another reason.
func (c *Number) checkNumberAccess(ctx context.Context) error {
	lookupCtx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	err := c.graph.Call(lookupCtx, http.MethodGet, c.id, url.Values{"fields": {"id"}}, nil, nil)
	if err == nil {
		return nil
	}
	if out := c.attemptError(err, channels.Outbound{Attempt: channels.Attempt{Number: 1}}); out.Class == channels.AuthBroken {
		return out
	}
	return &channels.SendError{Class: channels.Retry, Text: "The file could not be read from WhatsApp.", Cause: err}
}

// fetch looks up a file's address and opens the file.
func (c *Number) fetch(ctx context.Context, r mediaRef) (channels.Fetched, error) {
	lookupCtx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	var m struct {
		URL       string `json:"url"`
		MimeType  string `json:"mime_type"`
		SHA256    string `json:"sha256"`
		SizeBytes loose  `json:"file_size"`
	}
	if err := c.graph.Call(lookupCtx, http.MethodGet, url.PathEscape(r.ID), url.Values{"phone_number_id": {c.id}}, nil, &m); err != nil {
		return channels.Fetched{}, err
	}

	d, err := c.graph.Download(ctx, m.URL, true, maxFile)
	if err != nil {
		return channels.Fetched{}, err
	}

	body := &hashedBody{ReadCloser: d.Body, sum: sha256.New(), want: cmp.Or(m.SHA256, r.SHA256)}
	return channels.Fetched{ContentType: contentType(m.MimeType), Body: body}, nil
}

// fetchError classifies the error of a failed Fetch, and adds texts for agents.
func (c *Number) fetchError(err error) *channels.SendError {
	var refused *graphError
	switch {
	case errors.Is(err, errTooLarge):
		return &channels.SendError{Class: channels.BadContent, Text: "The file is larger than 100 MB.", Cause: err}
	case errors.Is(err, errForeignHost):
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
	if out.Class == channels.Ambiguous { // a download may be repeated
		out.Class = channels.Retry
		out.Text, out.Hint = "The file could not be read from WhatsApp.", ""
	}

	return out
}

// isGone reports whether WhatsApp no longer has a file.
func isGone(e *graphError) bool {
	switch e.Status {
	case http.StatusNotFound, http.StatusGone:
		return true
	}
	return e.HasCode && e.Code == codeInvalid // Graph's code for an id that doesn't exist
}

// hashedBody is the content of a file that is being read. At the end, its hash is compared with the announced
// one.
type hashedBody struct {
	io.ReadCloser
	sum  hash.Hash
	want string // base64 or hex; "" if unknown
}

// Read implements io.Reader. At the end of a damaged file it returns a *channels.SendError.
func (b *hashedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.sum.Write(p[:n])
	switch {
	case errors.Is(err, errTooLarge):
		err = &channels.SendError{Class: channels.BadContent, Text: "The file is larger than 100 MB.", Cause: err}
	case errors.Is(err, io.EOF) && !isSameHash(b.want, b.sum.Sum(nil)):
		err = &channels.SendError{
			Class: channels.BadContent,
			Text:  "The file was damaged on its way.",
			Hint:  "Ask the customer to send it again.",
		}
	}
	return n, err
}

// isSameHash compares a hash with its encoded form, which may be base64 (as documented) or hex (as Meta sends
// it). If written is "", it returns true.
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
