package mailbox

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
)

// claims holds the claims of an ID token that Parley reads.
type claims struct {
	Audience  audience `json:"aud"`
	Nonce     string   `json:"nonce"`
	Email     string   `json:"email"`
	Preferred string   `json:"preferred_username"` // Microsoft: the address that the person signs in with
	UPN       string   `json:"upn"`                // Microsoft: the address in the company's directory
}

// audience is the "aud" claim: a string, or a list of strings.
type audience []string

func (a *audience) UnmarshalJSON(raw []byte) error {
	var one string
	if err := json.Unmarshal(raw, &one); err == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(a))
}

// readIdentity returns the person whom an ID token names, or nil if token is "". nonce is that of the Flow. The error is
// ErrUnreadable for a malformed token, which may name somebody else, and ErrOtherAttempt for a token with another
// nonce or audience.
//
// It deliberately doesn't check the signature: the token comes directly from the provider, over the TLS connection of
// the code exchange (OpenID Connect Core 3.1.3.7). It doesn't check the token's times either, because the provider's
// clock may differ from ours.
func (p *Provider) readIdentity(token, nonce string) (Identity, error) {
	if token == "" {
		return nil, nil
	}

	parts := strings.Split(token, ".") // header, payload, signature
	if len(parts) != 3 {
		return nil, ErrUnreadable
	}

	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return nil, ErrUnreadable
	}

	var c claims
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, ErrUnreadable
	}

	isOtherNonce := c.Nonce != "" && c.Nonce != nonce
	isOtherAudience := len(c.Audience) > 0 && !slices.Contains(c.Audience, p.config.ClientID)
	if isOtherNonce || isOtherAudience {
		return nil, ErrOtherAttempt
	}

	var identity Identity
	for _, address := range []string{c.Email, c.Preferred, c.UPN} {
		if address != "" && !slices.Contains(identity, address) {
			identity = append(identity, address)
		}
	}
	return identity, nil
}
