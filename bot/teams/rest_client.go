package teams

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"parley/channels/wire"
)

// Parley uses two of Microsoft's services: the Bot Connector (Teams' API for bots) and Graph (an API for all products).
// Both speak JSON and need an access token from Entra, Microsoft's identity service. This file makes one request with
// the token, and turns each failure into a *Failure. It follows no redirects, and sends the token only to addresses
// that Allow permits.

// DefaultTimeout bounds a request whose context has no earlier deadline.
const DefaultTimeout = 20 * time.Second

// maxRefusal bounds how much of an error response is read, in bytes.
const maxRefusal = 64 << 10

const userAgent = "Parley/1.0.0"

// Allow decides whether an address may be requested. token reports whether the request may carry our token.
// Errors: ErrHost, if the address must not be requested.
type Allow func(address string) (token bool, err error)

// RestClient makes requests to one service. Safe for concurrent use.
type RestClient struct {
	HTTP   *http.Client // refuses redirects; see fence.NewClient
	Tokens *Tokens
	Allow  Allow
	Now    func() time.Time
}

// Request is one request.
type Request struct {
	Name     string // for logs: "POST activities"
	Method   string
	URL      string
	Body     any           // encoded as JSON; nil for no body
	MaxBytes int64         // maximum size of the response
	Timeout  time.Duration // 0 means DefaultTimeout
}

// Do makes a request, and decodes the JSON response into out; if out is nil, the response isn't needed. Each 2xx is
// success. If the service refuses the token (401), Do repeats the request once with a new token.
// Errors: *Failure.
func (c *RestClient) Do(ctx context.Context, r Request, out any) error {
	answer, err := c.Open(ctx, r)
	if err != nil {
		return err
	}
	defer answer.Close() //nolint:errcheck // it was read to its end, or the rest isn't needed
	body, err := io.ReadAll(answer)
	if err != nil {
		return &Failure{Call: r.Name, Status: answer.Status, MaybeSent: true, Cause: err}
	}
	if out == nil || len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return &Failure{
			Call: r.Name, Status: answer.Status, MaybeSent: true,
			Cause: fmt.Errorf("the answer isn't what was expected: %w", err),
		}
	}

	return nil
}

// Answer is a successful response. Reading more than Request.MaxBytes of its body fails with ErrTooLarge.
type Answer struct {
	Status      int
	ContentType string
	SizeBytes   int64         // -1 if the service didn't send the size
	body        io.ReadCloser // bounded
	cancel      context.CancelFunc
}

// Read implements io.Reader.
func (a *Answer) Read(p []byte) (int, error) { return a.body.Read(p) }

// Close closes the body, and cancels the request if it is still running.
func (a *Answer) Close() error {
	defer a.cancel()
	return a.body.Close()
}

// Open makes a request. The caller must read the response within the timeout, and close it.
// Errors: *Failure.
func (c *RestClient) Open(ctx context.Context, r Request) (*Answer, error) {
	needsToken, err := c.Allow(r.URL)
	if err != nil {
		return nil, &Failure{Call: r.Name, Cause: err}
	}

	var body []byte
	if r.Body != nil {
		if body, err = json.Marshal(r.Body); err != nil {
			return nil, &Failure{Call: r.Name, Cause: fmt.Errorf("write request: %w", err)}
		}
	}

	r.Timeout = cmp.Or(r.Timeout, DefaultTimeout)
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	const noToken = ""
	var answer *Answer
	if needsToken {
		answer, err = c.doWithToken(ctx, r, body)
	} else {
		answer, err = c.doOnce(ctx, r, body, noToken)
	}
	if err != nil {
		cancel()
		return nil, err
	}

	answer.cancel = cancel
	return answer, nil
}

// doWithToken makes a request with our token. If the service refuses the token, it repeats the request with a new one.
// If it can't get a new token at the moment, it returns that failure, because the refusal may only be about the old
// token.
func (c *RestClient) doWithToken(ctx context.Context, r Request, body []byte) (*Answer, error) {
	token, err := c.Tokens.Token(ctx)
	if err != nil {
		return nil, &Failure{Call: r.Name, Cause: err}
	}

	answer, err := c.doOnce(ctx, r, body, token)
	var refused *Failure
	if !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
		return answer, err
	}

	renewed, renewErr := c.Tokens.Renew(ctx, token)
	if renewErr == nil {
		return c.doOnce(ctx, r, body, renewed)
	}
	if errors.Is(renewErr, errRefusedAgain) {
		return nil, err
	}

	return nil, &Failure{Call: r.Name, Cause: renewErr} // the request had no effect, and may succeed with a new token
}

