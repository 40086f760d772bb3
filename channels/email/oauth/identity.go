package oauth

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
)

// claims are what an ID token says of a person.
type claims struct {
	Audience  audience `json:"aud"`
	Nonce     string   `json:"nonce"`
	Email     string   `json:"email"`
	Preferred string   `json:"preferred_username"` // Microsoft's, where the person has no address of that name
	UPN       string   `json:"upn"`
}

// audience is one name or a list of them.
type audience []string

// UnmarshalJSON implements json.Unmarshaler.
func (a *audience) UnmarshalJSON(raw []byte) error {
	var one string
	if err := json.Unmarshal(raw, &one); err == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(a))
}

// readIdentity reads who consented from an ID token. Without a token, it returns no identity. A token that can't be
// read is an error, because it may name somebody else.
//
// It doesn't check the token's signature: the token comes from the provider itself, over the TLS connection on which
// the code was exchanged a moment ago (OpenID Connect Core 3.1.3.7). It doesn't check the token's times either,
// because the provider's clock may differ from ours.
// Errors: ErrOtherAttempt; ErrUnreadable.
func (p *Provider) readIdentity(token, nonce string) (Identity, error) {
	if token == "" {
		return nil, nil
	}

	_, behindHeader, _ := strings.Cut(token, ".")
	payload, signature, hasSignature := strings.Cut(behindHeader, ".")
	if !hasSignature || strings.Contains(signature, ".") {
		return nil, ErrUnreadable
	}

	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(payload, "="))
	if err != nil {
		return nil, ErrUnreadable
	}

	var c claims
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, ErrUnreadable
	}

	isOtherNonce := c.Nonce != "" && c.Nonce != nonce
	isForOthers := len(c.Audience) > 0 && !slices.Contains(c.Audience, p.config.ClientID)
	if isOtherNonce || isForOthers {
		return nil, ErrOtherAttempt
	}

	var who Identity
	for _, name := range []string{c.Email, c.Preferred, c.UPN} {
		if name != "" && !slices.Contains(who, name) {
			who = append(who, name)
		}
	}

	return who, nil
}
