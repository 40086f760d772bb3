package entra

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// Teams proves by a token in each request to the bot that it comes from Microsoft. Here tests choose what is in the
// token: a good one, or one of many that are wrong in one way, such as an expired one. The bot must refuse all of the
// latter.

// Token is a kind of token: good, or wrong in one way.
type Token string

// Tokens that a bot must accept; "late" and "soon" are within the 5 minutes that clocks may differ.
const (
	TokenGood     Token = ""
	TokenLate     Token = "late"      // expired 200 s ago
	TokenSoon     Token = "soon"      // valid in 200 s
	TokenAudArray Token = "aud_array" // aud is a list with the app id
)

// Tokens that a bot must refuse.
const (
	TokenNone             Token = "none"         // no Authorization header
	TokenBasic            Token = "basic"        // scheme Basic
	TokenLowerScheme      Token = "lower_scheme" // "bearer"
	TokenNoScheme         Token = "no_scheme"
	TokenEmpty            Token = "empty" // "Bearer "
	TokenGarbage          Token = "garbage"
	TokenTwoParts         Token = "two_parts"
	TokenAudOther         Token = "aud_other"
	TokenAudArrayOther    Token = "aud_array_other"
	TokenNoAud            Token = "no_aud"
	TokenIssOther         Token = "iss_other"
	TokenNoIss            Token = "no_iss"
	TokenExpired          Token = "expired" // 10 minutes ago
	TokenNoExp            Token = "no_exp"
	TokenNotYet           Token = "not_yet" // valid in 10 minutes
	TokenServiceURLOther  Token = "service_url_other"
	TokenNoServiceURL     Token = "no_service_url"
	TokenOtherChannelKey  Token = "other_channel_key" // the key is endorsed for other channels only
	TokenNoEndorsements   Token = "no_endorsements"   // the key has no endorsements
	TokenUnknownKid       Token = "unknown_kid"
	TokenNoKid            Token = "no_kid"
	TokenOtherKey         Token = "other_key" // a known kid, signed with another key
	TokenAlgNone          Token = "alg_none"
	TokenHS256            Token = "hs256" // signed with the public key as a shared secret
	TokenRS384Header      Token = "rs384_header"
	TokenTampered         Token = "tampered" // claims changed after signing
	TokenBrokenSignature  Token = "broken_signature"
	TokenMissingSignature Token = "missing_signature"
)

// GoodTokens lists what a bot must accept.
func GoodTokens() []Token { return []Token{TokenGood, TokenLate, TokenSoon, TokenAudArray} }

// BadTokens lists what a bot must refuse.
func BadTokens() []Token {
	return []Token{
		TokenNone, TokenBasic, TokenLowerScheme, TokenNoScheme, TokenEmpty, TokenGarbage, TokenTwoParts,
		TokenAudOther, TokenAudArrayOther, TokenNoAud, TokenIssOther, TokenNoIss, TokenExpired, TokenNoExp,
		TokenNotYet, TokenServiceURLOther, TokenNoServiceURL, TokenOtherChannelKey, TokenNoEndorsements,
		TokenUnknownKid, TokenNoKid, TokenOtherKey, TokenAlgNone, TokenHS256, TokenRS384Header, TokenTampered,
		TokenBrokenSignature, TokenMissingSignature,
	}
}

const issuer = "https://api.botframework.com"

// tokenShared is how long activities get the same token: to sign one for each would be most of what the emulator
// costs. A bot has to check each request all the same, and the control page makes tokens of every wrong kind.
const tokenShared = time.Minute

// Times of tokens in seconds.
const (
	tokenLife  = 3600
	tokenStart = 60  // a token is valid from so long before it was made
	withinSkew = 200 // how late or early a token is that a bot must accept: clocks may differ by 300
	beyondSkew = 600 // how late or early one is that a bot must refuse
	oldLife    = tokenLife + 400
)

