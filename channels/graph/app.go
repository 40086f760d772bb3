package graph

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"parley/channels"
)

// A company registers an app at Meta. Access tokens are made by an app, webhooks are sent to an app, and the app's secret signs them.

// App is an app at Meta. Its calls are made in the app's own name, by its id and secret.
type App struct {
	ID, Name string

	secret string
	client *Client // with the app's own token
}

// App asks Meta for the app that made the client's token. secret is the app's.
// Errors: those of Call.
func (c *Client) App(ctx context.Context, secret string) (*App, error) {
	var a App
	if err := c.Call(ctx, http.MethodGet, "app", url.Values{"fields": {"id,name"}}, nil, &a); err != nil {
		return nil, err
	}
	return c.AppOf(a.ID, a.Name, secret), nil
}

// AppOf returns an app by its id and secret. It asks nobody.
func (c *Client) AppOf(id, name, secret string) *App {
	return &App{ID: id, Name: name, secret: secret, client: c.withToken(id + "|" + secret)}
}

// withToken returns a client with another token, whose calls don't prove that we know the app's secret.
func (c *Client) withToken(token string) *Client {
	other := *c
	other.token, other.secret = token, ""
	return &other
}

// Permission is a scope of a token, and the ids for which it holds; without ids it holds for all that its owner has.
type Permission struct {
	Scope   string   `json:"scope"`
	Targets []string `json:"target_ids"`
}

// TokenFacts are what Meta says of a token.
type TokenFacts struct {
	AppID       string       `json:"app_id"`
	Valid       bool         `json:"is_valid"`
	Expires     int64        `json:"expires_at"` // seconds since 1970; 0 means never
	Scopes      []string     `json:"scopes"`
	Permissions []Permission `json:"granular_scopes"`
}

// Missing returns those of the scopes that the token lacks.
func (f TokenFacts) Missing(scopes ...string) []string {
	return slices.DeleteFunc(scopes, func(s string) bool { return slices.Contains(f.Scopes, s) })
}

// EndsAt is when the token ends; the zero time if it never does.
func (f TokenFacts) EndsAt() time.Time {
	if f.Expires <= 0 {
		return time.Time{}
	}
	return time.Unix(f.Expires, 0).UTC()
}

// Targets returns the ids for which a scope was granted.
func (f TokenFacts) Targets(scope string) []string {
	for _, p := range f.Permissions {
		if p.Scope == scope {
			return p.Targets
		}
	}
	return nil
}

// Inspect asks what a token may do. Only the app of the token is answered.
// Source: Graph API, "debug_token". Errors: those of Call.
func (a *App) Inspect(ctx context.Context, token string) (TokenFacts, error) {
	var answer struct {
		Data TokenFacts `json:"data"`
	}
	err := a.client.Call(ctx, http.MethodGet, "debug_token", url.Values{"input_token": {token}}, nil, &answer)
	return answer.Data, err
}

// Token asks what the client's own token may do. secret is that of the token's app.
// Errors: those of Call.
func (c *Client) Token(ctx context.Context, secret string) (TokenFacts, error) {
	a, err := c.App(ctx, secret)
	if err != nil {
		return TokenFacts{}, err
	}
	return a.Inspect(ctx, c.token)
}

// proofParameter is the parameter by which a call proves that we know the app's secret.
const proofParameter = "appsecret_proof"

// appProof returns the value of proofParameter. It shows Meta that we didn't steal the client's token, because we know the secret of its
// app, too.
// Source: Graph API, "Securing requests".
func (c *Client) appProof(secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(c.token))
	return hex.EncodeToString(mac.Sum(nil))
}

// Subscription says which webhooks an app gets about one kind of object, and where.
type Subscription struct {
	Object   string `json:"object"` // page, whatsapp_business_account
	Callback string `json:"callback_url"`
	Fields   []struct {
		Name string `json:"name"`
	} `json:"fields"`
}

