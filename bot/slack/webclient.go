package slack

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// bearerTransport adds the token as a header, and shortens answers. slack-go sends the token only as a form field, which
// Slack accepts, but not every server that speaks Slack's API.
type bearerTransport struct {
	next  http.RoundTripper
	api   *url.URL // only requests to addresses below it get the token: uploads and response URLs don't
	token string
}

// NewWebclient returns a copy of base that adds the token to calls of the API at the address api, and shortens their answers. base
// must have a Transport.
func NewWebclient(base *http.Client, api *url.URL, token string) *http.Client {
	client := *base
	client.Transport = bearerTransport{next: base.Transport, api: api, token: token}
	return &client
}

// CloseIdleConnections passes on the call of http.Client's method of that name.
func (t bearerTransport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// RoundTrip implements http.RoundTripper.
func (t bearerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	sameHost := r.URL.Scheme == t.api.Scheme && r.URL.Host == t.api.Host
	callsAPI := sameHost && strings.HasPrefix(r.URL.Path, t.api.Path)
	if callsAPI && r.Header.Get("Authorization") == "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+t.token)
	}
	resp, err := t.next.RoundTrip(r)
	if err == nil && callsAPI {
		Shorten(resp)
	}
	return resp, err
}

// maxBytes is the size from which a response is left unchanged.
const maxBytes = 1 << 20

// answer has the fields of a response that are kept. All other fields are empty for slack-go, so a field that is to be used
// must be added here.
type postanswerAnswer struct {
	OK       bool            `json:"ok"`
	Channel  string          `json:"channel"`
	TS       string          `json:"ts"`
	Message  message         `json:"message"`
	Warning  string          `json:"warning,omitempty"`
	Metadata json.RawMessage `json:"response_metadata,omitempty"`
}

type message struct {
	TS       string `json:"ts,omitempty"`
	ThreadTS string `json:"thread_ts,omitempty"`
	User     string `json:"user,omitempty"`
	BotID    string `json:"bot_id,omitempty"`
}

// Shorten removes from the response to a successful post, or change of a post, the fields that Parley doesn't use. It leaves
// every other response unchanged. Errors of reading are returned by the new body.
func Shorten(r *http.Response) {
	path := r.Request.URL.Path
	isAboutPost := strings.HasSuffix(path, "/chat.postMessage") || strings.HasSuffix(path, "/chat.update")
	if r.StatusCode != http.StatusOK || !isAboutPost {
		return
	}

	body, err := io.ReadAll(io.LimitReader(r.Body, maxBytes))
	rest := r.Body // the unread remainder, which is empty unless the body is too long
	if err != nil {
		rest = brokenBody{Closer: r.Body, err: err}
	}

	isComplete := err == nil && len(body) < maxBytes
	if isComplete {
		body = shortenBody(body)
		r.ContentLength = int64(len(body))
		r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	}

	r.Body = readCloser{io.MultiReader(bytes.NewReader(body), rest), rest}
}

// shortenBody returns a body with only the fields of answer. It returns the body unchanged if it isn't JSON or reports a
// failure.
func shortenBody(body []byte) []byte {
	var a postanswerAnswer
	if json.Unmarshal(body, &a) != nil || !a.OK {
		return body
	}
	short, err := json.Marshal(a)
	if err != nil {
		return body
	}
	return short
}

// brokenBody is the remainder of a body after an error of reading. Reading it returns the error again.
type brokenBody struct {
	io.Closer
	err error
}

// Read implements io.Reader.
func (b brokenBody) Read([]byte) (int, error) { return 0, b.err }

type readCloser struct {
	io.Reader
	io.Closer
}
