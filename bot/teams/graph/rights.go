package graph

import (
	"context"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// Rights are the rights that an admin of the organisation granted to the app, such as "Files.Read.All". Rights that a team's
// owner consented to are not among them: only a call shows whether these were granted.
type Rights []string

// Rights reads the granted rights from the app's token. ok is false if the token can't be read: it is meant for Graph alone.
// Errors: those of rest.Tokens.
func (c *Client) Rights(ctx context.Context) (granted Rights, ok bool, err error) {
	token, err := c.rest.Tokens.Token(ctx)
	if err != nil {
		return nil, false, err
	}
	var claims struct {
		jwt.RegisteredClaims
		Roles Rights `json:"roles"`
	}
	if _, _, err := jwt.NewParser().ParseUnverified(token, &claims); err != nil {
		return nil, false, nil //nolint:nilerr // the token is meant for Graph alone
	}
	return claims.Roles, true, nil
}

// Files returns the right that lets the app read all files of channels; "" if no right does. Those with ReadWrite come first:
// they are the ones that Graph's reference names for reading a file by its address (/shares), though the others are known to do.
// Source: learn.microsoft.com/graph/api/shares-get and …/permission-get there, read 2026-11.
func (r Rights) Files() string {
	for _, right := range []string{"Files.ReadWrite.All", "Sites.ReadWrite.All", "Files.Read.All", "Sites.Read.All"} {
		if slices.Contains(r, right) {
			return right
		}
	}
	return ""
}

// HasNamedSites reports whether an admin may let the app read the files of single sites.
func (r Rights) HasNamedSites() bool { return slices.Contains(r, "Sites.Selected") }

// HasOnlyNamedSites reports whether the only files that the app may read are those of sites that an admin named.
func (r Rights) HasOnlyNamedSites() bool {
	hasWider := slices.ContainsFunc(r, func(right string) bool {
		kind, _, _ := strings.Cut(right, ".")
		return right != "Sites.Selected" && slices.Contains([]string{"Sites", "Files", "Group"}, kind)
	})
	return r.HasNamedSites() && !hasWider
}
