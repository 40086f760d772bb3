package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/connector"
)

// variant is one request, which is a good one but for what is set here.
type variant struct {
	name     string
	header   func(h map[string]any)                // changes the token's header
	claims   func(c map[string]any, now time.Time) // changes the token's claims
	by       *signer                               // who signed; nil means the published key
	text     func(token string) []string           // the values of Authorization
	activity func(a *connector.Activity)           // changes the activity
	good     bool                                  // it is accepted
}

func set(key string, value any) func(map[string]any, time.Time) {
	return func(c map[string]any, _ time.Time) { c[key] = value }
}

func unset(key string) func(map[string]any, time.Time) {
	return func(c map[string]any, _ time.Time) { delete(c, key) }
}

func at(key string, d time.Duration) func(map[string]any, time.Time) {
	return func(c map[string]any, now time.Time) { c[key] = now.Add(d).Unix() }
}

// bearer makes one value of Authorization of a token.
func bearer(format func(token string) string) func(string) []string {
	return func(token string) []string { return []string{format(token)} }
}

// serviceURL puts an address into the token and the activity.
func serviceURL(name, url string) variant {
	return variant{name: name, claims: set("serviceurl", url), activity: func(a *connector.Activity) { a.ServiceURL = url }}
}

func claimVariants() []variant {
	return []variant{
		{name: "as the service sends it", good: true},
		{name: "audience in an array", claims: set("aud", []string{app}), good: true},
		{name: "audience among others", claims: set("aud", []string{"other", app}), good: true},
		{name: "audience of another app", claims: set("aud", "33333333-3333-4333-8333-333333333333")},
		{name: "audiences of other apps", claims: set("aud", []string{"a", "b"})},
		{name: "audience empty", claims: set("aud", "")},
		{name: "audience empty array", claims: set("aud", []string{})},
		{name: "audience a number", claims: set("aud", 1)},
		{name: "no audience", claims: unset("aud")},
		{name: "issuer Entra", claims: set("iss", "https://login.microsoftonline.com/"+tenant+"/v2.0")},
		{name: "issuer with a final slash", claims: set("iss", publicIssuer+"/")},
		{name: "issuer in an array", claims: set("iss", []string{publicIssuer})},
		{name: "no issuer", claims: unset("iss")},
		{name: "expired within the leeway", claims: at("exp", -4*time.Minute), good: true},
		{name: "expired beyond the leeway", claims: at("exp", -6*time.Minute)},
		{name: "no exp", claims: unset("exp")},
		{name: "exp zero", claims: set("exp", 0)},
		{name: "exp a text", claims: set("exp", "tomorrow")},
		{name: "not before, within the leeway", claims: at("nbf", 4*time.Minute), good: true},
		{name: "not before, beyond the leeway", claims: at("nbf", 6*time.Minute)},
		{name: "no nbf", claims: unset("nbf"), good: true},
		{name: "no serviceurl", claims: unset("serviceurl")},
		{name: "serviceurl empty", claims: set("serviceurl", "")},
		{name: "serviceurl of another region", claims: set("serviceurl", "https://smba.trafficmanager.net/amer/"+tenant+"/")},
		{name: "serviceurl without the slash", claims: set("serviceurl", strings.TrimSuffix(service, "/"))},
		{name: "serviceurl a number", claims: set("serviceurl", 1)},
		{name: "serviceurl under another name", claims: func(c map[string]any, _ time.Time) { delete(c, "serviceurl"); c["service_url"] = service }},
	}
}

func hostVariants() (all []variant) {
	for name, url := range map[string]string{
		"GCC's host":       "https://smba.infra.gcc.teams.microsoft.com/gcc",
		"GCC High's host":  "https://smba.infra.gov.teams.microsoft.us/gov",
		"host in capitals": "https://SMBA.trafficmanager.net/emea/",
	} {
		v := serviceURL(name, url)
		v.good = true
		all = append(all, v)
	}
	return append(all,
		serviceURL("a neighbour below trafficmanager.net", "https://evil.trafficmanager.net/emea/"),
		serviceURL("below the host", "https://x.smba.trafficmanager.net/emea/"),
		serviceURL("the host as a prefix", "https://smba.trafficmanager.net.evil.example/emea/"),
		serviceURL("a port", "https://smba.trafficmanager.net:443/emea/"),
		serviceURL("an empty port", "https://smba.trafficmanager.net:/emea/"),
		serviceURL("a user", "https://smba.trafficmanager.net@evil.example/"),
		serviceURL("a user before the host", "https://a:b@smba.trafficmanager.net/"),
		serviceURL("plain http", "http://smba.trafficmanager.net/emea/"),
		serviceURL("loopback", "http://127.0.0.1:3978/"),
		serviceURL("a final dot", "https://smba.trafficmanager.net./emea/"),
		serviceURL("a backslash", "https://smba.trafficmanager.net\\@evil.example/"),
		serviceURL("no scheme", "smba.trafficmanager.net/emea/"),
		serviceURL("empty", ""),
	)
}

