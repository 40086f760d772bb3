package teamsfake_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
)

// discover asks Entra for the addresses of a tenant.
func (w *world) discover(tenant string) (status int, answer obj) {
	w.t.Helper()
	status, body := w.request(http.MethodGet, w.srv.LoginURL()+"/"+tenant+"/v2.0/.well-known/openid-configuration", "", "", nil)
	if err := json.Unmarshal(body, &answer); err != nil {
		w.t.Fatalf("status %d: %s", status, body)
	}
	return status, answer
}

// Entra's answer has all fields that Microsoft's libraries read.
func TestDiscovery(t *testing.T) {
	w := newServer(t, teamsfake.Options{})
	status, got := w.discover(w.srv.TenantID())
	wantEqual(t, "status", status, http.StatusOK)
	base := w.srv.LoginURL() + "/" + w.srv.TenantID()
	for _, tt := range []struct{ field, want string }{
		{field: "issuer", want: base + "/v2.0"},
		{field: "authorization_endpoint", want: base + "/oauth2/v2.0/authorize"},
		{field: "token_endpoint", want: base + "/oauth2/v2.0/token"},
		{field: "jwks_uri", want: base + "/discovery/v2.0/keys"},
	} {
		wantField(t, got, tt.field, tt.want)
	}
}

// The addresses in Entra's answer lead to a token, and to the key that signed it.
func TestDiscoveryLeadsToToken(t *testing.T) {
	w := newServer(t, teamsfake.Options{})
	_, found := w.discover(w.srv.TenantID())
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {w.srv.AppID()}, "client_secret": {w.srv.AppPassword()},
		"scope": {"https://graph.microsoft.com/.default"},
	}
	kind := "application/x-www-form-urlencoded"
	status, body := w.request(http.MethodPost, found["token_endpoint"].(string), "", kind, []byte(form.Encode()))
	wantEqual(t, "status of the token", status, http.StatusOK)

	var granted struct {
		Token string `json:"access_token"`
	}
	var head struct{ Kid string }
	noError(t, json.Unmarshal(body, &granted))
	noError(t, part(strings.Split(granted.Token, ".")[0], &head))

	keys := w.wantGet("keys", found["jwks_uri"].(string), "", http.StatusOK)
	if !strings.Contains(keys, `"kid":"`+head.Kid+`"`) {
		t.Errorf("the keys are %s, want %s among them", keys, head.Kid)
	}
}

// For an unknown tenant, Entra returns an error.
func TestDiscoveryOfUnknownTenant(t *testing.T) {
	w := newServer(t, teamsfake.Options{})
	status, got := w.discover("00000000-0000-4000-8000-000000000001")
	wantEqual(t, "status", status, http.StatusBadRequest)
	wantField(t, got, "error", "invalid_tenant")
	wantField(t, got, "error_codes.0", 90002)
}

// With TLS, all addresses begin with https, and clients that trust the server's certificate can connect.
func TestTLS(t *testing.T) {
	srv := teamsfake.New(teamsfake.Options{TLS: true})
	noError(t, srv.Start("127.0.0.1:0"))
	t.Cleanup(func() { noError(t, srv.Close()) })
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(srv.CertPEM()) {
		t.Fatal("no certificate")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)

	address := srv.LoginURL() + "/" + srv.TenantID() + "/v2.0/.well-known/openid-configuration"
	req := must(http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil))(t)
	res := must(transport.RoundTrip(req))(t)
	defer res.Body.Close()

	var got obj
	noError(t, json.NewDecoder(res.Body).Decode(&got))
	for _, field := range []string{"issuer", "token_endpoint", "jwks_uri"} {
		if text, _ := got[field].(string); !strings.HasPrefix(text, "https://") {
			t.Errorf("%s is %q, want https", field, text)
		}
	}
}
