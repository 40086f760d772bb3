package twilio

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/wire"
)

// maxAnswer bounds the body of an API response, in bytes. The largest is a page of a thousand messages.
const maxAnswer = 16 << 20

// client calls Twilio's APIs for one account: the 2010 API (messages, numbers), the Content API (templates) and the Messaging API
// (senders, services). It is safe for concurrent use.
//
// Calls go through package wire, which records in a *fence.LostError whether a failed request may have reached Twilio. Callers need
// that to decide whether sending the message again could deliver it twice.
type client struct {
	account, token string // the credentials: Twilio's "account SID" and "auth token"
	base           string // base URL of the 2010 API
	content        string // base URL of the Content API
	messaging      string // base URL of the Messaging API
	replaced       bool   // a test server replaces Twilio (Env.APIURL)
	http           *http.Client
	now            func() time.Time
	mediaWaits     []time.Duration // mediaWaits(), or shorter in tests
}

// newClient returns a client. It opens no connection.
func newClient(set settings, env channels.Env) *client {
	replacement := strings.TrimRight(env.APIURL, "/")
	return &client{
		account:   set.account,
		token:     set.token,
		base:      cmp.Or(replacement, "https://api.twilio.com"),
		content:   cmp.Or(replacement, "https://content.twilio.com"),
		messaging: cmp.Or(replacement, "https://messaging.twilio.com"),
		replaced:  env.APIURL != "",
		http:      wire.NewClient(wire.Options{Dialer: env.Dialer}),
		now:       env.Now,

		mediaWaits: mediaWaits(),
	}
}

// request is one call of Twilio's API. At most one of form and json is set.
type request struct {
	method string
	url    string
	form   url.Values // the body, encoded as a form
	json   any        // the body, encoded as JSON
}

// encodeBody returns the request's body and its content type. Without a body, it returns nil and "".
func (r request) encodeBody() (body io.Reader, contentType string, err error) {
	switch {
	case r.form != nil:
		return strings.NewReader(r.form.Encode()), "application/x-www-form-urlencoded", nil
	case r.json != nil:
		b, err := json.Marshal(r.json)
		return bytes.NewReader(b), "application/json", err
	default:
		return nil, "", nil
	}
}

// messagesURL returns the URL of the list of messages. A POST to it sends a message.
func (c *client) messagesURL() string { return c.accountURL() + "/Messages.json" }

func (c *client) accountURL() string {
	return c.base + "/2010-04-01/Accounts/" + url.PathEscape(c.account)
}

// call makes one call and decodes the JSON response into out. If out is nil, it ignores the response's body.
// Errors: *apiError if Twilio refused the request; *fence.LostError if it wasn't sent, or its response can't be read.
func (c *client) call(ctx context.Context, r request, out any) error {
	body, contentType, err := r.encodeBody()
	if err != nil {
		return &wire.LostError{Cause: err}
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, body)
	if err != nil {
		return &wire.LostError{Cause: errors.New("bad address")}
	}

	req.SetBasicAuth(c.account, c.token)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "parley")

	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}

	resp, err := wire.Do(c.http, req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := wire.Read(resp, maxAnswer)
	if resp.StatusCode/100 != 2 { // checked before err, because the status says more
		return readRefusal(resp, answer, c.now())
	}
	if err != nil {
		return err
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return &wire.LostError{MayHaveLeft: true, Cause: fmt.Errorf("answer: %w", err)}
	}

	return nil
}

// readRefusal parses an error response. The error page of a proxy between Parley and Twilio has no code.
func readRefusal(resp *http.Response, answer []byte, now time.Time) *apiError {
	var refusal struct {
		Code    number `json:"code"`
		Message string `json:"message"`
	}
	_ = json.Unmarshal(answer, &refusal) // without a code, the HTTP status decides
	return &apiError{status: resp.StatusCode, code: int(refusal.Code), message: refusal.Message, after: retryAfter(resp, now)}
}

// retryAfter returns how long Twilio asks to wait, at most an hour; 0 if it doesn't say.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	wait, _ := wire.RetryAfter(resp.Header, now, time.Hour)
	return wait
}

// page is one page of a list. It has the fields of both the 2010 API and the Content API; a response sets those of one of them.
type page struct {
	Messages []json.RawMessage `json:"messages"`
	Media    []struct {
		URI         string `json:"uri"`
		ContentType string `json:"content_type"`
	} `json:"media_list"`
	Contents []content `json:"contents"`
	NextURI  string    `json:"next_page_uri"`
	Meta     struct {
		NextURL string `json:"next_page_url"`
	} `json:"meta"`
}

// maxPages bounds how many pages of a list are read.
const maxPages = 500

// errTooLong means that a list has more than maxPages pages.
var errTooLong = errors.New("twilio: list: too long")

// eachPage reads a list page by page until use returns true, or the list ends. first is the URL of the first page.
// Errors: those of call; errTooLong; the URL of the next page isn't one of Twilio's API.
func (c *client) eachPage(ctx context.Context, first string, use func(page) (enough bool)) error {
	base, address := c.base, first
	if strings.HasPrefix(first, c.content+"/v1/") {
		base = c.content
	}

	for range maxPages {
		var p page
		if err := c.call(ctx, request{method: http.MethodGet, url: address}, &p); err != nil {
			return err
		}

		next := cmp.Or(p.NextURI, p.Meta.NextURL)
		if use(p) || next == "" {
			return nil
		}

		// Only the path and query are used: a response must not choose the host to which the credentials are sent.
		u, err := url.Parse(next)
		if err != nil {
			return errors.New("twilio: list: strange next page")
		}

		isAPIPath := strings.HasPrefix(u.Path, "/2010-04-01/") || strings.HasPrefix(u.Path, "/v1/")
		if !isAPIPath {
			return errors.New("twilio: list: strange next page")
		}

		address = base + u.RequestURI()
	}

	return errTooLong
}
