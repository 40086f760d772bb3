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
	"parley/channels/fence"
)

// maxAnswer bounds an answer of Twilio's API: a page of a thousand messages.
const maxAnswer = 16 << 20

// client calls Twilio's API for one account.
type client struct {
	account, token string // the credentials: Twilio's "account SID" and "auth token"
	base           string // base URL of the 2010 API
	content        string // base URL of the Content API
	messaging      string // base URL of the Messaging API
	replaced       bool   // another server stands in for Twilio (Env.APIURL)
	http           *http.Client
	now            func() time.Time
	mediaWaits     []time.Duration // mediaWaits(), or shorter in tests
}

// newClient returns a client. It opens no connection.
func newClient(set settings, env channels.Env) *client {
	given := strings.TrimRight(env.APIURL, "/")
	return &client{
		account:   set.account,
		token:     set.token,
		base:      cmp.Or(given, "https://api.twilio.com"),
		content:   cmp.Or(given, "https://content.twilio.com"),
		messaging: cmp.Or(given, "https://messaging.twilio.com"),
		replaced:  env.APIURL != "",
		http:      fence.NewClient(fence.Options{Dialer: env.Dialer}),
		now:       env.Now,

		mediaWaits: mediaWaits(),
	}
}

// request is one call of Twilio's API.
type request struct {
	method string
	url    string
	form   url.Values // the body as a form; nil if there is no form
	json   any        // the body as JSON, if form is nil; nil if there is no body
}

// messagesURL is the list of messages, to which POST adds one.
func (c *client) messagesURL() string { return c.accountURL() + "/Messages.json" }

func (c *client) accountURL() string {
	return c.base + "/2010-04-01/Accounts/" + url.PathEscape(c.account)
}

// call makes one call and reads the answer into out. If out is nil, the answer is not read.
// Errors: *apiError, *fence.LostError.
func (c *client) call(ctx context.Context, r request, out any) error {
	var body io.Reader
	kind := ""
	switch {
	case r.form != nil:
		body, kind = strings.NewReader(r.form.Encode()), "application/x-www-form-urlencoded"
	case r.json != nil:
		b, err := json.Marshal(r.json)
		if err != nil {
			return &fence.LostError{Cause: err}
		}
		body, kind = bytes.NewReader(b), "application/json"
	}

	req, err := http.NewRequestWithContext(ctx, r.method, r.url, body)
	if err != nil {
		return &fence.LostError{Cause: errors.New("bad address")}
	}

	req.SetBasicAuth(c.account, c.token)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "parley")

	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}

	resp, err := fence.Do(c.http, req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := fence.Read(resp, maxAnswer) // err is looked at after the status, which tells more
	if resp.StatusCode/100 != 2 {
		return readRefusal(resp, answer, c.now())
	}
	if err != nil {
		return err
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return &fence.LostError{MayHaveLeft: true, Cause: fmt.Errorf("answer: %w", err)}
	}

	return nil
}

// readRefusal reads Twilio's error body. An error page of a proxy between us has no code.
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
	wait, _ := fence.RetryAfter(resp.Header, now, time.Hour)
	return wait
}

// page is one page of a list, in the form of the 2010 API or of the Content API.
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

// maxPages is how many pages of a list are read.
const maxPages = 500

// errTooLong means that a list has more than maxPages pages.
var errTooLong = errors.New("twilio: list: too long")

// eachPage reads a list page by page until use returns true, or the list ends. first is the address of the first page.
// Errors: those of call; errTooLong; Twilio names a next page that isn't one.
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

		// Only path and query are used: an answer must not decide to which host the secret is sent.
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
