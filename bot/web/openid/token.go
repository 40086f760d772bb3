package openid

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// claims are what a token may say of somebody.
type claims struct {
	AuthorizedParty string `json:"azp"`
	NotBefore       int64  `json:"nbf"` // in seconds; 0 if the token has none

	Email         string `json:"email"`
	EmailVerified yes    `json:"email_verified"`
	// DomainVerified is true if Microsoft has verified that the user's organisation owns the domain of the address. Without
	// it, an address in Microsoft's tokens proves nothing.
	// Source: learn.microsoft.com, "Optional claims reference", read 2026-11.
	DomainVerified yes `json:"xms_edov"`

	Tenant   string `json:"tid"` // Microsoft
	ObjectID string `json:"oid"`

	// Source: docs.slack.dev, "openid.connect.token", read 2026-11.
	SlackTeam string `json:"https://slack.com/team_id"`
	SlackUser string `json:"https://slack.com/user_id"`
}

// yes is a yes that providers write in several ways: true, "true", 1, "1".
type yes bool

// UnmarshalJSON implements json.Unmarshaler. Every other value means no.
func (y *yes) UnmarshalJSON(raw []byte) error {
	*y = yes(slices.Contains([]string{`true`, `"true"`, `1`, `"1"`}, string(raw)))
	return nil
}

// exchangeCode gives the code to the provider, and returns what the provider's token says.
func (p *provider) exchangeCode(ctx context.Context, found *oidc.Provider, code string, asked pending) (Identity, error) {
	ctx = oidc.ClientContext(ctx, p.client)
	got, err := p.makeConfig(found).Exchange(ctx, code, oauth2.VerifierOption(asked.Verifier))
	if err != nil {
		return Identity{}, fmt.Errorf("openid: %s: code: %w", p.Kind, err)
	}

	raw, _ := got.Extra("id_token").(string)
	if raw == "" {
		return Identity{}, errors.New("openid: the answer has no id_token")
	}

	// checkTimes checks the times, and allows for clocks that differ.
	token, err := found.Verifier(&oidc.Config{ClientID: p.ClientID, SkipExpiryCheck: true}).Verify(ctx, raw)
	if err != nil {
		return Identity{}, fmt.Errorf("openid: %s: token: %w", p.Kind, err)
	}

	var stated claims
	if err := token.Claims(&stated); err != nil {
		return Identity{}, fmt.Errorf("openid: %s: claims: %w", p.Kind, err)
	}

	err = errors.Join(p.checkTimes(token, stated), p.checkUse(token, stated, got.AccessToken, asked))
	if err != nil {
		return Identity{}, fmt.Errorf("openid: %s: %w", p.Kind, err)
	}
	if err := p.askMore(ctx, found, token, got, &stated); err != nil {
		return Identity{}, fmt.Errorf("openid: %s: userinfo: %w", p.Kind, err)
	}

	return p.identityOf(stated)
}

// askMore reads the address from the userinfo endpoint if the token has none: the standard lets a provider tell it only there.
// Slack's and Microsoft's tokens have all that is needed.
// Source: OpenID Connect Core 1.0, sections 5.3.2 and 5.4.
func (p *provider) askMore(ctx context.Context, found *oidc.Provider, token *oidc.IDToken, got *oauth2.Token, stated *claims) error {
	hasAddress := p.Kind != Any || stated.Email != ""
	if hasAddress || found.UserInfoEndpoint() == "" {
		return nil
	}
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(got))
	if err != nil {
		return err
	}
	if info.Subject != token.Subject {
		return errors.New("the provider tells of somebody else than its token does")
	}
	stated.Email, stated.EmailVerified = info.Email, yes(info.EmailVerified)
	return nil
}

// checkTimes checks that a token was made for our question, and is valid now.
func (p *provider) checkTimes(token *oidc.IDToken, stated claims) error {
	now := p.now()
	switch {
	case token.Expiry.Before(now.Add(-skew)):
		return fmt.Errorf("the token expired %s ago; compare the clocks", now.Sub(token.Expiry).Round(time.Second))
	case token.IssuedAt.After(now.Add(skew)), stated.NotBefore > now.Add(skew).Unix():
		return errors.New("the token is of the future; compare the clocks")
	case token.IssuedAt.Before(now.Add(-signInTimeout - skew)):
		return errors.New("the token is older than our question")
	}
	return nil
}

// checkUse checks that a token answers this sign-in, and was made for us.
func (p *provider) checkUse(token *oidc.IDToken, stated claims, access string, asked pending) error {
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(asked.Nonce)) != 1 {
		return errors.New("the token is of another sign-in (nonce)")
	}

	forOther := errors.New("the token was made for another client (azp)")
	namesClient := stated.AuthorizedParty != ""
	if namesClient && stated.AuthorizedParty != p.ClientID {
		return forOther
	}
	if !namesClient && len(token.Audience) > 1 { // with several audiences, the token must name the client
		return forOther
	}
	if token.AccessTokenHash != "" {
		return token.VerifyAccessToken(access)
	}

	return nil
}

// identityOf returns the person of a token. Errors: ErrElsewhere.
func (p *provider) identityOf(stated claims) (Identity, error) {
	who := Identity{Kind: p.Kind}
	if stated.EmailVerified || stated.DomainVerified {
		who.Mail = normalizeAddress(stated.Email)
	}

	switch p.Kind {
	case Slack:
		who.Organisation, who.User = stated.SlackTeam, stated.SlackUser
	case Microsoft:
		if !stated.DomainVerified {
			who.Mail = "" // whoever runs a tenant writes any address into it
		}
		if stated.Tenant != p.Tenant {
			return who, ErrElsewhere
		}

		who.Organisation, who.User = stated.Tenant, normalizeAddress(stated.ObjectID)
	case Any:
	}

	return who, nil
}
