package teams

import (
	"cmp"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"parley/channels/wire"
)

const (
	app     = "22222222-2222-4222-8222-222222222222"
	tenant  = "11111111-1111-4111-8111-11111111aaaa"
	service = "https://smba.trafficmanager.net/emea/" + tenant + "/"
	// publicIssuer is the issuer of the tokens in the requests of the public cloud.
	publicIssuer = "https://api.botframework.com"
)

// signer is a private key, with the name and the endorsements under which it is published.
type signer struct {
	id       string
	private  *rsa.PrivateKey
	endorsed []string
	change   func(map[string]any)
}

// newKeys makes two keys once: that takes long.
var newKeys = sync.OnceValue(func() [2]*rsa.PrivateKey { //nolint:gochecknoglobals // it holds no state
	var keys [2]*rsa.PrivateKey
	for i := range keys {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys[i] = k
	}
	return keys
})

func signers() (one, two signer) {
	keys := newKeys()
	return signer{id: "one", private: keys[0], endorsed: []string{"msteams", "webchat"}},
		signer{id: "two", private: keys[1], endorsed: []string{"msteams"}}
}

// part encodes a part of a token.
func part(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// sign makes a token with the standard library alone.
func (s signer) sign(t testing.TB, header, claims map[string]any) string {
	t.Helper()
	text := part(t, header) + "." + part(t, claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.private, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// publicKey is the key as the service publishes it.
func (s signer) publicKey() map[string]any {
	k := map[string]any{
		"kty": "RSA", "use": "sig", "kid": s.id, "x5t": s.id, "endorsements": s.endorsed,
		"n": base64.RawURLEncoding.EncodeToString(s.private.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(s.private.E)).Bytes()),
	}
	if s.change != nil {
		s.change(k)
	}
	return k
}

// keyServer publishes keys as login.botframework.com does.
type keyServer struct {
	*httptest.Server
	mu      sync.Mutex
	keys    []signer
	keysURL string           // "" means here
	answer  http.HandlerFunc // nil means the keys
	asked   int              // how often for keys
}

func newKeyServer(t testing.TB, keys ...signer) *keyServer {
	k := &keyServer{keys: keys}
	k.Server = httptest.NewServer(k)
	t.Cleanup(k.Close)
	return k
}

// publish changes the keys, or what is answered in their place if answer isn't nil.
func (k *keyServer) publish(answer http.HandlerFunc, keys ...signer) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys, k.answer = keys, answer
}

func (k *keyServer) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.asked
}

func (k *keyServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v1/.well-known/openidconfiguration" {
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": publicIssuer, "jwks_uri": cmp.Or(k.keysURL, k.URL+"/v1/.well-known/keys")})
		return
	}
	k.mu.Lock()
	k.asked++
	answer, keys := k.answer, k.keys
	k.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	var list []any
	for _, s := range keys {
		list = append(list, s.publicKey())
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"keys": list})
}

// world is a Validator with a key server and a clock.
type authWorld struct {
	*Validator
	server *keyServer
	mu     sync.Mutex
	time   time.Time
}

func newWorldAuth(t testing.TB, keys ...signer) *authWorld {
	t.Helper()
	w := &authWorld{server: newKeyServer(t, keys...), time: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	hosts, err := NewHosts(nil, false)
	if err != nil {
		t.Fatal(err)
	}
	w.Validator, err = NewAuth(AuthOptions{
		AppID: app, Tenants: []string{tenant}, OpenID: w.server.URL + "/v1/.well-known/openidconfiguration",
		Hosts: hosts, Client: wire.NewClient(wire.Options{Answer: time.Minute}), Now: w.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *authWorld) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.time
}

// advance moves the clock on.
func (w *authWorld) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.time = w.time.Add(d)
}

// claimsNow are the claims of a good token.
func (w *authWorld) claimsNow() map[string]any {
	now := w.now()
	return map[string]any{
		"serviceurl": service, "iss": publicIssuer, "aud": app,
		"nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
}

func headerOf(s signer) map[string]any {
	return map[string]any{"typ": "JWT", "alg": "RS256", "kid": s.id, "x5t": s.id}
}

// token returns a good token of a signer.
func (w *authWorld) token(t testing.TB, s signer) string {
	t.Helper()
	return s.sign(t, headerOf(s), w.claimsNow())
}

func activity() Activity {
	return Activity{
		Type: TypeMessage, ChannelID: ChannelTeams, ServiceURL: service,
		Conversation: &ConversationAccount{ID: "19:x@thread.tacv2;messageid=1", TenantID: tenant},
		ChannelData:  &ChannelData{Tenant: &Ref{ID: tenant}},
	}
}

// bearing returns a header with these values of Authorization.
func bearing(values ...string) http.Header { return http.Header{"Authorization": values} }