// FieldNames returns the webhook fields to which the app is subscribed.
func (s Subscription) FieldNames() []string {
	var names []string
	for _, f := range s.Fields {
		names = append(names, f.Name)
	}
	return names
}

// HasFields reports whether the app is subscribed to all these webhook fields.
func (s Subscription) HasFields(fields ...string) bool {
	subscribed := s.FieldNames()
	return !slices.ContainsFunc(fields, func(f string) bool { return !slices.Contains(subscribed, f) })
}

// Subscription returns the app's subscription to a kind of object; the zero value if there is none.
// Source: Graph API, "App, subscriptions". Errors: those of Call.
func (a *App) Subscription(ctx context.Context, object string) (Subscription, error) {
	var answer struct {
		Data []Subscription `json:"data"`
	}
	if err := a.client.Call(ctx, http.MethodGet, a.ID+"/subscriptions", nil, nil, &answer); err != nil {
		return Subscription{}, err
	}
	for _, s := range answer.Data {
		if s.Object == object {
			return s, nil
		}
	}
	return Subscription{}, nil
}

// Subscribe subscribes the app to fields of a kind of object. Meta then calls the callback, which must answer its
// challenge with the verify token. An earlier subscription to that kind of object is replaced.
// Errors: those of Call.
func (a *App) Subscribe(ctx context.Context, object, callback, verify string, fields []string) error {
	return a.client.Call(ctx, http.MethodPost, a.ID+"/subscriptions", nil,
		map[string]any{
			"object":         object,
			"callback_url":   callback,
			"verify_token":   verify,
			"fields":         strings.Join(fields, ","),
			"include_values": true,
		}, nil)
}

// Exchange exchanges the code with which a person came back from Meta's dialog for a token. redirect is the address that
// was given to the dialog, and to which she came back.
// Source: Facebook Login, "Manually build a login flow". Errors: those of Call; a token that is missing.
func (a *App) Exchange(ctx context.Context, code, redirect string) (string, error) {
	var answer struct {
		Token string `json:"access_token"`
	}
	query := url.Values{"client_id": {a.ID}, "client_secret": {a.secret}, "redirect_uri": {redirect}, "code": {code}}
	if err := a.client.withToken("").Call(ctx, http.MethodGet, "oauth/access_token", query, nil, &answer); err != nil {
		return "", err
	}
	if answer.Token == "" {
		return "", errors.New("graph: exchange: no token in the answer")
	}
	return answer.Token, nil
}

// Callback returns the address that a subscription should have if it has the address now: env's own. But if now is that of another
// account of the same Parley, it stays, because that account passes on what is for this one.
func Callback(now string, env channels.Env) string {
	parley, account := path.Split(now)
	ours, _ := path.Split(env.HookURL)
	if now == "" || parley != ours {
		return env.HookURL
	}
	if env.Accounts != nil && !slices.Contains(env.Accounts, account) { // nil means that the accounts aren't known
		return env.HookURL
	}
	return now
}

// Error codes of Graph.
const (
	codeInvalid    = 100
	codeUnverified = 2200 // a callback didn't answer the challenge
)

// IsUnverified reports whether a request was refused because the callback did not answer Meta's challenge.
func IsUnverified(err error) bool {
	var refused *Error
	return errors.As(err, &refused) && refused.Code == codeUnverified
}

// WrongSecret asks Meta whether a secret is not that of the app that made the client's token. path is something that the token may read.
// Errors: those of Call, unless they say that the secret is wrong.
func (c *Client) WrongSecret(ctx context.Context, path, secret string) (bool, error) {
	query := url.Values{"fields": {"id"}, proofParameter: {c.appProof(secret)}}
	err := c.Call(ctx, http.MethodGet, path, query, nil, nil)
	if IsAboutProof(err) {
		return true, nil
	}
	return false, err
}

// IsAboutProof reports whether Graph refused a request because the proof that we know the app's secret is missing or wrong.
func IsAboutProof(err error) bool {
	var refused *Error
	return errors.As(err, &refused) && refused.Code == codeInvalid && strings.Contains(refused.Message, proofParameter)
}