// Authorization returns the Authorization header for a request of this kind; "" for TokenNone. serviceURL is that of
// the activity.
func (e *Entra) Authorization(kind Token, serviceURL string) (string, error) {
	now := e.Opt.SignClock().Truncate(tokenShared)
	header := object{"alg": "RS256", "typ": "JWT"}
	claims := object{
		"serviceurl": serviceURL, "iss": issuer, "aud": e.Opt.AppID,
		"nbf": now.Unix() - tokenStart, "exp": now.Unix() + tokenLife,
	}

	e.spoilClaims(kind, claims)
	k, err := e.keyFor(kind)
	if err != nil {
		return "", err
	}

	header["kid"], header["x5t"] = k.id, k.id
	switch kind {
	case TokenNoKid:
		delete(header, "kid")
		delete(header, "x5t")
	case TokenOtherKey:
		header["kid"] = e.keys.currentKey().id
	case TokenRS384Header:
		header["alg"] = "RS384"
	}

	return authorizationHeader(kind, k, header, claims), nil
}

func (e *Entra) spoilClaims(kind Token, c object) {
	now := e.Opt.SignClock().Unix()
	switch kind {
	case TokenAudArray:
		c["aud"] = []string{"https://other.example", e.Opt.AppID}
	case TokenAudArrayOther:
		c["aud"] = []string{"https://other.example"}
	case TokenAudOther:
		c["aud"] = "99999999-9999-4999-8999-999999999999"
	case TokenNoAud:
		delete(c, "aud")
	case TokenIssOther:
		c["iss"] = "https://sts.windows.net/" + e.Opt.TenantID + "/"
	case TokenNoIss:
		delete(c, "iss")
	case TokenLate:
		c["nbf"], c["exp"] = now-oldLife, now-withinSkew
	case TokenExpired:
		c["nbf"], c["exp"] = now-tokenLife-beyondSkew, now-beyondSkew
	case TokenNoExp:
		delete(c, "exp")
	case TokenSoon:
		c["nbf"] = now + withinSkew
	case TokenNotYet:
		c["nbf"] = now + beyondSkew
	case TokenServiceURLOther:
		c["serviceurl"] = "https://attacker.trafficmanager.net/emea/"
	case TokenNoServiceURL:
		delete(c, "serviceurl")
	}
}

func (e *Entra) keyFor(kind Token) (*key, error) {
	r := &e.keys
	const listed, unlisted = true, false
	switch kind {
	case TokenOtherChannelKey:
		return r.get(&r.otherChannel, listed, "key-webchat", "webchat", "directline")
	case TokenNoEndorsements:
		return r.get(&r.unendorsed, listed, "key-unendorsed")
	case TokenUnknownKid, TokenOtherKey:
		return r.get(&r.unlisted, unlisted, "key-unlisted", "msteams")
	}
	return r.currentKey(), nil
}

// authorizationHeader signs a token, and returns the header with it; "" for no header.
func authorizationHeader(kind Token, k *key, header, claims object) string {
	switch kind {
	case TokenAlgNone:
		header["alg"] = "none"
		return "Bearer " + encode(header, claims) + "."
	case TokenHS256:
		header["alg"] = "HS256"
		return "Bearer " + signHS256(encode(header, claims), k.private.N.Bytes())
	}

	token := k.signRS256(encode(header, claims))
	switch kind {
	case TokenNone:
		return ""
	case TokenBasic:
		return "Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+token))
	case TokenLowerScheme:
		return "bearer " + token
	case TokenNoScheme:
		return token
	case TokenEmpty:
		return "Bearer "
	case TokenGarbage:
		return "Bearer not.a.token"
	case TokenTwoParts, TokenMissingSignature:
		token = token[:strings.LastIndexByte(token, '.')]
		if kind == TokenMissingSignature {
			token += "."
		}
	case TokenTampered:
		token = changeClaim(token, "sub", fmt.Sprint(claims["aud"]))
	case TokenBrokenSignature:
		const spoilt = "AAAAAAAA" // in place of the signature's end
		token = token[:len(token)-len(spoilt)] + spoilt
	}

	return "Bearer " + token
}

// RotateKeys makes a new key, with which the Bot Framework signs from now on. The earlier ones stay in the published
// list of keys only if keepOld is true.
func (e *Entra) RotateKeys(keepOld bool) error {
	e.Mu.Lock()
	const idLength = 8 // enough to tell the keys of one emulator apart
	id := "key-" + e.NewID("key")[:idLength]
	e.Mu.Unlock()
	return e.keys.rotate(id, keepOld)
}

// SetTokens chooses the kind of token for all activities that people cause from now on.
func (e *Entra) SetTokens(kind Token) {
	e.Mu.Lock()
	defer e.Mu.Unlock()
	e.signing = kind
}
