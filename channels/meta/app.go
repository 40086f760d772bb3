package meta

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

// graphApp is an app that a company has registered at Meta. An app issues access tokens, and Meta sends webhooks to it, which
// are signed with the app's secret. The methods of App make calls in the name of the app itself, to inspect tokens
// and to manage its webhooks. They authenticate with the app's id and secret instead of an account's token.
type graphApp struct {
	ID, Name string

	secret string
	client *graphClient // authenticates as the app
}

// graphApp asks Meta for the app that issued the client's token. secret is the app's secret.
// Errors: those of Call.
func (c *graphClient) App(ctx context.Context, secret string) (*graphApp, error) {
	var a graphApp
	if err := c.Call(ctx, http.MethodGet, "app", url.Values{"fields": {"id,name"}}, nil, &a); err != nil {
		return nil, err
	}
	return c.AppOf(a.ID, a.Name, secret), nil
}

// AppOf returns the app with this id and secret, without a call to Meta.
func (c *graphClient) AppOf(id, name, secret string) *graphApp {
	return &graphApp{ID: id, Name: name, secret: secret, client: c.withToken(id + "|" + secret)}
}

// withToken returns a client that uses another token and sends no appsecret_proof.
func (c *graphClient) withToken(token string) *graphClient {
	other := *c
	other.token, other.secret = token, ""
	return &other
}

// permission is a scope of a token, limited to the objects in Targets. Without Targets, the scope covers everything that
// the token's owner may access.
type permission struct {
	Scope   string   `json:"scope"`
	Targets []string `json:"target_ids"`
}

// tokenFacts describe an access token, as Meta reports them.
type tokenFacts struct {
	AppID       string       `json:"app_id"`
	Valid       bool         `json:"is_valid"`
	Expires     int64        `json:"expires_at"` // seconds since 1970; 0 means never
	Scopes      []string     `json:"scopes"`
	Permissions []permission `json:"granular_scopes"`
}

// Missing returns those of the scopes that the token lacks.
func (f tokenFacts) Missing(scopes ...string) []string {
	return slices.DeleteFunc(scopes, func(s string) bool { return slices.Contains(f.Scopes, s) })
}

// EndsAt returns when the token expires; the zero time means never.
func (f tokenFacts) EndsAt() time.Time {
	if f.Expires <= 0 {
		return time.Time{}
	}
	return time.Unix(f.Expires, 0).UTC()
}

// Targets returns the ids of the objects to which a scope is limited; nil if the scope isn't limited or wasn't granted.
func (f tokenFacts) Targets(scope string) []string {
	for _, p := range f.Permissions {
		if p.Scope == scope {
			return p.Targets
		}
	}
	return nil
}

// Inspect asks Meta what a token may do. Meta answers this only for tokens that the app itself issued.
// Source: Graph API, "debug_token". Errors: those of Call.
func (a *graphApp) Inspect(ctx context.Context, token string) (tokenFacts, error) {
	var answer struct {
		Data tokenFacts `json:"data"`
	}
	err := a.client.Call(ctx, http.MethodGet, "debug_token", url.Values{"input_token": {token}}, nil, &answer)
	return answer.Data, err
}

// Token is App.Inspect for the client's own token. secret is the secret of the app that issued it.
// Errors: those of Call.
func (c *graphClient) Token(ctx context.Context, secret string) (tokenFacts, error) {
	a, err := c.App(ctx, secret)
	if err != nil {
		return tokenFacts{}, err
	}
	return a.Inspect(ctx, c.token)
}

// proofParameter is the query parameter by which a call proves that its sender knows the app's secret, too, and hasn't
// only stolen the token. An app can require it for all calls.
const proofParameter = "appsecret_proof"

// appProof returns the value of proofParameter for the client's token.
// Source: Graph API, "Securing requests".
func (c *graphClient) appProof(secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(c.token))
	return hex.EncodeToString(mac.Sum(nil))
}

// subscription is an app's subscription to the webhooks of one kind of object.
type subscription struct {
	Object   string `json:"object"` // "page" or "whatsapp_business_account"
	Callback string `json:"callback_url"`
	Fields   []struct {
		Name string `json:"name"`
	} `json:"fields"`
}