func headerVariants() []variant {
	one, two := signers()
	unknown, forged := two, two
	forged.id = one.id
	return []variant{
		{name: "no kid", header: func(h map[string]any) { delete(h, "kid") }},
		{name: "kid empty", header: func(h map[string]any) { h["kid"] = "" }},
		{name: "kid a number", header: func(h map[string]any) { h["kid"] = 1 }},
		{name: "unknown key", by: &unknown},
		{name: "another key under a known name", by: &forged},
		{name: "critical extension", header: func(h map[string]any) { h["crit"] = []string{"b64"}; h["b64"] = false }},
		{name: "algorithm RS512 in the header", header: func(h map[string]any) { h["alg"] = "RS512" }},
		{name: "no algorithm", header: func(h map[string]any) { delete(h, "alg") }},
		{name: "algorithm none, signed", header: func(h map[string]any) { h["alg"] = "none" }},
		{name: "algorithm none, unsigned", header: func(h map[string]any) { h["alg"] = "none" }, text: bearer(func(k string) string { return "Bearer " + withoutSignature(k) })},
		{name: "signature cut off", text: bearer(func(k string) string { return "Bearer " + withoutSignature(k) })},
		{name: "signature of other text", text: bearer(func(k string) string {
			p := strings.Split(k, ".")
			return "Bearer " + p[0] + "." + encode(`{"aud":"`+app+`"}`) + "." + p[2]
		})},
		{name: "signature changed in its last bits", text: bearer(func(k string) string { return "Bearer " + changeLastBit(k) })},
		{name: "HS256 with the public key", text: bearer(func(string) string { return "Bearer " + signedWithPublicKey(one) })},
		{name: "no header", text: func(string) []string { return nil }},
		{name: "header empty", text: bearer(func(string) string { return "" })},
		{name: "two headers", text: func(k string) []string { return []string{"Bearer " + k, "Bearer " + k} }},
		{name: "no scheme", text: bearer(func(k string) string { return k })},
		{name: "scheme in lower case", text: bearer(func(k string) string { return "bearer " + k })},
		{name: "scheme in capitals", text: bearer(func(k string) string { return "BEARER " + k })},
		{name: "scheme Basic", text: bearer(func(k string) string { return "Basic " + k })},
		{name: "scheme alone", text: bearer(func(string) string { return "Bearer " })},
		{name: "two blanks", text: bearer(func(k string) string { return "Bearer  " + k })},
		{name: "a tab", text: bearer(func(k string) string { return "Bearer\t" + k })},
		{name: "a blank before", text: bearer(func(k string) string { return " Bearer " + k })},
		{name: "garbage after a blank", text: bearer(func(k string) string { return "Bearer " + k + " x" })},
		{name: "garbage after the signature", text: bearer(func(k string) string { return "Bearer " + k + "A" })},
		{name: "a fourth part", text: bearer(func(k string) string { return "Bearer " + k + ".e30" })},
		{name: "padding", text: bearer(func(k string) string { return "Bearer " + k + "==" })},
		{name: "a line break", text: bearer(func(k string) string { return "Bearer " + k + "\n" })},
		{name: "very long", text: bearer(func(k string) string { return "Bearer " + k + strings.Repeat("A", maxToken) })},
		{name: "no JSON inside", text: bearer(func(string) string { return "Bearer e30.e30x.e30" })},
	}
}

func activityVariants() []variant {
	return []variant{
		{name: "another channel", activity: func(a *connector.Activity) { a.ChannelID = "webchat" }},
		{name: "an unendorsed channel", activity: func(a *connector.Activity) { a.ChannelID = "directline" }},
		{name: "no channel", activity: func(a *connector.Activity) { a.ChannelID = "" }},
		{name: "channel in capitals", activity: func(a *connector.Activity) { a.ChannelID = "MSTeams" }},
		{name: "another tenant's conversation", activity: func(a *connector.Activity) { a.Conversation.TenantID = "other" }},
		{name: "another tenant's data", activity: func(a *connector.Activity) { a.ChannelData.Tenant.ID = "other" }},
		{name: "no tenant", activity: func(a *connector.Activity) { a.ChannelData, a.Conversation = nil, nil }},
		{name: "tenant in the conversation alone", activity: func(a *connector.Activity) { a.ChannelData = nil }, good: true},
		{name: "tenant in the data alone", activity: func(a *connector.Activity) { a.Conversation = nil }, good: true},
		{name: "tenant in capitals", activity: func(a *connector.Activity) { a.Conversation.TenantID = strings.ToUpper(tenant) }, good: true},
	}
}

func withoutSignature(token string) string { return token[:strings.LastIndexByte(token, '.')+1] }

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// changeLastBit changes the padding bits of the signature's last letter, which carry nothing.
func changeLastBit(token string) string {
	const order = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(order, token[len(token)-1])
	return token[:len(token)-1] + order[last^1:last^1+1]
}