// doOnce makes one HTTP request, without a token if token is "".
func (c *RestClient) doOnce(ctx context.Context, r Request, body []byte, token string) (*Answer, error) {
	var reader io.Reader
	if r.Body != nil {
		reader = bytes.NewReader(body)
	}

	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, reader)
	if err != nil {
		return nil, &Failure{Call: r.Name, Cause: err}
	}
	if r.Body != nil {
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
	}

	req.Header.Set("User-Agent", userAgent)

	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}

	resp, err := wire.Do(c.HTTP, req) //nolint:bodyclose // closed by Answer, or below
	if err != nil {
		var lost *wire.LostError
		return nil, &Failure{Call: r.Name, MaybeSent: errors.As(err, &lost) && lost.MayHaveLeft, Cause: err}
	}

	if resp.StatusCode < http.StatusOK || resp.StatusCode >= http.StatusMultipleChoices {
		defer resp.Body.Close()
		refusal, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal)) //nolint:errcheck // the status suffices
		return nil, readRefusal(r.Name, resp, refusal, c.Now())
	}

	return &Answer{
		Status: resp.StatusCode, ContentType: resp.Header.Get("Content-Type"), SizeBytes: resp.ContentLength,
		body: wire.Bounded(resp.Body, r.MaxBytes, ErrTooLarge),
	}, nil
}

// A request to one of Microsoft's services can fail in many ways: it can be refused, cut off, or never sent. Failure
// distinguishes these. That matters because a post to Teams must not be made twice, so callers check MaybeSent.

// ErrTooLarge is the cause if a response is longer than Request.MaxBytes.
var ErrTooLarge = errors.New("teams: the answer is too long")

// Failure is a failed request to the Bot Connector or to Graph.
type Failure struct {
	Call       string        // name of the request for logs: "POST activities"
	Status     int           // of the response; 0 if there was none
	Code       string        // the service's own code: "ConversationNotFound"; "" if it sent none
	Text       string        // the service's explanation, shortened; for logs
	RetryAfter time.Duration // how long the service asks us to wait; 0 if it doesn't
	Location   string        // of a redirect, which is never followed; may be secret
	MaybeSent  bool          // the request, or a part of it, was or may have been sent
	Cause      error         // why there is no usable response; nil if the service refused the request
}

// Error implements error.
func (e *Failure) Error() string {
	details := ""
	for _, s := range []string{e.Code, e.Text} {
		if s != "" {
			details += ": " + s
		}
	}
	if e.Cause != nil {
		details += ": " + e.Cause.Error()
	}
	if e.Status == 0 {
		return "teams: " + e.Call + details
	}
	return fmt.Sprintf("teams: %s: status %d%s", e.Call, e.Status, details)
}

// Unwrap returns the cause.
func (e *Failure) Unwrap() error { return e.Cause }

// readRefusal makes a Failure of a response that isn't 2xx. There are several formats:
//
//	{"error":{"code":"…","message":"…"}}                     the Bot Connector and Graph
//	{"message":"…"}, or text                                 gateways in front of them
//	{"errorCode":209,"message":"{\"subCode\":\"…\"}"}        the service that stores the threads
func readRefusal(call string, resp *http.Response, body []byte, now time.Time) *Failure {
	e := &Failure{Call: call, Status: resp.StatusCode, Location: resp.Header.Get("Location"), MaybeSent: true}
	e.RetryAfter, _ = wire.RetryAfter(resp.Header, now, maxWait)
	var answer struct {
		Error json.RawMessage `json:"error"`
		Text  json.RawMessage `json:"message"`
		Code  json.RawMessage `json:"errorCode"`
	}
	if json.Unmarshal(body, &answer) != nil {
		if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") {
			e.Text = Shorten(string(body))
		}
		return e
	}

	var inner struct {
		Code json.RawMessage `json:"code"`
		Text json.RawMessage `json:"message"`
	}
	if json.Unmarshal(answer.Error, &inner) == nil {
		answer.Code, answer.Text = inner.Code, inner.Text
	}

	text := plainText(answer.Text)
	e.Code, e.Text = Shorten(cmp.Or(subCodeOf(text), plainText(answer.Code))), Shorten(text)
	return e
}

// plainText returns the value of a JSON string, "" for null, and any other JSON unchanged.
func plainText(value json.RawMessage) string {
	var text *string
	if len(value) == 0 || json.Unmarshal(value, &text) != nil {
		return string(value)
	}
	if text == nil {
		return ""
	}
	return *text
}

// subCodeOf returns the subCode in text if it is JSON with one; otherwise "".
func subCodeOf(text string) string {
	var details struct {
		Code string `json:"subCode"`
	}
	if json.Unmarshal([]byte(text), &details) != nil {
		return ""
	}
	return details.Code
}

// maxWait bounds Failure.RetryAfter.
const maxWait = time.Hour

// Shorten cuts a service's explanation to a length that is suitable for a log line, and makes it one line.
func Shorten(s string) string {
	const maxBytes = 300
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	if len(s) <= maxBytes {
		return s
	}
	cut := maxBytes
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
