package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/connector"
)

// variant is one request; the zero one is good.
type variant struct {
	name     string
	header   func(h map[string]any)
	claims   func(c map[string]any, now time.Time)
	by       *signer // nil means the published one
	text     func(token string) []string
	activity func(a *connector.Activity)
	good     bool
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

func written(format func(token string) string) func(string) []string {
	return func(token string) []string { return []string{format(token)} }
}

func service2(url string) func(a *connector.Activity) {
	return func(a *connector.Activity) { a.ServiceURL = url }
}

// both puts a service URL into the token and the activity.
func both(name, url string, good bool) variant {
	return variant{name: name, claims: set("serviceurl", url), activity: service2(url), good: good}
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

func hostVariants() []variant {
	return []variant{
		both("GCC's host", "https://smba.infra.gcc.teams.microsoft.com/gcc", true),
		both("GCC High's host", "https://smba.infra.gov.teams.microsoft.us/gov", true),
		both("host in capitals", "https://SMBA.trafficmanager.net/emea/", true),
		both("a neighbour below trafficmanager.net", "https://evil.trafficmanager.net/emea/", false),
		both("below the host", "https://x.smba.trafficmanager.net/emea/", false),
		both("the host as a prefix", "https://smba.trafficmanager.net.evil.example/emea/", false),
		both("a port", "https://smba.trafficmanager.net:443/emea/", false),
		both("an empty port", "https://smba.trafficmanager.net:/emea/", false),
		both("a user", "https://smba.trafficmanager.net@evil.example/", false),
		both("a user before the host", "https://a:b@smba.trafficmanager.net/", false),
		both("plain http", "http://smba.trafficmanager.net/emea/", false),
		both("loopback", "http://127.0.0.1:3978/", false),
		both("a final dot", "https://smba.trafficmanager.net./emea/", false),
		both("a backslash", "https://smba.trafficmanager.net\\@evil.example/", false),
		both("no scheme", "smba.trafficmanager.net/emea/", false),
		both("empty", "", false),
	}
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
		{name: "algorithm none, unsigned", header: func(h map[string]any) { h["alg"] = "none" }, text: written(func(k string) string {
			return "Bearer " + k[:strings.LastIndexByte(k, '.')+1]
		})},
		{name: "signature cut off", text: written(func(k string) string { return "Bearer " + k[:strings.LastIndexByte(k, '.')+1] })},
		{name: "signature of other text", text: written(func(k string) string {
			p := strings.Split(k, ".")
			return "Bearer " + p[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"aud":"`+app+`"}`)) + "." + p[2]
		})},
		{name: "signature changed in its last bits", text: written(func(k string) string { return "Bearer " + lastBit(k) })},
		{name: "HS256 with the public key", text: written(func(string) string { return "Bearer " + confused(one) })},
		{name: "no header", text: func(string) []string { return nil }},
		{name: "header empty", text: written(func(string) string { return "" })},
		{name: "two headers", text: func(k string) []string { return []string{"Bearer " + k, "Bearer " + k} }},
		{name: "no scheme", text: written(func(k string) string { return k })},
		{name: "scheme in lower case", text: written(func(k string) string { return "bearer " + k })},
		{name: "scheme in capitals", text: written(func(k string) string { return "BEARER " + k })},
		{name: "scheme Basic", text: written(func(k string) string { return "Basic " + k })},
		{name: "scheme alone", text: written(func(string) string { return "Bearer " })},
		{name: "two blanks", text: written(func(k string) string { return "Bearer  " + k })},
		{name: "a tab", text: written(func(k string) string { return "Bearer\t" + k })},
		{name: "a blank before", text: written(func(k string) string { return " Bearer " + k })},
		{name: "garbage after a blank", text: written(func(k string) string { return "Bearer " + k + " x" })},
		{name: "garbage after the signature", text: written(func(k string) string { return "Bearer " + k + "A" })},
		{name: "a fourth part", text: written(func(k string) string { return "Bearer " + k + ".e30" })},
		{name: "padding", text: written(func(k string) string { return "Bearer " + k + "==" })},
		{name: "a line break", text: written(func(k string) string { return "Bearer " + k + "\n" })},
		{name: "very long", text: written(func(k string) string { return "Bearer " + k + strings.Repeat("A", maxToken) })},
		{name: "no JSON inside", text: written(func(string) string { return "Bearer e30.e30x.e30" })},
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

// lastBit changes the padding bits of the signature's last letter, which carry nothing.
func lastBit(token string) string {
	const order = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(order, token[len(token)-1])
	return token[:len(token)-1] + order[last^1:last^1+1]
}

// confused signs with HMAC and the public key, as if that were the secret.
func confused(s signer) string {
	der, err := x509.MarshalPKIXPublicKey(&s.private.PublicKey)
	if err != nil {
		panic(err)
	}
	secret := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","kid":"one"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"aud":"`+app+`","iss":"`+publicIssuer+`","serviceurl":"`+service+`","exp":9999999999}`))
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

// TestVariants checks every way in which a request can be wrong alone, and that all are
// told the same.
func TestVariants(t *testing.T) {
	t.Parallel()
	one, _ := signers()
	for _, list := range [][]variant{claimVariants(), hostVariants(), headerVariants(), activityVariants()} {
		for _, v := range list {
			t.Run(v.name, func(t *testing.T) {
				t.Parallel()
				st := newStage(t, one)
				h, a := v.request(t, st, one)
				err := st.Check(t.Context(), h, a)
				if v.good && err != nil {
					t.Errorf("refused: %v", err)
				}
				if !v.good && !errors.Is(err, ErrRefused) {
					t.Errorf("not refused as the others: %v", err)
				}
				if err != nil && strings.Contains(err.Error(), "eyJ") {
					t.Errorf("the token is in the error: %v", err)
				}
			})
		}
	}
}

// Without these anybody's token would do.
func TestNew(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{}, {AppID: app}, {Tenants: []string{tenant}}, {AppID: app, Tenants: []string{""}}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v is enough", o)
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
	client := &http.Client{Transport: government{strings.TrimPrefix(st.server.URL, "http://")}}
	st.server.keysURL = strings.Replace(metadata, "openidconfiguration", "keys", 1)
	var err error
	st.Validator, err = New(Options{AppID: app, Tenants: []string{tenant}, OpenID: metadata, Hosts: st.hosts, Client: client, Now: st.now})
	if err != nil {
		t.Fatal(err)
	}
	for issuer, want := range map[string]error{"https://api.botframework.us": nil, publicIssuer: ErrRefused} {
		claims, a := st.claimsNow(), activity()
		claims["iss"], claims["serviceurl"], a.ServiceURL = issuer, "https://smba.infra.gov.teams.microsoft.us/teams", "https://smba.infra.gov.teams.microsoft.us/teams"
		if err := st.Check(t.Context(), bearing("Bearer "+one.sign(t, headerOf(one), claims)), a); !errors.Is(err, want) {
			t.Errorf("a request of %s: %v", issuer, err)
		}
	}
}

// A key speaks only for the channels that it is endorsed for.
func TestEndorsements(t *testing.T) {
	t.Parallel()
	one, _ := signers()
	for name, endorsed := range map[string][]string{"none": nil, "others": {"webchat", "directline"}, "alike": {"msteams2", "MSTEAMS"}} {
		s := one
		s.endorsed = endorsed
		st := newStage(t, s)
		if err := st.Check(t.Context(), bearing("Bearer "+st.token(t, s)), activity()); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzBearer: whatever is sent, what is taken for a token has the form of one.
func FuzzBearer(f *testing.F) {
	for _, s := range []string{"Bearer a.b.c", "bearer a.b.c", "Bearer a.b.c d", "Bearer ..", "Bearer", "Bearer a.b", "Bearer a.b.c.d", "", "Bearer \x00.b.c", "Bearer a.b.\u212a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		token, err := bearerToken(bearing(value))
		if (err == nil) != (token != "") {
			t.Fatalf("%q: %q, %v", value, token, err)
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