// signedWithPublicKey signs with HMAC and the public key, as if that were a secret.
func signedWithPublicKey(s signer) string {
	der, err := x509.MarshalPKIXPublicKey(&s.private.PublicKey)
	if err != nil {
		panic(err)
	}
	secret := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	text := encode(`{"alg":"HS256","kid":"one"}`) + "." +
		encode(`{"aud":"`+app+`","iss":"`+publicIssuer+`","serviceurl":"`+service+`","exp":9999999999}`)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// request makes what a variant sends.
func (v variant) request(t *testing.T, st *stage, by signer) (http.Header, connector.Activity) {
	t.Helper()
	if v.by != nil {
		by = *v.by
	}
	h, c, a := headerOf(by), st.claimsNow(), activity()
	if v.header != nil {
		v.header(h)
	}
	if v.claims != nil {
		v.claims(c, st.now())
	}
	if v.activity != nil {
		v.activity(&a)
	}
	token := by.sign(t, h, c)
	if v.text != nil {
		return bearing(v.text(token)...), a
	}
	return bearing("Bearer " + token), a
}

// A request is refused if any single thing about it is wrong, and always with the same error, which doesn't have the token.
func TestVariants(t *testing.T) {
	t.Parallel()
	one, _ := signers()
	for _, v := range slices.Concat(claimVariants(), hostVariants(), headerVariants(), activityVariants()) {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t, one)
			h, a := v.request(t, st, one)
			err := st.Check(t.Context(), h, a)
			if v.good && err != nil {
				t.Errorf("refused: %v", err)
			}
			if !v.good && !errors.Is(err, ErrRefused) {
				t.Errorf("got error %v, want ErrRefused", err)
			}
			if err != nil && strings.Contains(err.Error(), "eyJ") {
				t.Errorf("the token is in the error: %v", err)
			}
		})
	}
}

// Without an app id and a tenant anybody's token would do.
func TestNew(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"neither":         {},
		"no tenant":       {AppID: app},
		"no app id":       {Tenants: []string{tenant}},
		"an empty tenant": {AppID: app, Tenants: []string{""}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: got a Validator, want an error", name)
		}
	}
}

// government sends what is meant for Microsoft's government cloud to a stand-in.
type government struct{ standIn string }

func (g government) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != "login.botframework.azure.us" {
		return nil, errors.New("another cloud is asked: " + r.URL.Host)
	}
	there := r.Clone(r.Context())
	there.URL.Scheme, there.URL.Host = "http", g.standIn
	return http.DefaultTransport.RoundTrip(there)
}

// In the government cloud tokens are of another issuer, and those of the public cloud count for nothing.
func TestGovernmentCloud(t *testing.T) {
	t.Parallel()
	one, _ := signers()
	st := newStage(t, one)
	const metadata = "https://login.botframework.azure.us/v1/.well-known/openidconfiguration"
	client := &http.Client{Transport: government{standIn: strings.TrimPrefix(st.server.URL, "http://")}}
	st.server.keysURL = strings.Replace(metadata, "openidconfiguration", "keys", 1)
	var err error
	st.Validator, err = New(Options{AppID: app, Tenants: []string{tenant}, OpenID: metadata, Hosts: st.hosts, Client: client, Now: st.now})
	if err != nil {
		t.Fatal(err)
	}
	const host = "https://smba.infra.gov.teams.microsoft.us/teams"
	for issuer, want := range map[string]error{"https://api.botframework.us": nil, publicIssuer: ErrRefused} {
		claims, a := st.claimsNow(), activity()
		claims["iss"], claims["serviceurl"], a.ServiceURL = issuer, host, host
		if err := st.Check(t.Context(), bearing("Bearer "+one.sign(t, headerOf(one), claims)), a); !errors.Is(err, want) {
			t.Errorf("a token of %s: got error %v, want %v", issuer, err, want)
		}
	}
}

// A key speaks only for the channels that it is endorsed for.
func TestEndorsements(t *testing.T) {
	t.Parallel()
	one, _ := signers()
	for name, endorsed := range map[string][]string{
		"none":   nil,
		"others": {"webchat", "directline"},
		"alike":  {"msteams2", "MSTEAMS"},
	} {
		t.Run(name, func(t *testing.T) {
			s := one
			s.endorsed = endorsed
			newStage(t, s).wantRefused(t, s)
		})
	}
}

// Whatever is sent, what is taken for a token has the form of one.
func FuzzBearer(f *testing.F) {
	for _, s := range []string{
		"Bearer a.b.c", "bearer a.b.c", "Bearer a.b.c d", "Bearer ..", "Bearer", "Bearer a.b", "Bearer a.b.c.d", "", "Bearer \x00.b.c", "Bearer a.b.\u212a",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		token, err := bearerToken(bearing(value))
		if (err == nil) != (token != "") {
			t.Fatalf("%q: got the token %q and the error %v, want one of both", value, token, err)
		}
		if err != nil {
			return
		}
		parts := strings.Split(token, ".")
		if "Bearer "+token != value || len(parts) != 3 {
			t.Fatalf("%q is read as %q", value, token)
		}
		for _, p := range parts {
			if p == "" || strings.Trim(p, base64URLAlphabet) != "" {
				t.Fatalf("%q has the part %q", value, p)
			}
		}
	})
}
