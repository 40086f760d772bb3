package teamsfake

import "net/http"

// discover responds with Entra's metadata of a tenant, which Microsoft's libraries read before they ask for a token. The
// emulator gives tokens to apps only: nobody can sign in at the authorization endpoint.
// Source: Entra, "OpenID Connect on the Microsoft identity platform"; npm @azure/msal-common 15.7.0, OpenIdConfigResponse,
// read 2026-11.
func (e *Entra) discover(w http.ResponseWriter, r *http.Request) {
	organisation := r.PathValue("tenant")
	if organisation != e.Opt.TenantID && organisation != frameworkTenant {
		e.Mu.Lock()
		defer e.Mu.Unlock()
		e.refuseToken(w, http.StatusBadRequest, "invalid_tenant", errUnknownTenant, "Tenant '"+organisation+"' not found.")
		return
	}

	base := e.Host.URL() + "/login/" + organisation
	WriteJSON(w, http.StatusOK, Object{
		"issuer": base + "/v2.0", "authorization_endpoint": base + "/oauth2/v2.0/authorize", "token_endpoint": base + "/oauth2/v2.0/token",
		"jwks_uri":                              base + "/discovery/v2.0/keys",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic"},
		"response_types_supported":              []string{"code"}, "subject_types_supported": []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"}, "scopes_supported": []string{"openid"},
	})
}

// openID responds with the Bot Framework's metadata. As at Microsoft, its issuer isn't the address at which it is served.
func (e *Entra) openID(w http.ResponseWriter, _ *http.Request) {
	WriteJSON(w, http.StatusOK, Object{
		"issuer": issuer, "authorization_endpoint": "https://invalid.botframework.com",
		"jwks_uri":                              e.Host.URL() + "/botframework/v1/.well-known/keys",
		"id_token_signing_alg_values_supported": []string{"RS256"}, "token_endpoint_auth_methods_supported": []string{"private_key_jwt"},
	})
}

// listKeys lists the keys that sign all tokens here: those of Entra, and those of the Bot Framework.
func (e *Entra) listKeys(w http.ResponseWriter, _ *http.Request) {
	WriteJSON(w, http.StatusOK, Object{"keys": e.keys.list()})
}
