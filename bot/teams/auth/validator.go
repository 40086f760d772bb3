package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"parley/bot/teams/connector"
	"parley/bot/teams/rest"
)

// leeway is how much the service's clock and ours may differ.
const leeway = 5 * time.Minute

// ErrRefused is the root of the errors for requests that aren't genuine. The reason in it is only for
// the log: all senders of such requests get the same answer.
var ErrRefused = errors.New("teams: the request is not the Bot Connector's")

// Options of a Validator.
type Options struct {
	AppID   string // the audience that tokens must have
	Tenants []string
	OpenID  string // address of the metadata; "" means DefaultOpenIDURL
	Issuer  string // "" means that of the cloud to which OpenID belongs
	Hosts   *rest.Hosts
	Client  *http.Client // for keys; refuses redirects
	Now     func() time.Time
}

// Validator checks requests. Safe for concurrent use.
type Validator struct {
	tenants []string
	hosts   *rest.Hosts
	keys    *keySet
	parser  *jwt.Parser
}

// New makes a Validator; it connects to nothing yet.
// Errors: a missing app id or tenant, because without them everybody's requests would be accepted.
func New(o Options) (*Validator, error) {
	hasTenants := len(o.Tenants) > 0 && !slices.Contains(o.Tenants, "")
	if o.AppID == "" || !hasTenants {
		return nil, errors.New("teams: the app id and the tenant must be set")
	}
	o.Issuer = cmp.Or(o.Issuer, rest.BotFramework(o.OpenID))
	return &Validator{
		tenants: o.Tenants, hosts: o.Hosts, keys: newKeySet(o.OpenID, o.Client, o.Now),
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}), jwt.WithStrictDecoding(),
			jwt.WithIssuer(o.Issuer), jwt.WithAudience(o.AppID), jwt.WithExpirationRequired(),
			jwt.WithLeeway(leeway), jwt.WithTimeFunc(o.Now),
		),
	}, nil
}

// claims are those of the service's tokens.
type claims struct {
	jwt.RegisteredClaims
	ServiceURL string `json:"serviceurl"`
}

// Check returns nil if a request's header proves that the activity comes from the service. It may read keys, which takes
// at most 5 s.
// Errors: ErrRefused; ErrKeys if that can't be checked now.
func (v *Validator) Check(ctx context.Context, h http.Header, a connector.Activity) error {
	token, err := bearerToken(h)
	if err != nil {
		return refuse(err)
	}
	if err := v.checkActivity(a); err != nil {
		return refuse(err)
	}

	var said claims
	_, err = v.parser.ParseWithClaims(token, &said, func(t *jwt.Token) (any, error) { return v.signingKey(ctx, t, a.ChannelID) })
	if errors.Is(err, ErrKeys) {
		return err
	}
	if err != nil {
		return refuse(err)
	}
	if said.ServiceURL == "" || said.ServiceURL != a.ServiceURL {
		return refuse(errors.New("the token is for another service URL"))
	}

	return nil
}

// Keys tries to read the service's keys.
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

// checkActivity checks what needs no token: the channel, the tenant, and the address to which our own
// token would go.
func (v *Validator) checkActivity(a connector.Activity) error {
	if a.ChannelID != connector.ChannelTeams {
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
func (v *Validator) checkTenant(a connector.Activity) error {
	var named []string
	if a.Conversation != nil && a.Conversation.TenantID != "" {
		named = append(named, a.Conversation.TenantID)
	}

	d := a.ChannelData
	hasTenant := d != nil && d.Tenant != nil
	if hasTenant && d.Tenant.ID != "" {
		named = append(named, d.Tenant.ID)
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

// signingKey returns the key that a token's header names, if that key may sign for the channel.
func (v *Validator) signingKey(ctx context.Context, t *jwt.Token, channel string) (any, error) {
	id, ok := t.Header["kid"].(string)
	if !ok || id == "" {
		return nil, errors.New("the token names no key")
	}
	if _, extended := t.Header["crit"]; extended { // RFC 7515 section 4.1.11: what isn't understood is refused
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
