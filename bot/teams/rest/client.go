package rest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"parley/channels/fence"
)

// Parley calls two of Microsoft's services: the Bot Connector and Graph. Both take JSON, and an access token that
// Entra gives out. This file makes one such call, with the token, and turns every failure into a *Failure. It follows
// no redirects, and sends the token only to addresses that Allow lets through.

// DefaultTimeout bounds a call whose context has no earlier deadline.
const DefaultTimeout = 20 * time.Second

// maxRefusal bounds how much of a refusal is read, in bytes.
const maxRefusal = 64 << 10

// userAgent tells the services who calls them.
const userAgent = "Parley/1.0.0"

// Allow decides whether an address may be called. token reports whether the call may carry our token.
// Errors: ErrHost, if the address must not be called.
type Allow func(address string) (token bool, err error)

// Client makes calls of one service. Safe for concurrent use.
type Client struct {
	HTTP   *http.Client // refuses redirects; see fence.NewClient
	Tokens *Tokens
	Allow  Allow
	Now    func() time.Time
}

// Request is one call.
type Request struct {
	Name     string // what a log calls it: "POST activities"
	Method   string
	URL      string
	Body     any           // written as JSON; nil if there is no body
	MaxBytes int64         // of the answer
	Timeout  time.Duration // 0 means DefaultTimeout
}

// Do makes a call, and decodes its JSON answer into out; nil means that the answer isn't needed. Every 2xx is
// success. If the service refuses the token (401), it makes the call again with another one, once.
// Errors: *Failure.
func (c *Client) Do(ctx context.Context, r Request, out any) error {
	answer, err := c.Open(ctx, r)
	if err != nil {
		return err
	}
	defer answer.Close() //nolint:errcheck // it was read to its end, or the rest isn't wanted
	body, err := io.ReadAll(answer)
	if err != nil {
		return &Failure{Call: r.Name, Status: answer.Status, MaybeSent: true, Cause: err}
	}
	if out == nil || len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return &Failure{
			Call:      r.Name,
			Status:    answer.Status,
			MaybeSent: true,
			Cause:     fmt.Errorf("the answer isn't what was expected: %w", err),
		}
	}

	return nil
}

// Answer is a successful answer, whose body is to be read. Reading more than Request.MaxBytes fails with ErrTooLarge.
type Answer struct {
	Status      int
	ContentType string
	SizeBytes   int64         // -1 if the service didn't say
	body        io.ReadCloser // bounded
	cancel      context.CancelFunc
}

// Read implements io.Reader.
func (a *Answer) Read(p []byte) (int, error) { return a.body.Read(p) }

// Close closes the body, and ends the call if it isn't over.
func (a *Answer) Close() error {
	defer a.cancel()
	return a.body.Close()
}

// Open makes a call. The caller must read the answer's body within the timeout, and close it.
// Errors: *Failure.
func (c *Client) Open(ctx context.Context, r Request) (*Answer, error) {
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
	var answer *Answer
	if needsToken {
		answer, err = c.withToken(ctx, r, body)
	} else {
		answer, err = c.doOnce(ctx, r, body, "")
	}

	if err != nil {
		cancel()
		return nil, err
	}

	answer.cancel = cancel
	return answer, nil
}

// withToken makes a call with our token. If the service refuses the token, it makes the call again with a new one. If
// no new token can be got now, it returns that failure, because the refusal may only be about the old token.
func (c *Client) withToken(ctx context.Context, r Request, body []byte) (*Answer, error) {
	token, err := c.Tokens.Token(ctx)
	if err != nil {
		return nil, &Failure{Call: r.Name, Cause: err}
	}

	answer, err := c.doOnce(ctx, r, body, token)
	var refused *Failure
	if !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
		return answer, err
	}

	other, renewErr := c.Tokens.Renew(ctx, token)
	if renewErr == nil {
		return c.doOnce(ctx, r, body, other)
	}
	if errors.Is(renewErr, errRefusedAgain) {
		return nil, err
	}

	return nil, &Failure{Call: r.Name, Cause: renewErr} // the call did nothing, and it may succeed with a new token
}

// doOnce makes one HTTP request, without a token if token is "".
func (c *Client) doOnce(ctx context.Context, r Request, body []byte, token string) (*Answer, error) {
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

	resp, err := fence.Do(c.HTTP, req) //nolint:bodyclose // closed by Answer, or below
	if err != nil {
		var lost *fence.LostError
		return nil, &Failure{Call: r.Name, MaybeSent: errors.As(err, &lost) && lost.MayHaveLeft, Cause: err}
	}

	if resp.StatusCode < http.StatusOK || resp.StatusCode >= http.StatusMultipleChoices {
		defer resp.Body.Close()
		said, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal)) //nolint:errcheck // the status alone says enough
		return nil, readRefusal(r.Name, resp, said, c.Now())
	}

	return &Answer{
		Status: resp.StatusCode, ContentType: resp.Header.Get("Content-Type"), SizeBytes: resp.ContentLength,
		body: fence.Bounded(resp.Body, r.MaxBytes, ErrTooLarge),
	}, nil
}
