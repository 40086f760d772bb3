package openid

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"parley/channels"
)

// Check implements channels.Checker for a provider that OIDC_ISSUER names: it asks for the provider's description of itself, as every
// sign-in does.
func (c Config) Check(ctx context.Context) []channels.Finding {
	p := &provider{Config: c, client: newClient(), now: time.Now} //nolint:forbidigo // only for how long the description counts
	_, err := p.readDescription(ctx)
	if err == nil {
		return []channels.Finding{channels.Success(c.Name, "it answers, and is the issuer that OIDC_ISSUER names")}
	}
	if other, ok := errors.AsType[*oidc.IssuerMismatchError](err); ok {
		return []channels.Finding{channels.Fault(c.Name,
			fmt.Sprintf("it calls itself %q, and OIDC_ISSUER says %q: nobody can sign in by it", other.Discovered, other.Provided),
			"Write OIDC_ISSUER to the letter as the provider calls itself, a final slash included.")}
	}
	return []channels.Finding{channels.Fault(c.Name, "nobody can sign in by it: "+causeWords(err),
		"Does OIDC_ISSUER have the right address, and can this machine reach it? Meanwhile parley admin-link makes links.")}
}

// causeWords says why a description could not be read. The provider's answer, which may be a whole page, is cut short.
func causeWords(err error) string {
	const maxRunes = 200
	words := []rune(strings.Join(strings.Fields(err.Error()), " "))
	if len(words) > maxRunes {
		return string(words[:maxRunes]) + "…"
	}
	return string(words)
}
