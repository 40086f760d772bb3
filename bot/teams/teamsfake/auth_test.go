package teamsfake_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
)

// judgeToken checks a header as Microsoft's reference tells bots to do, with the standard library alone.
func judgeToken(w *world, now time.Time, header, serviceURL string) error {
	token, ok := strings.CutPrefix(header, "Bearer ")
	parts := strings.Split(token, ".")
	if !ok || len(parts) != 3 {
		return errors.New("no bearer token")
	}
	var head struct{ Alg, Kid string }
	var claims struct {
		Iss, ServiceURL string
		Aud             any
		Exp, Nbf        int64
	}
	if err := errors.Join(part(parts[0], &head), part(parts[1], &claims)); err != nil {
		return err
	}

	key, endorsed := w.key(head.Kid)
	if head.Alg != "RS256" || key == nil || !endorsed {
		return fmt.Errorf("alg %s, kid %s", head.Alg, head.Kid)
	}

	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig); err != nil {
		return err
	}

	aud, many := claims.Aud.([]any)
	if !many {
		aud = []any{claims.Aud}
	}
	const leeway = 300
	switch {
	case claims.Iss != "https://api.botframework.com", !slices.Contains(aud, any(w.srv.AppID())), claims.ServiceURL != serviceURL:
		return fmt.Errorf("claims %+v", claims)
	case claims.Exp == 0, now.Unix() > claims.Exp+leeway, now.Unix() < claims.Nbf-leeway:
		return fmt.Errorf("times %+v", claims)
	}
	return nil
}

func part(text string, into any) error {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// key returns the published key of this id, and whether it is endorsed for Teams.
func (w *world) key(kid string) (key *rsa.PublicKey, endorsed bool) {
	w.t.Helper()
	_, body := w.request("GET", w.srv.OpenIDURL(), "", "", nil)
	var meta struct {
		Keys string `json:"jwks_uri"`
	}
	noError(w.t, json.Unmarshal(body, &meta))
	_, body = w.request("GET", meta.Keys, "", "", nil)

	var set struct {
		Keys []struct {
			Kid, N, E    string
			Endorsements []string
		}
	}
	noError(w.t, json.Unmarshal(body, &set))

	for _, k := range set.Keys {
		if k.Kid == kid {
			n, err1 := base64.RawURLEncoding.DecodeString(k.N)
			e, err2 := base64.RawURLEncoding.DecodeString(k.E)
			noError(w.t, errors.Join(err1, err2))
			return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, slices.Contains(k.Endorsements, "msteams")
		}
	}
	return nil, false
}

// A bot that checks tokens as the reference says accepts the good tokens and refuses each kind of bad token.
func TestSigner(t *testing.T) {
	c := newClock()
	w := newServer(t, teamsfake.Options{Clock: c.now})
	wantVerdict := func(what, header string, good bool) {
		t.Helper()
		if err := judgeToken(w, c.now(), header, w.srv.ServiceURL()); good != (err == nil) {
			t.Errorf("%s: judged %v, want it good: %v", what, err, good)
		}
	}
	sign := func(kind teamsfake.Token) string {
		t.Helper()
		return must(w.srv.Entra.Authorization(kind, w.srv.ServiceURL()))(t)
	}

	for _, kind := range teamsfake.GoodTokens() {
		wantVerdict(string(kind), sign(kind), true)
	}
	for _, kind := range teamsfake.BadTokens() {
		wantVerdict(string(kind), sign(kind), false)
	}

	old := sign(teamsfake.TokenGood)
	for _, keep := range []bool{true, false} {
		noError(t, w.srv.Entra.RotateKeys(keep))
		wantVerdict("a token of the new key", sign(teamsfake.TokenGood), true)
		wantVerdict(fmt.Sprint("a token of the old key, kept: ", keep), old, keep)
	}
}
