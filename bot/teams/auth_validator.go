package teams

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Teams sends each event to Parley as an HTTP request with an activity, a JSON object such as a message. Anybody can
// send requests to that address, so genuine ones carry a JWT signed with one of Microsoft's keys. This file checks
// that the token is valid and meant for our app and this activity, and that the activity comes from our organisation
// (the tenant).

// leeway is how much Microsoft's clock and ours may differ.
const leeway = 5 * time.Minute

// ErrRefused is wrapped by all errors for requests that aren't genuine. The reason in the error is only for the log:
// all senders get the same answer.
var ErrRefused = errors.New("teams: the request is not the Bot Connector's")

// AuthOptions of a Validator.
type AuthOptions struct {
	AppID   string // the audience that tokens must have
	Tenants []string
	OpenID  string       // address of the OpenID metadata; "" means DefaultOpenIDURL
	Issuer  string       // "" means the issuer of the cloud to which OpenID belongs
	Hosts   *Hosts       // the hosts to which our own token may be sent
	Client  *http.Client // for keys; refuses redirects
	Now     func() time.Time
}

// Validator checks that requests come from Teams. Safe for concurrent use.
type Validator struct {
	tenants []string
	hosts   *Hosts
	keys    *keySet
	parser  *jwt.Parser
}

// NewAuth makes a Validator. It makes no requests yet.
// Errors: the app id or the tenant is missing. Without them, requests from anybody's bot would be accepted.
func NewAuth(o AuthOptions) (*Validator, error) {
	hasTenants := len(o.Tenants) > 0 && !slices.Contains(o.Tenants, "")
	if o.AppID == "" || !hasTenants {
		return nil, errors.New("teams: the app id and the tenant must be set")
	}
	o.Issuer = cmp.Or(o.Issuer, BotFramework(o.OpenID))
	return &Validator{
		tenants: o.Tenants, hosts: o.Hosts, keys: newKeySet(o.OpenID, o.Client, o.Now),
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}), jwt.WithStrictDecoding(),
			jwt.WithIssuer(o.Issuer), jwt.WithAudience(o.AppID), jwt.WithExpirationRequired(),
			jwt.WithLeeway(leeway), jwt.WithTimeFunc(o.Now),
		),
	}, nil
}

// claims are the claims of Teams' tokens that we check.
type claims struct {
	jwt.RegisteredClaims
	ServiceURL string `json:"serviceurl"`
}

// Check returns nil if the header of a request proves that its activity comes from Teams. If the token's key isn't
// cached, Check reads Microsoft's keys, for at most 5 s.
// Errors: ErrRefused; ErrKeys if the keys can't be read now.
func (v *Validator) Check(ctx context.Context, h http.Header, a Activity) error {
	token, err := bearerToken(h)
	if err != nil {
		return refuse(err)
	}
	if err := v.checkActivity(a); err != nil {
		return refuse(err)
	}

	var signed claims
	findKey := func(t *jwt.Token) (any, error) { return v.signingKey(ctx, t, a.ChannelID) }
	_, err = v.parser.ParseWithClaims(token, &signed, findKey)
	if errors.Is(err, ErrKeys) {
		return err
	}
	if err != nil {
		return refuse(err)
	}
	if signed.ServiceURL == "" || signed.ServiceURL != a.ServiceURL {
		return refuse(errors.New("the token is for another service URL"))
	}

	return nil
}

// Keys checks whether Microsoft's keys can be read now.
// Errors: ErrKeys.
func (v *Validator) Keys(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, keysTimeout)
	defer cancel()
	if _, err := v.keys.read(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrKeys, err)
	}
	return nil
}

func refuse(err error) error { return fmt.Errorf("%w: %w", ErrRefused, err) }

// checkActivity checks the activity itself: that it comes from Teams and from our tenant, and that its service URL,
// to which we would send our own token, is one of Teams' addresses.
func (v *Validator) checkActivity(a Activity) error {
	if a.ChannelID != ChannelTeams {
		return errors.New("the activity is of another channel")
	}
	if err := v.checkTenant(a); err != nil {
		return err
	}
	withToken, err := v.hosts.Check(a.ServiceURL)
	if err != nil || !withToken {
		return errors.New("the service URL is not one of Teams'")
	}
	return nil
}

