package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// DefaultLoginURL is where Entra gives tokens to the organisations of the world.
const DefaultLoginURL = "https://login.microsoftonline.com"

// Times of a token.
const (
	tokenTimeout = 15 * time.Second // of one request for a token
	tokenEarly   = 5 * time.Minute  // how long before its end a token is renewed
	tokenPause   = 5 * time.Second  // after a failure or a refused token, before the next request
	tokenDefault = 30 * time.Minute // where the answer doesn't say how long it is good
)

// ErrToken is the root of what Tokens return: no token could be had.
var ErrToken = errors.New("teams: no access token")

// ErrCredentials is wrapped beside ErrToken when Entra refuses our credentials.
var ErrCredentials = errors.New("teams: Entra refuses the app id, its secret or the tenant")

// ErrNoSecret is wrapped beside ErrToken where there is no secret to get a token with: in
// trials without Azure.
var ErrNoSecret = errors.New("teams: no secret is set")

// errRefusedAgain is wrapped beside ErrToken when a service refuses a token shortly after it refused another.
var errRefusedAgain = errors.New("a new one was refused a moment ago")

// TokenOptions say for whom and for what a token is.
type TokenOptions struct {
	LoginURL string // "" = DefaultLoginURL
	TenantID string
	AppID    string
	Password string // "" = no token is ever to be had, and Entra isn't asked
	Scope    string // "https://api.botframework.com/.default"
	Client   *http.Client
	Now      func() time.Time
}

// Tokens keep one access token for all callers of a service. Safe for concurrent use: only one request
// for a token runs at a time. The token is renewed before it ends; while Entra can't be reached, the old
// one is used as long as it is valid.
// Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow, read 2026-11.
type Tokens struct {
	config clientcredentials.Config
	client *http.Client
	now    func() time.Time
	turn   chan struct{} // held by whoever asks Entra

	mu      sync.Mutex
	value   string
	renewAt time.Time
	endsAt  time.Time
	failed  error // of the last request, nil when it was answered
	pause   time.Time
	renewed time.Time // when a refused token was replaced last
}

// NewTokens makes a source of tokens; it asks for none yet.
func NewTokens(o TokenOptions) *Tokens {
	if o.LoginURL == "" {
		o.LoginURL = DefaultLoginURL
	}
	return &Tokens{
		config: clientcredentials.Config{
			ClientID: o.AppID, ClientSecret: o.Password, Scopes: []string{o.Scope}, AuthStyle: oauth2.AuthStyleInParams,
			TokenURL: strings.TrimRight(o.LoginURL, "/") + "/" + url.PathEscape(o.TenantID) + "/oauth2/v2.0/token",
		},
		client: o.Client, now: o.Now, turn: make(chan struct{}, 1),
	}
}

// Token gives a token that is valid now. May block until ctx ends.
// Errors: ErrToken, with ErrCredentials or ErrNoSecret where another try is of no use.
func (t *Tokens) Token(ctx context.Context) (string, error) { return t.other(ctx, "") }

// Renew gives another token than the one that was refused.
// Errors: as Token.
func (t *Tokens) Renew(ctx context.Context, refused string) (string, error) {
	return t.other(ctx, refused)
}

func (t *Tokens) other(ctx context.Context, refused string) (string, error) {
	if t.config.ClientSecret == "" {
		return "", fmt.Errorf("%w: %w", ErrToken, ErrNoSecret)
	}
	if value, fresh, _ := t.kept(refused); fresh {
		return value, nil
	}
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return t.orOld(refused, fmt.Errorf("%w: %w", ErrToken, ctx.Err()))
	}
	value, fresh, failed := t.kept(refused) // somebody else may have asked meanwhile
	if fresh {
		return value, nil
	}
	if failed != nil {
		return t.orOld(refused, failed)
	}
	if refused != "" && refused == value && !t.mayRenew() {
		return "", fmt.Errorf("%w: %w", ErrToken, errRefusedAgain)
	}
	if err := t.ask(ctx); err != nil {
		return t.orOld(refused, err)
	}
	value, _, _ = t.kept("")
	return value, nil
}

