package teams

import (
	"context"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// Rights are the application permissions that an admin of the organisation granted to the app, such as
// "Files.Read.All". Rights that a team's owner granted aren't included: only a request shows whether we have these.
type Rights []string

// Rights reads the granted rights from the app's access token. ok is false if the token can't be parsed: its format is
// a matter between Entra and Graph, and may change.
// Errors: those of rest.Tokens.
func (c *GraphClient) Rights(ctx context.Context) (granted Rights, ok bool, err error) {
	token, err := c.rest.Tokens.Token(ctx)
	if err != nil {
		return nil, false, err
	}
	var claims struct {
		jwt.RegisteredClaims
		Roles Rights `json:"roles"`
	}
	// We received the token from Entra itself, so its signature needn't be verified.
	if _, _, err := jwt.NewParser().ParseUnverified(token, &claims); err != nil {
		return nil, false, nil //nolint:nilerr // see above
	}
	return claims.Roles, true, nil
}

// Files returns the right that lets the app read all files of channels; "" if it has none. Those with ReadWrite come
// first, because Graph's reference requires them for reading a file by its address (/shares), though the others are
// known to suffice.
// Source: learn.microsoft.com/graph/api/shares-get and …/permission-get there, read 2026-11.
func (r Rights) Files() string {
	for _, right := range []string{"Files.ReadWrite.All", "Sites.ReadWrite.All", "Files.Read.All", "Sites.Read.All"} {
		if slices.Contains(r, right) {
			return right
		}
	}
	return ""
}

// HasNamedSites reports whether the app may read the files of those sites that an admin has named.
func (r Rights) HasNamedSites() bool { return slices.Contains(r, "Sites.Selected") }

// HasOnlyNamedSites reports whether the app may read files only in sites that an admin has named.
func (r Rights) HasOnlyNamedSites() bool {
	hasWider := slices.ContainsFunc(r, func(right string) bool {
		kind, _, _ := strings.Cut(right, ".")
		return right != "Sites.Selected" && slices.Contains([]string{"Sites", "Files", "Group"}, kind)
	})
	return r.HasNamedSites() && !hasWider
}