// checkTenant checks that the activity names a tenant, and that each tenant that it names is ours.
func (v *Validator) checkTenant(a Activity) error {
	var named []string
	if a.Conversation != nil && a.Conversation.TenantID != "" {
		named = append(named, a.Conversation.TenantID)
	}

	data := a.ChannelData
	hasTenant := data != nil && data.Tenant != nil
	if hasTenant && data.Tenant.ID != "" {
		named = append(named, data.Tenant.ID)
	}
	if len(named) == 0 {
		return errors.New("the activity names no tenant")
	}

	for _, t := range named {
		if !slices.ContainsFunc(v.tenants, func(own string) bool { return strings.EqualFold(own, t) }) {
			return errors.New("the activity is of another tenant")
		}
	}

	return nil
}

// signingKey returns the key that a token's header names. Microsoft must have endorsed the key for this channel
// ("msteams").
func (v *Validator) signingKey(ctx context.Context, t *jwt.Token, channel string) (any, error) {
	id, ok := t.Header["kid"].(string)
	if !ok || id == "" {
		return nil, errors.New("the token names no key")
	}
	// RFC 7515 section 4.1.11: a token with critical extensions that we don't know must be refused.
	if _, hasCritical := t.Header["crit"]; hasCritical {
		return nil, errors.New("the token has critical extensions")
	}

	k, known, err := v.keys.find(ctx, id)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, errors.New("the token's key is unknown")
	}
	if !slices.Contains(k.endorsements, channel) {
		return nil, errors.New("the token's key doesn't speak for this channel")
	}

	return k.public, nil
}

// maxToken bounds a token, in bytes. Teams' tokens have about 1 kB.
const maxToken = 16 << 10

// bearerToken returns the token in the Authorization header of a request, which must occur once. The scheme must be
// exactly "Bearer", as Teams sends it, although HTTP ignores the case of schemes.
func bearerToken(h http.Header) (string, error) {
	values := h.Values("Authorization")
	if len(values) != 1 {
		return "", errors.New("not one Authorization header")
	}

	token, ok := strings.CutPrefix(values[0], "Bearer ")
	if !ok {
		return "", errors.New("the scheme isn't Bearer")
	}
	if len(token) > maxToken {
		return "", errors.New("the token is too long")
	}
	if !hasSignedForm(token) {
		return "", errors.New("the token has not the form of a signed one")
	}

	return token, nil
}

// hasSignedForm reports whether a token has three non-empty parts in base64url.
// Source: RFC 7515 section 7.1.
func hasSignedForm(token string) bool {
	const partCount = 3 // header, claims and signature
	isIllegal := func(r rune) bool { return !strings.ContainsRune(base64URLAlphabet, r) }
	parts := strings.Split(token, ".")
	for _, p := range parts {
		if p == "" || strings.ContainsFunc(p, isIllegal) {
			return false
		}
	}
	return len(parts) == partCount
}

const base64URLAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// CheckLocal is Check for a developer who runs the bot and a fake Teams on one machine, without signatures
// (TEAMS_ALLOW_UNSIGNED=loopback). It returns nil if an unsigned request may be accepted: it must come directly from
// and to a loopback address and not from a web page, and answers to it must stay on this machine.
// Errors: ErrRefused.
func (v *Validator) CheckLocal(r *http.Request, a Activity) error {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	isToLoopback := ok && IsLoopback(local.String())
	if !isToLoopback || !IsLoopback(r.RemoteAddr) {
		return refuse(errors.New("unsigned, and not on this machine"))
	}

	for name := range r.Header { // a proxy or tunnel on this machine may forward requests from anywhere
		if isProxyHeader(name) || isBrowserHeader(name) {
			return refuse(errors.New("unsigned, and passed on or made by a web page (" + name + ")"))
		}
	}

	if !IsLocalURL("http://" + r.Host) { // DNS rebinding: any name can resolve to a loopback address
		return refuse(errors.New("unsigned, and asked for by another name than localhost"))
	}
	// CORS: a web page can't send JSON without our permission.
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return refuse(errors.New("unsigned, and not JSON"))
	}
	if a.ChannelID != ChannelTeams || !IsLocalURL(a.ServiceURL) {
		return refuse(errors.New("unsigned, and not to be answered on this machine"))
	}
	if err := v.checkTenant(a); err != nil {
		return refuse(err)
	}

	return nil
}

// isProxyHeader reports whether proxies add a header.
func isProxyHeader(name string) bool {
	return slices.Contains([]string{"Forwarded", "Via", "X-Real-Ip"}, name) || strings.HasPrefix(name, "X-Forwarded-")
}

// isBrowserHeader reports whether browsers add a header to requests of web pages.
func isBrowserHeader(name string) bool {
	return name == "Origin" || strings.HasPrefix(name, "Sec-Fetch-")
}
