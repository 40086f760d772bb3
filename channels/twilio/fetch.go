package twilio

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/fence"
	"parley/channels/pause"
)

// maxFile bounds a customer's file; Twilio's own limit is 16 MB on WhatsApp, 5 MB by MMS.
const maxFile = 100 << 20

// maxRedirects bounds how often Twilio may send us elsewhere for a file.
const maxRedirects = 4

// mediaWaits returns the pauses between tries to read a file that isn't there yet: Twilio may call us for a message some seconds before
// its files can be read.
// Source: reports of others, for example chatwoot/chatwoot pull requests 15499 and 15504 (August 2026).
func mediaWaits() []time.Duration {
	return []time.Duration{time.Second, 3 * time.Second, 10 * time.Second}
}

// fetchFile opens a customer's file. If it isn't there yet, fetchFile waits and tries again (mediaWaits).
func (c *client) fetchFile(ctx context.Context, ref string) (channels.Fetched, error) {
	for _, wait := range c.mediaWaits {
		f, err := c.fetchOnce(ctx, ref)
		if !errors.Is(err, errNoMedia) {
			return f, err
		}
		if !pause.For(ctx, wait) {
			return channels.Fetched{}, &channels.SendError{
				Class: channels.Retry,
				Text:  "Twilio does not have the file yet.",
				Cause: err,
			}
		}
	}
	return c.fetchOnce(ctx, ref)
}

// errNoMedia is the cause of a failure if Twilio's API, not its storage, says that there is no such file.
var errNoMedia = errors.New("twilio: media: no such file")

// fetchOnce opens a customer's file. Credentials are only sent to Twilio's API, and not to the storage to which it redirects.
func (c *client) fetchOnce(ctx context.Context, ref string) (channels.Fetched, error) {
	at, trusted, err := c.mediaURL(ref)
	if err != nil {
		return channels.Fetched{}, &channels.SendError{
			Class: channels.BadContent,
			Text:  "The file's address is not Twilio's.",
			Cause: err,
		}
	}

	for hop := range maxRedirects {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
		if err != nil {
			return channels.Fetched{}, &channels.SendError{Class: channels.BadContent, Text: "The file's address can't be read."}
		}

		withCredentials := hop == 0 && trusted
		if withCredentials {
			req.SetBasicAuth(c.account, c.token)
		}

		resp, err := fence.Do(c.http, req)
		if err != nil {
			return channels.Fetched{}, &channels.SendError{
				Class: channels.Retry,
				Text:  "The file could not be fetched from Twilio.",
				Cause: err,
			}
		}
		if isRedirect := resp.StatusCode/100 == 3; !isRedirect {
			return c.readFetched(resp, withCredentials)
		}

		next, err := resp.Location()
		_ = resp.Body.Close() // a redirect's body isn't needed

		if err != nil || !c.mayFollow(next) {
			return channels.Fetched{}, &channels.SendError{
				Class: channels.BadContent,
				Text:  "Twilio sends us to a strange place for this file.",
			}
		}

		at = next.String()
	}

	return channels.Fetched{}, &channels.SendError{
		Class: channels.BadContent,
		Text:  "Twilio sends us around in circles for this file.",
	}
}

// mayFollow reports whether a file may be fetched from the address to which Twilio redirects. The address must be https, unless the API
// itself isn't, as in tests.
func (c *client) mayFollow(next *url.URL) bool {
	return next.Scheme == "https" || strings.HasPrefix(c.base, "http://")
}

// mediaURL returns the address from which a file is read. trusted says that our credentials may be sent there: only to Twilio's API, or
// to the server that replaces it (Env.APIURL).
func (c *client) mediaURL(ref string) (address string, trusted bool, err error) {
	u, err := url.Parse(ref)
	if err != nil || u.User != nil {
		return "", false, errors.New("twilio: media: bad address")
	}
	if u.Host == "" && strings.HasPrefix(u.Path, "/2010-04-01/") {
		return c.base + u.RequestURI(), true, nil
	}

	api, err := url.Parse(c.base)
	if err != nil {
		return "", false, errors.New("twilio: media: bad API address")
	}
	if u.Scheme == api.Scheme && u.Host == api.Host {
		return u.String(), true, nil
	}

	if u.Scheme == "https" && strings.HasSuffix(u.Host, ".twilio.com") {
		if c.replaced {
			return c.base + u.RequestURI(), true, nil
		}
		return u.String(), true, nil
	}

	if c.replaced && u.Host != "" && u.Scheme == api.Scheme { // the stand-in may keep files on a host of its own
		return u.String(), false, nil
	}

	return "", false, errors.New("twilio: media: another host")
}

// readFetched reads the answer to a request for a file. withCredentials says that the request went to Twilio's API with our
// credentials.
func (c *client) readFetched(resp *http.Response, withCredentials bool) (channels.Fetched, error) {
	tooLarge := &channels.SendError{Class: channels.BadContent, Text: "The file is too large."}
	cause := fmt.Errorf("twilio: media: status %d", resp.StatusCode)
	if resp.StatusCode == http.StatusNotFound && withCredentials {
		cause = errNoMedia
	}
	fail := func(class channels.Class, text string) (channels.Fetched, error) {
		_ = resp.Body.Close()
		return channels.Fetched{}, &channels.SendError{Class: class, Wait: retryAfter(resp, c.now()), Text: text, Cause: cause}
	}

	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized && withCredentials:
		return fail(channels.AuthBroken, "Twilio refuses the account SID or the auth token.")
	case code == http.StatusTooManyRequests:
		return fail(channels.Throttled, "Twilio hands out no more files at the moment.")
	case code == http.StatusNotFound, code == http.StatusGone, code == http.StatusForbidden:
		return fail(channels.BadContent, "Twilio does not have the file any more.")
	case code/100 != 2:
		return fail(channels.Retry, "Twilio could not hand out the file.")
	case resp.ContentLength > maxFile:
		_ = resp.Body.Close()
		return channels.Fetched{}, tooLarge
	}

	f := channels.Fetched{ContentType: resp.Header.Get("Content-Type"), Body: fence.Bounded(resp.Body, maxFile, tooLarge)}
	if _, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition")); err == nil { // else it has no name
		f.Name = params["filename"]
	}

	return f, nil
}
