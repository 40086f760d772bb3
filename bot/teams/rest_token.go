package teams

import (
	"cmp"
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

// Entra is Microsoft's identity service. It issues access tokens to Parley's app in return for the app's secret (the
// client credentials flow of OAuth 2.0). Each service (the Bot Connector, Graph) needs its own tokens, which are valid
// for about an hour. This file requests, caches and renews them.
//
// golang.org/x/oauth2 makes the requests. Its own cache isn't used, because it can't replace a token that a service has
// refused, and doesn't limit how often Entra is asked after a failure.

// DefaultLoginURL is Entra's address in the public cloud.
const DefaultLoginURL = "https://login.microsoftonline.com"

// Timing of tokens.
const (
	tokenTimeout    = 15 * time.Second // of one request for a token
	renewBefore     = 5 * time.Minute  // how long before it expires a token is renewed
	minTokenPause   = 5 * time.Second  // between requests after a failure or a refused token
	defaultLifetime = 30 * time.Minute // if the response doesn't say how long the token is valid
	maxLifetime     = 24 * time.Hour
)

// ErrToken is wrapped by all errors of Tokens: there is no valid token.
var ErrToken = errors.New("teams: no access token")

// ErrCredentials is wrapped together with ErrToken if Entra refuses our credentials.
var ErrCredentials = errors.New("teams: Entra refuses the app id, its secret or the tenant")

// ErrNoSecret is wrapped together with ErrToken if the app has no secret. That is so in trials without Azure.
var ErrNoSecret = errors.New("teams: no secret is set")

// errRefusedAgain is wrapped together with ErrToken if a service refuses a token shortly after it refused another one.
var errRefusedAgain = errors.New("a new one was refused a moment ago")

// TokenOptions say which app the tokens are for, and for which service (Scope).
type TokenOptions struct {
	LoginURL string // "" means DefaultLoginURL
	TenantID string
	AppID    string
	Password string // the app's secret; without it, Token returns ErrNoSecret
	Scope    string // "https://api.botframework.com/.default"
	Client   *http.Client
	Now      func() time.Time
}

// Tokens caches the access token for one service, and renews it some minutes before it expires. While Entra can't be
// reached, the old token is used as long as it is valid. Safe for concurrent use; only one request for a token runs at
// a time.
// Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow, read 2026-11.
type Tokens struct {
	config clientcredentials.Config
	client *http.Client
	now    func() time.Time
	asking chan struct{} // semaphore: holds one element while a goroutine asks Entra

	mu         sync.Mutex // guards the fields below it
	value      string     // the token; "" before the first one
	renewAt    time.Time  // when the token is to be renewed
	expiresAt  time.Time
	failed     error     // error of the last request; nil if it succeeded
	pauseUntil time.Time // when Entra may be asked again after a failure
	renewedAt  time.Time // when a refused token was last replaced
}

// NewTokens makes a source of tokens. It makes no requests yet.
func NewTokens(o TokenOptions) *Tokens {
	o.LoginURL = cmp.Or(o.LoginURL, DefaultLoginURL)
	return &Tokens{
		config: clientcredentials.Config{
			ClientID: o.AppID, ClientSecret: o.Password, Scopes: []string{o.Scope}, AuthStyle: oauth2.AuthStyleInParams,
			TokenURL: strings.TrimRight(o.LoginURL, "/") + "/" + url.PathEscape(o.TenantID) + "/oauth2/v2.0/token",
		},
		client: o.Client, now: o.Now, asking: make(chan struct{}, 1),
	}
}

// Token returns a valid token. It blocks if it has to ask Entra for one.
// Errors: ErrToken. It also wraps ErrCredentials or ErrNoSecret if retrying is useless.
func (t *Tokens) Token(ctx context.Context) (string, error) {
	const anyToken = ""
	return t.tokenExcept(ctx, anyToken)
}

// Renew returns another token than the one that a service has refused.
// Errors: as Token.
func (t *Tokens) Renew(ctx context.Context, refused string) (string, error) {
	return t.tokenExcept(ctx, refused)
}

// tokenExcept returns a valid token other than refused. If refused is "", it returns any valid token.
func (t *Tokens) tokenExcept(ctx context.Context, refused string) (string, error) {
	if t.config.ClientSecret == "" {
		return "", fmt.Errorf("%w: %w", ErrToken, ErrNoSecret)
	}
	if value := t.freshToken(refused); value != "" {
		return value, nil
	}

	select {
	case t.asking <- struct{}{}:
		defer func() { <-t.asking }()
	case <-ctx.Done():
		return t.keepOldToken(refused, fmt.Errorf("%w: %w", ErrToken, ctx.Err()))
	}

	if value := t.freshToken(refused); value != "" { // another goroutine has renewed the token while we waited
		return value, nil
	}
	if err := t.checkMayAsk(refused); err != nil {
		return t.keepOldToken(refused, err)
	}
	value, err := t.ask(ctx)
	if err != nil {
		return t.keepOldToken(refused, err)
	}
	return value, nil
}

// checkMayAsk returns an error if Entra may not be asked at the moment: because the last request failed a moment ago, or
// because a service has refused two tokens in short succession. (If a service refused each token, each request to it
// would otherwise cause one to Entra.) If checkMayAsk permits that a refused token is replaced, it records the time.
func (t *Tokens) checkMayAsk(refused string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if t.failed != nil && now.Before(t.pauseUntil) {
		return t.failed
	}
	if refused == "" || refused != t.value {
		return nil
	}
	if !t.renewedAt.IsZero() && now.Sub(t.renewedAt) < minTokenPause {
		return fmt.Errorf("%w: %w", ErrToken, errRefusedAgain)
	}
	t.renewedAt = now
	return nil
}

// freshToken returns the token; "" if there is none, if it is the refused one, or if it expires soon.
func (t *Tokens) freshToken(refused string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hasOtherThan(refused) && t.now().Before(t.renewAt) {
		return t.value
	}
	return ""
}

// hasOtherThan reports whether there is a token other than refused. The caller holds mu.
func (t *Tokens) hasOtherThan(refused string) bool { return t.value != "" && t.value != refused }

// keepOldToken returns the old token if it is still valid and wasn't refused; otherwise it returns err.
func (t *Tokens) keepOldToken(refused string, err error) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hasOtherThan(refused) && t.now().Before(t.expiresAt) {
		return t.value, nil
	}
	return "", err
}

