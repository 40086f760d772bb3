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

// claims are the claims of an ID token that Parley reads, for all kinds of providers.
type claims struct {
	AuthorizedParty string `json:"azp"`
	NotBefore       int64  `json:"nbf"` // Unix seconds; 0 if missing

	Email         string    `json:"email"`
	EmailVerified looseBool `json:"email_verified"`
	// DomainVerified is true if Microsoft has verified that the user's organisation owns the domain of the address. Without
	// it, an address in Microsoft's tokens proves nothing: admins of any tenant can give their users any address.
	// Source: learn.microsoft.com, "Optional claims reference", read 2026-11.
	DomainVerified looseBool `json:"xms_edov"`

	Tenant   string `json:"tid"` // Microsoft
	ObjectID string `json:"oid"`

	// Source: docs.slack.dev, "openid.connect.token", read 2026-11.
	SlackTeam string `json:"https://slack.com/team_id"`
	SlackUser string `json:"https://slack.com/user_id"`
}

// looseBool is a boolean claim, which providers encode as true, "true", 1 or "1". Everything else is false.
type looseBool struct{ isStated, isTrue bool }

// UnmarshalJSON implements json.Unmarshaler.
func (b *looseBool) UnmarshalJSON(raw []byte) error {
	*b = looseBool{isStated: true, isTrue: slices.Contains([]string{`true`, `"true"`, `1`, `"1"`}, string(raw))}
	return nil
}

// exchangeCode exchanges an authorization code for an ID token, checks that it belongs to attempt, and returns its
// person. It returns ErrOtherOrganisation, or the reason why there is no valid token (see reasonOf).
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

	// checkTimes checks the times, because it tolerates clock skew.
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

// readMissingAddress reads the address from the userinfo endpoint if the token has none or doesn't say whether it is
// verified. The standard allows such tokens, and Okta issues them. An address from the endpoint replaces the token's
// address together with its DomainVerified. Tokens of Slack and Microsoft always have what is needed.
// Source: OpenID Connect Core 1.0, sections 5.3.2 and 5.4.
func (p *provider) readMissingAddress(
	ctx context.Context, discovered *oidc.Provider, token *oidc.IDToken, tokens *oauth2.Token, stated *claims,
) error {
	saysEnough := stated.Email != "" && (stated.EmailVerified.isStated || stated.DomainVerified.isTrue)
	if p.Kind != Any || saysEnough {
		return nil
	}
	if discovered.UserInfoEndpoint() == "" {
		return nil
	}

	info, err := discovered.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil {
		return err
	}
	if info.Subject != token.Subject {
		return errors.New("it is about another person than the token (sub)")
	}
	if info.Email != "" {
		stated.Email = info.Email
		stated.EmailVerified.isTrue = info.EmailVerified
		stated.DomainVerified = looseBool{}
	}
	return nil
}

// checkTimes checks that a token is valid now and not older than signInTimeout. It tolerates a clock skew.
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

// checkUse checks that a token belongs to this sign-in (nonce), this client (azp) and this access token (at_hash).
func (p *provider) checkUse(token *oidc.IDToken, stated claims, access string, attempt signInAttempt) error {
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(attempt.Nonce)) != 1 {
		return errors.New("the token is of another sign-in (nonce)")
	}

	errOtherClient := errors.New("the token was made for another client (azp)")
	namesClient := stated.AuthorizedParty != ""
	if namesClient && stated.AuthorizedParty != p.ClientID {
		return errOtherClient
	}
	// A token for several audiences should name the client. We require it.
	// Source: OpenID Connect Core 1.0, section 3.1.3.7.
	if !namesClient && len(token.Audience) > 1 {
		return errOtherClient
	}
	if token.AccessTokenHash != "" {
		return token.VerifyAccessToken(access)
	}

	return nil
}

// identityOf returns the person of a checked token. It returns ErrOtherOrganisation for users of another tenant.
func (p *provider) identityOf(stated claims) (Identity, error) {
	who := Identity{Kind: p.Kind}
	isAddressProven := stated.EmailVerified.isTrue || stated.DomainVerified.isTrue
	if p.Kind == Microsoft {
		isAddressProven = stated.DomainVerified.isTrue // email_verified isn't enough
	}
	if isAddressProven {
		who.Mail = normalizeAddress(stated.Email)
	}

	switch p.Kind {
	case Slack:
		who.Organisation, who.User = stated.SlackTeam, stated.SlackUser
	case Microsoft:
		if stated.Tenant != p.Tenant {
			return who, ErrOtherOrganisation
		}

		who.Organisation, who.User = stated.Tenant, normalizeAddress(stated.ObjectID)
	case Any: // has only the address
	}

	return who, nil
}