// FieldNames returns the webhook fields to which the app is subscribed.
func (s subscription) FieldNames() []string {
	var names []string
	for _, f := range s.Fields {
		names = append(names, f.Name)
	}
	return names
}

// HasFields reports whether the app is subscribed to all these webhook fields.
func (s subscription) HasFields(fields ...string) bool {
	subscribed := s.FieldNames()
	return !slices.ContainsFunc(fields, func(f string) bool { return !slices.Contains(subscribed, f) })
}

// subscription returns the app's subscription to a kind of object, or the zero value if it isn't subscribed.
// Source: Graph API, "App, subscriptions". Errors: those of Call.
func (a *graphApp) Subscription(ctx context.Context, object string) (subscription, error) {
	var answer struct {
		Data []subscription `json:"data"`
	}
	if err := a.client.Call(ctx, http.MethodGet, a.ID+"/subscriptions", nil, nil, &answer); err != nil {
		return subscription{}, err
	}
	for _, s := range answer.Data {
		if s.Object == object {
			return s, nil
		}
	}
	return subscription{}, nil
}

// Subscribe subscribes the app to webhook fields of a kind of object, and replaces any earlier subscription to it. Before
// Meta responds, it calls the callback with the verify token and a challenge, which the callback must return.
// Errors: those of Call.
func (a *graphApp) Subscribe(ctx context.Context, object, callback, verify string, fields []string) error {
	return a.client.Call(ctx, http.MethodPost, a.ID+"/subscriptions", nil,
		map[string]any{
			"object":         object,
			"callback_url":   callback,
			"verify_token":   verify,
			"fields":         strings.Join(fields, ","),
			"include_values": true,
		}, nil)
}

// Exchange exchanges the code of an OAuth login for an access token. redirect must be the redirect URI that the login
// dialog was opened with.
// Source: Facebook Login, "Manually build a login flow". Errors: those of Call; a response without a token.
func (a *graphApp) Exchange(ctx context.Context, code, redirect string) (string, error) {
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

// callbackFor returns the address that a subscription should have, given its present address. Normally this is the account's
// own, env.HookURL. But an app has only one callback, which several accounts may share. So the address of another
// account of the same Parley is kept: that account forwards the webhooks that are meant for this one.
func callbackFor(present string, env channels.Env) string {
	if !isOfParley(present, env) {
		return env.HookURL
	}

	account := path.Base(present)
	knowsAccounts := env.Accounts != nil
	if knowsAccounts && !slices.Contains(env.Accounts, account) {
		return env.HookURL // the account was removed
	}
	return present
}

// isOfParley reports whether a callback leads to this Parley, even if to an account that was removed.
func isOfParley(callback string, env channels.Env) bool {
	base, _ := path.Split(callback)
	ownBase, _ := path.Split(env.HookURL)
	return callback != "" && base == ownBase
}

// graphError codes of Graph.
const (
	codeInvalid    = 100  // invalid parameter
	codeUnverified = 2200 // the callback didn't return the challenge
)

// isUnverified reports whether Meta refused a subscription because the callback didn't return its challenge.
func isUnverified(err error) bool {
	var refused *graphError
	return errors.As(err, &refused) && refused.Code == codeUnverified
}

// WrongSecret asks Meta whether secret is wrong for the app that issued the client's token. It reads path, which must be
// an object that the token may read, with a proof made from the secret.
// Errors: those of Call, except the refusal of the proof.
func (c *graphClient) WrongSecret(ctx context.Context, path, secret string) (bool, error) {
	query := url.Values{"fields": {"id"}, proofParameter: {c.appProof(secret)}}
	err := c.Call(ctx, http.MethodGet, path, query, nil, nil)
	if isAboutProof(err) {
		return true, nil
	}
	return false, err
}

// isAboutProof reports whether Graph refused a request because its appsecret_proof is missing or wrong.
func isAboutProof(err error) bool {
	var refused *graphError
	return errors.As(err, &refused) && refused.Code == codeInvalid && strings.Contains(refused.Message, proofParameter)
}