// ask requests a token from Entra, and caches the token or the failure.
func (t *Tokens) ask(ctx context.Context) (string, error) {
	limited, cancel := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, t.client), tokenTimeout)
	defer cancel()
	began := t.now()
	token, err := t.config.Token(limited)
	t.mu.Lock()
	defer t.mu.Unlock()

	if err != nil {
		err = tokenError(err)
		hasCallerGivenUp := ctx.Err() != nil // then the failure says nothing about Entra
		if !hasCallerGivenUp {
			t.failed, t.pauseUntil = err, t.now().Add(minTokenPause)
		}
		return "", err
	}

	lifetime := lifetimeOf(token)
	t.value, t.failed = token.AccessToken, nil
	t.expiresAt = began.Add(lifetime)
	t.renewAt = began.Add(lifetime - min(renewBefore, lifetime/2))
	return t.value, nil
}

// lifetimeOf returns how long a token is valid. Some of Entra's endpoints return expires_in as a string.
func lifetimeOf(t *oauth2.Token) time.Duration {
	var seconds float64
	switch v := t.Extra("expires_in").(type) {
	case float64:
		seconds = v
	case string:
		seconds, _ = strconv.ParseFloat(v, 64) //nolint:errcheck // a malformed number is 0, see below
	}
	if seconds <= 0 {
		return defaultLifetime
	}
	return time.Duration(min(seconds, maxLifetime.Seconds()) * float64(time.Second))
}

// Refusal is an error response of Entra.
type Refusal struct {
	Status int
	Code   string // "invalid_client"
	Text   string // "AADSTS7000215: Invalid client secret provided."
}

// Error implements error.
func (e *Refusal) Error() string { return fmt.Sprintf("status %d: %s: %s", e.Status, e.Code, e.Text) }

// Number returns the error code in Entra's documentation, such as "AADSTS7000215"; "" if there is none.
// Source: learn.microsoft.com/entra/identity-platform/reference-error-codes, read 2026-11.
func (e *Refusal) Number() string {
	number, _, _ := strings.Cut(e.Text, ":")
	if !strings.HasPrefix(number, "AADSTS") {
		return ""
	}
	return number
}

// tokenError turns an error of package oauth2 into one of ours. It includes nothing from our request, because that has
// the secret.
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

	explanation, _, _ := strings.Cut(refused.ErrorDescription, "Trace ID:") // the rest is only useful to Microsoft
	refusal := &Refusal{Status: status, Code: refused.ErrorCode, Text: Shorten(explanation)}
	isBusy := status >= http.StatusInternalServerError || status == http.StatusTooManyRequests
	saysBusy := refused.ErrorCode == "temporarily_unavailable" || refused.ErrorCode == "server_error"
	if isBusy || saysBusy { // the credentials may be valid
		return fmt.Errorf("%w: %w", ErrToken, refusal)
	}

	return fmt.Errorf("%w: %w: %w", ErrToken, ErrCredentials, refusal)
}
