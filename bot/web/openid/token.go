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

// claims are the fields of an ID token that Parley reads, of all providers together.
type claims struct {
	AuthorizedParty string `json:"azp"`
	NotBefore       int64  `json:"nbf"` // in seconds; 0 if the token has none

	Email         string    `json:"email"`
	EmailVerified looseBool `json:"email_verified"`
	// DomainVerified is true if Microsoft has verified that the user's organisation owns the domain of the address. Without
	// it, an address in Microsoft's tokens proves nothing.
	// Source: learn.microsoft.com, "Optional claims reference", read 2026-11.
	DomainVerified looseBool `json:"xms_edov"`

	Tenant   string `json:"tid"` // Microsoft
	ObjectID string `json:"oid"`

	// Source: docs.slack.dev, "openid.connect.token", read 2026-11.
	SlackTeam string `json:"https://slack.com/team_id"`
	SlackUser string `json:"https://slack.com/user_id"`
}

// looseBool is a truth value that providers write in several ways: true, "true", 1, "1". Everything else is false.
type looseBool struct{ isStated, isTrue bool }

// UnmarshalJSON implements json.Unmarshaler.
func (b *looseBool) UnmarshalJSON(raw []byte) error {
	*b = looseBool{isStated: true, isTrue: slices.Contains([]string{`true`, `"true"`, `1`, `"1"`}, string(raw))}
	return nil
}

// exchangeCode exchanges the code with which the browser came back for the provider's tokens, checks them, and
// returns the person whom they name. attempt is the sign-in that they must belong to.
// Errors: ErrElsewhere; all others say why the tokens count for nothing.
func (p *provider) exchangeCode(ctx context.Context, discovered *oidc.Provider, code string, attempt signInAttempt) (Identity, error) {
	ctx = oidc.ClientContext(ctx, p.client)
	tokens, err := p.makeConfig(discovered).Exchange(ctx, code, oauth2.VerifierOption(attempt.Verifier))
	if err != nil {
		return Identity{}, fmt.Errorf("openid: %s: code: %w", p.Kind, err)
	}

	raw, _ := tokens.Extra("id_token").(string)
	if raw == "" {
		return Identity{}, errors.New("openid: the answer has no id_token")
	}

	// checkTimes checks the times, and allows for clocks that differ.
	token, err := discovered.Verifier(&oidc.Config{ClientID: p.ClientID, SkipExpiryCheck: true}).Verify(ctx, raw)
	if err != nil {
		return Identity{}, fmt.Errorf("openid: %s: token: %w", p.Kind, err)
	}

	var stated claims
	if err := token.Claims(&stated); err != nil {
		return Identity{}, fmt.Errorf("openid: %s: claims: %w", p.Kind, err)
	}

	err = errors.Join(p.checkTimes(token, stated), p.checkUse(token, stated, tokens.AccessToken, attempt))
	if err != nil {
		return Identity{}, fmt.Errorf("openid: %s: %w", p.Kind, err)
	}
	if err := p.readMissingAddress(ctx, discovered, token, tokens, &stated); err != nil {
		return Identity{}, fmt.Errorf("openid: %s: userinfo: %w", p.Kind, err)
	}

	return p.identityOf(stated)
}

// readMissingAddress asks the userinfo endpoint for the address if the token has none, or says neither whether it was
// verified nor that the organisation owns its domain. The standard allows such tokens, and Okta makes them. If the
// endpoint names an address, what the token said of a domain is dropped, because it was about the token's own
// address. Slack's and Microsoft's tokens have all that is needed.
// Source: OpenID Connect Core 1.0, sections 5.3.2 and 5.4.
func (p *provider) readMissingAddress(
	ctx context.Context, discovered *oidc.Provider, token *oidc.IDToken, tokens *oauth2.Token, stated *claims,
) error {
	saysEnough := stated.Email != "" && (stated.EmailVerified.isStated || stated.DomainVerified.isTrue)
	if p.Kind != Any || saysEnough {
		return nil
	}
	if discovered.UserInfoEndpoint() == "" {
		return nil // nothing more can be learned
	}

	info, err := discovered.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil {
		return err
	}
	if info.Subject != token.Subject {
		return errors.New("it is about another person than the token (sub)")
	}
	if info.Email != "" {
		stated.Email, stated.EmailVerified.isTrue, stated.DomainVerified = info.Email, info.EmailVerified, looseBool{}
	}
	return nil
}

// checkTimes checks that a token is valid now and isn't older than a sign-in may take. Clocks may differ by skew.
func (p *provider) checkTimes(token *oidc.IDToken, stated claims) error {
	now := p.now()
	switch {
	case token.Expiry.Before(now.Add(-skew)):
		return fmt.Errorf("the token expired %s ago; compare the clocks", now.Sub(token.Expiry).Round(time.Second))
	case token.IssuedAt.After(now.Add(skew)), stated.NotBefore > now.Add(skew).Unix():
		return errors.New("the token is not valid yet; compare the clocks")
	case token.IssuedAt.Before(now.Add(-signInTimeout - skew)):
		return errors.New("the token was issued before this sign-in can have begun")
	}
	return nil
}

// checkUse checks that a token answers this sign-in, and was made for us.
func (p *provider) checkUse(token *oidc.IDToken, stated claims, access string, attempt signInAttempt) error {
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(attempt.Nonce)) != 1 {
		return errors.New("the token is of another sign-in (nonce)")
	}

	errOtherClient := errors.New("the token was made for another client (azp)")
	namesClient := stated.AuthorizedParty != ""
	if namesClient && stated.AuthorizedParty != p.ClientID {
		return errOtherClient
	}
	// A token for several audiences should name the client, and we insist on it.
	// Source: OpenID Connect Core 1.0, section 3.1.3.7.
	if !namesClient && len(token.Audience) > 1 {
		return errOtherClient
	}
	if token.AccessTokenHash != "" {
		return token.VerifyAccessToken(access)
	}

	return nil
}

// identityOf returns the person of a checked token.
// Errors: ErrElsewhere for a user of another tenant.
func (p *provider) identityOf(stated claims) (Identity, error) {
	who := Identity{Kind: p.Kind}
	isAddressProven := stated.EmailVerified.isTrue || stated.DomainVerified.isTrue
	if p.Kind == Microsoft {
		isAddressProven = stated.DomainVerified.isTrue // an admin of any tenant can give its users any address
	}
	if isAddressProven {
		who.Mail = normalizeAddress(stated.Email)
	}

	switch p.Kind {
	case Slack:
		who.Organisation, who.User = stated.SlackTeam, stated.SlackUser
	case Microsoft:
		if stated.Tenant != p.Tenant {
			return who, ErrElsewhere
		}

		who.Organisation, who.User = stated.Tenant, normalizeAddress(stated.ObjectID)
	case Any: // an address is all that it says
	}

	return who, nil
}
