// Package attachment reads the files that agents attach to their messages in Slack, so that they can be sent to the
// customer. Slack tells in an event where a file's bytes are, or only the file's id. The bytes are downloaded with our
// bot's token when the reply leaves.
//
// What does not belong here: files that go the other way, which package slack uploads.
package attachment

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"parley/bot/slack/fact"
	"parley/bot/slack/refusal"
	"parley/bridge"
	"parley/channels"
	"parley/channels/fence"
)

// errFile is wrapped by the errors of Open.
var errFile = errors.New("slack: file")

// errTooLong ends the reading of a file that is longer than announced.
var errTooLong = errors.New("slack: file is longer than announced")

// openTimeout bounds the reading of one file, from Open until it is closed.
const openTimeout = 10 * time.Minute

// Reader opens the files of one workspace.
type Reader struct {
	HTTP     *http.Client // follows no redirects by itself
	Token    string       // of the bot
	MaxBytes int64        // of a file whose size isn't known

	// IsTrusted reports whether the token may be sent to an address.
	IsTrusted func(*url.URL) bool

	// Describe asks Slack what a file is and where its bytes are.
	Describe func(ctx context.Context, id string) (fact.File, error)
}

// Open starts the download of a file. It sends the token only to Slack's own hosts. If Slack answers with a login page
// in place of the file, that is an error.
// Errors: *channels.SendError of class BadContent if the file can't be read later either, and of class Retry if it
// may be; other errors, after which it may be readable later, too.
func (r *Reader) Open(ctx context.Context, f bridge.SurfaceFile) (io.ReadCloser, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	content, err := r.open(ctx, f)
	if err != nil {
		cancel()
		return nil, err
	}
	return cancelOnClose{content, cancel}, nil
}

// cancelOnClose is a download; Close also ends its request.
type cancelOnClose struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Close implements io.Closer.
func (c cancelOnClose) Close() error {
	defer c.cancel()
	return c.ReadCloser.Close()
}

// open is Open within the time that ctx allows.
func (r *Reader) open(ctx context.Context, f bridge.SurfaceFile) (io.ReadCloser, error) {
	if f.Unavailable != "" {
		return nil, unavailable(f, f.Unavailable)
	}
	if f.URL == "" {
		described, err := r.describe(ctx, f)
		if err != nil {
			return nil, err
		}
		f = described
	}

	address, err := url.Parse(f.URL)
	if err != nil || !r.IsTrusted(address) {
		return nil, unavailable(f, "it is not at Slack")
	}

	resp, err := r.download(ctx, address) //nolint:bodyclose // closed by what is returned, or below
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFile, err)
	}

	content := bufio.NewReader(resp.Body)
	if err := checkDownload(resp, content, f); err != nil {
		resp.Body.Close() //nolint:errcheck // refused already
		return nil, r.explainRefusal(ctx, f, resp.StatusCode, err)
	}

	maxBytes := r.MaxBytes
	if f.SizeBytes > 0 {
		maxBytes = min(maxBytes, f.SizeBytes)
	}
	return fence.Bounded(body{content, resp.Body}, maxBytes, errTooLong), nil
}

// body is the body of an answer of which the first bytes were looked at.
type body struct {
	io.Reader
	io.Closer
}

// describe asks Slack for the details of a file that an event left out.
// Errors: *channels.SendError of class BadContent for a file that can't be read.
func (r *Reader) describe(ctx context.Context, f bridge.SurfaceFile) (bridge.SurfaceFile, error) {
	info, err := r.Describe(ctx, f.ID)
	if err != nil {
		return f, fmt.Errorf("%w: %w", errFile, err)
	}
	described := fact.SurfaceFile(info)
	if described.Unavailable != "" {
		return f, unavailable(f, described.Unavailable)
	}
	return described, nil
}

// explainRefusal returns a better error than err, with which checkDownload refused a download. Slack's file host
// answers alike whether the file is gone or the app has no access at all, so it asks the Web API which it is.
func (r *Reader) explainRefusal(ctx context.Context, f bridge.SurfaceFile, status int, err error) error {
	if status >= http.StatusInternalServerError || f.ID == "" {
		return err
	}
	_, infoErr := r.describe(ctx, f)
	if channels.ClassOf(infoErr) == channels.BadContent {
		return infoErr
	}
	if refusal.NeedsRepair(infoErr) || refusal.IsTemporary(infoErr) {
		return notReadableYet(f, "Slack doesn't let Parley in")
	}
	return err
}

// unavailable returns the error for a file that can't be read now or later.
func unavailable(f bridge.SurfaceFile, why string) error {
	return &channels.SendError{
		Class: channels.BadContent,
		Text:  f.Name + " can't be read: " + why,
		Hint:  "Upload the file itself and send again.",
		Cause: errFile,
	}
}

// notReadableYet returns the error for a file that may be readable later.
func notReadableYet(f bridge.SurfaceFile, why string) error {
	return &channels.SendError{
		Class: channels.Retry,
		Text:  f.Name + " can't be read: " + why,
		Hint:  "Parley tries again by itself.",
		Cause: errFile,
	}
}