// mayRenew says whether a refused token may be replaced now: a service that refuses every
// token must not make us ask Entra with every call.
func (t *Tokens) mayRenew() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if !t.renewed.IsZero() && now.Sub(t.renewed) < tokenPause {
		return false
	}
	t.renewed = now
	return true
}

// kept gives the token. fresh is false if it is the refused one or ends soon. failed is the last failure,
// if that is too recent to ask again.
func (t *Tokens) kept(refused string) (value string, fresh bool, failed error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if t.failed != nil && now.Before(t.pause) {
		failed = t.failed
	}
	return t.value, t.value != "" && t.value != refused && now.Before(t.renewAt), failed
}

// orOld gives the old token if it is still valid and wasn't refused, else err.
func (t *Tokens) orOld(refused string, err error) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.value != "" && t.value != refused && t.now().Before(t.endsAt) {
		return t.value, nil
	}
	return "", err
}

// ask requests a token from Entra and keeps it, or the failure.
func (t *Tokens) ask(ctx context.Context) error {
	limited, cancel := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, t.client), tokenTimeout)
	defer cancel()
	began := t.now()
	got, err := t.config.Token(limited)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		err = tokenError(err)
		if ctx.Err() == nil { // if the caller gave up, the next one may ask at once
			t.failed, t.pause = err, t.now().Add(tokenPause)
		}
		return err
	}
	lasts := lifetime(got)
	t.value, t.failed = got.AccessToken, nil
	t.endsAt = began.Add(lasts)
	t.renewAt = began.Add(lasts - min(tokenEarly, lasts/2))
	return nil
}

// lifetime reads how long a token is good. Entra's older endpoint writes the number as text.
func lifetime(t *oauth2.Token) time.Duration {
	var seconds float64
	switch v := t.Extra("expires_in").(type) {
	case float64:
		seconds = v
	case string:
		seconds, _ = strconv.ParseFloat(v, 64) //nolint:errcheck // 0: the default below
	}
	if seconds <= 0 {
		return tokenDefault
	}
	return time.Duration(min(seconds, 24*3600) * float64(time.Second))
}

// Refusal is what Entra answers instead of a token.
type Refusal struct {
	Status int
	Code   string // "invalid_client"
	Text   string // "AADSTS7000215: Invalid client secret provided."
}

// Error implements error.
func (e *Refusal) Error() string { return fmt.Sprintf("status %d: %s: %s", e.Status, e.Code, e.Text) }

// Number is what Entra's documentation lists a refusal under: "AADSTS7000215"; "" if there is none.
// Source: learn.microsoft.com/entra/identity-platform/reference-error-codes, read 2026-11.
func (e *Refusal) Number() string {
	number, _, _ := strings.Cut(e.Text, ":")
	if !strings.HasPrefix(number, "AADSTS") {
		return ""
	}
	return number
}

// tokenError makes an error of what Entra said. It leaves out what we sent, which has the secret.
func tokenError(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return fmt.Errorf("%w: Entra can't be reached: %w", ErrToken, err)
	}
	status := 0
	if refused.Response != nil {
		status = refused.Response.StatusCode
	}
	if refused.ErrorCode == "" {
		return fmt.Errorf("%w: Entra answers status %d", ErrToken, status)
	}
	words, _, _ := strings.Cut(refused.ErrorDescription, "Trace ID:") // what follows is of use to Microsoft only
	said := &Refusal{Status: status, Code: refused.ErrorCode, Text: Shorten(words)}
	if status >= 500 || status == http.StatusTooManyRequests || refused.ErrorCode == "temporarily_unavailable" || refused.ErrorCode == "server_error" {
		return fmt.Errorf("%w: %w", ErrToken, said)
	}
	return fmt.Errorf("%w: %w: %w", ErrToken, ErrCredentials, said)
}
