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
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/entra"
)

// verdict checks a header as the reference tells bots to, with the standard library.
func verdict(w *world, now time.Time, header, serviceURL string) error {
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

// key reads the published keys.
func (w *world) key(kid string) (key *rsa.PublicKey, endorsed bool) {
	w.t.Helper()
	_, body := w.do("GET", w.srv.OpenIDURL(), "", "", nil)
	var meta struct {
		Keys string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(body, &meta); err != nil {
		w.t.Fatal(err)
	}
	_, body = w.do("GET", meta.Keys, "", "", nil)
	var set struct {
		Keys []struct {
			Kid, N, E    string
			Endorsements []string
		}
	}
	if err := json.Unmarshal(body, &set); err != nil {
		w.t.Fatal(err)
	}
	for _, k := range set.Keys {
		if k.Kid == kid {
			n, err1 := base64.RawURLEncoding.DecodeString(k.N)
			e, err2 := base64.RawURLEncoding.DecodeString(k.E)
			if err := errors.Join(err1, err2); err != nil {
				w.t.Fatal(err)
			}
			return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, slices.Contains(k.Endorsements, "msteams")
		}
	}
	return nil, false
}

func TestSigner(t *testing.T) {
	c := newClock()
	w := newServer(t, teamsfake.Options{Clock: c.now})
	check := func(kind entra.Token, good bool) {
		t.Helper()
		head, err := w.srv.Entra.Authorization(kind, w.srv.ServiceURL())
		if err != nil {
			t.Fatal(err)
		}
		if err := verdict(w, c.now(), head, w.srv.ServiceURL()); good != (err == nil) {
			t.Errorf("%q: %v", kind, err)
		}
	}
	for _, kind := range entra.GoodTokens() {
		check(kind, true)
	}
	for _, kind := range entra.BadTokens() {
		check(kind, false)
	}
	old := must(w.srv.Entra.Authorization(entra.TokenGood, w.srv.ServiceURL()))(t)
	for _, keep := range []bool{true, false} {
		if err := w.srv.Entra.RotateKeys(keep); err != nil {
			t.Fatal(err)
		}
		check(entra.TokenGood, true)
		if err := verdict(w, c.now(), old, w.srv.ServiceURL()); keep != (err == nil) {
			t.Errorf("the old key, kept %v: %v", keep, err)
		}
	}
}

func TestSignedDelivery(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	w.srv.Admin.SetRegion("amer")
	must(w.ann.Post(teamsfake.Post{Channel: tickets, Text: "hello"}))(t)
	g := w.nextRequest("message")
	url := g.body["serviceUrl"].(string)
	if url != w.srv.ServiceURL() || !strings.Contains(url, "/amer/") {
		t.Errorf("service address %s", url)
	}
	if err := verdict(w, time.Now(), g.header.Get("Authorization"), url); err != nil {
		t.Error(err)
	}
	w.srv.Entra.SetTokens(entra.TokenNone)
	must(w.ann.Post(teamsfake.Post{Channel: tickets, Text: "hello"}))(t)
	if g := w.nextRequest("message"); g.header.Get("Authorization") != "" {
		t.Error("a token")
	}
	a := w.srv.Forger.Envelope("message", ann, tickets, "17")
	a["value"] = "odd"
	if status, _, err := w.srv.Forger.SendRaw(w.ctx, entra.TokenGood, mustJSON(t, a)); err != nil || status != 200 {
		t.Error(status, err)
	}
	got := w.next("message")
	want(t, got, "value", "odd")
	want(t, got, "conversation.id", tickets+";messageid=17")
	w.bot.answers(func(obj) (int, any) { return http.StatusUnauthorized, nil })
	if got := w.srv.Forger.Flood(w.ctx, entra.TokenUnknownKid, 20); got[401] != 20 {
		t.Errorf("flood: %v", got)
	}
}
