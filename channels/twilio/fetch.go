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
	"parley/channels/wire"
)

// This file downloads the files that customers send. A message refers to a file by a URL of Twilio's API, such as
// https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1. The API redirects to a storage server. Three rules protect us:
// only Twilio's addresses are fetched, only its API gets our credentials, and the size of a file is bounded.

// maxFile bounds a customer's file, in bytes. Twilio's own limit is 16 MB on WhatsApp and 5 MB by MMS.
const maxFile = 100 << 20

// maxRedirects bounds how many requests one download makes.
const maxRedirects = 4

// mediaWaits returns the pauses between attempts to fetch a file that doesn't exist yet. Twilio may call the webhook some seconds before
// the message's files are available.
// Source: reports of others, for example chatwoot/chatwoot pull requests 15499 and 15504 (August 2026).
func mediaWaits() []time.Duration {
	return []time.Duration{time.Second, 3 * time.Second, 10 * time.Second}
}

// fetchFile opens a customer's file. The caller closes its body. If Twilio doesn't have the file yet, fetchFile waits and retries.
// Errors: *channels.SendError.
func (c *client) fetchFile(ctx context.Context, ref string) (channels.Fetched, error) {
	for _, wait := range c.mediaWaits {
		f, err := c.fetchOnce(ctx, ref)
		if !errors.Is(err, errNoMedia) {
			return f, err
		}
		if !wire.For(ctx, wait) {
			return channels.Fetched{}, &channels.SendError{
				Class: channels.Retry,
				Text:  "Twilio does not have the file yet.",
				Cause: err,
			}
		}
	}
	return c.fetchOnce(ctx, ref)
}

// errNoMedia is the cause of a failure if Twilio's API, and not its storage, responds that the file doesn't exist.
var errNoMedia = errors.New("twilio: media: no such file")

// fetchOnce is fetchFile without retries. It sends our credentials only with the first request, not to the storage server to which
// Twilio redirects.
func (c *client) fetchOnce(ctx context.Context, ref string) (channels.Fetched, error) {
	at, err := c.mediaURL(ref)
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

		withCredentials := hop == 0
		if withCredentials {
			req.SetBasicAuth(c.account, c.token)
		}

		resp, err := wire.Do(c.http, req)
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

// mayFollow reports whether a redirect may be followed. It must lead to an https address, unless the API itself has none, as in tests.
func (c *client) mayFollow(next *url.URL) bool {
	return next.Scheme == "https" || strings.HasPrefix(c.base, "http://")
}

// mediaURL returns the URL at which a file is asked for, with our credentials: at Twilio's API, or at the server alone that replaces it
// (Env.APIURL).
// Errors: ref isn't an address of Twilio's.
func (c *client) mediaURL(ref string) (string, error) {
	u, err := url.Parse(ref)
	if err != nil || u.User != nil {
		return "", errors.New("twilio: media: bad address")
	}
	api, err := url.Parse(c.base)
	if err != nil {
		return "", errors.New("twilio: media: bad API address")
	}

	isPath := u.Host == "" && strings.HasPrefix(u.Path, "/2010-04-01/")
	isTwilio := u.Scheme == "https" && strings.HasSuffix(u.Host, ".twilio.com")
	switch {
	case u.Scheme == api.Scheme && u.Host == api.Host, isTwilio && !c.replaced:
		return u.String(), nil
	case isPath, isTwilio:
		return c.base + u.RequestURI(), nil
	}
	return "", errors.New("twilio: media: another host")
}

// readFetched turns the response to a request for a file into the file, or into an error. withCredentials says that the request went to
// Twilio's API with our credentials. It closes the body of a response that is an error.
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

	f := channels.Fetched{ContentType: resp.Header.Get("Content-Type"), Body: wire.Bounded(resp.Body, maxFile, tooLarge)}
	_, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition"))
	if err != nil { // the file has no name
		return f, nil
	}
	f.Name = params["filename"]
	return f, nil
}
