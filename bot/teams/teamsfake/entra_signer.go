package teamsfake

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// Each request that Teams sends to a bot has a token in its Authorization header, a JWT that proves that the request comes
// from Microsoft. With this file a test chooses the kind of token: a valid one, or one with a single fault, such as
// TokenExpired. A bot must refuse all kinds in BadTokens.

// Token is a kind of token: valid, or with one fault.
type Token string

// Tokens that a bot must accept. Clocks may differ by 5 minutes, so TokenLate and TokenSoon are valid.
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

// GoodTokens lists the tokens that a bot must accept.
func GoodTokens() []Token { return []Token{TokenGood, TokenLate, TokenSoon, TokenAudArray} }

// BadTokens lists the tokens that a bot must refuse.
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

// tokenReuse is how long requests get the same token. Signing a token for each request would be most of the emulator's cost.
const tokenReuse = time.Minute

// Times of tokens in seconds.
const (
	tokenLife  = 3600
	tokenStart = 60  // how long before its creation a token becomes valid
	withinSkew = 200 // less than the 300 seconds by which clocks may differ
	beyondSkew = 600 // more than these 300 seconds
	oldLife    = tokenLife + 400
)

// Authorization returns the Authorization header for a request, or "" for TokenNone. serviceURL is the one that the request's
// activity names.
// Errors: those of making keys.
func (e *Entra) Authorization(kind Token, serviceURL string) (string, error) {
	now := e.Opt.SignClock().Truncate(tokenReuse)
	header := Object{"alg": "RS256", "typ": "JWT"}
	claims := Object{
		"serviceurl": serviceURL, "iss": issuer, "aud": e.Opt.AppID,
		"nbf": now.Unix() - tokenStart, "exp": now.Unix() + tokenLife,
	}

	e.adjustClaims(kind, claims)
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

// adjustClaims turns valid claims into those of this kind of token.
func (e *Entra) adjustClaims(kind Token, claims Object) {
	now := e.Opt.SignClock().Unix()
	switch kind {
	case TokenAudArray:
		claims["aud"] = []string{"https://other.example", e.Opt.AppID}
	case TokenAudArrayOther:
		claims["aud"] = []string{"https://other.example"}
	case TokenAudOther:
		claims["aud"] = "99999999-9999-4999-8999-999999999999"
	case TokenNoAud:
		delete(claims, "aud")
	case TokenIssOther:
		claims["iss"] = "https://sts.windows.net/" + e.Opt.TenantID + "/"
	case TokenNoIss:
		delete(claims, "iss")
	case TokenLate:
		claims["nbf"], claims["exp"] = now-oldLife, now-withinSkew
	case TokenExpired:
		claims["nbf"], claims["exp"] = now-tokenLife-beyondSkew, now-beyondSkew
	case TokenNoExp:
		delete(claims, "exp")
	case TokenSoon:
		claims["nbf"] = now + withinSkew
	case TokenNotYet:
		claims["nbf"] = now + beyondSkew
	case TokenServiceURLOther:
		claims["serviceurl"] = "https://attacker.trafficmanager.net/emea/"
	case TokenNoServiceURL:
		delete(claims, "serviceurl")
	}
}

// keyFor returns the key that signs this kind of token. Only listed keys are published for the bot.
func (e *Entra) keyFor(kind Token) (*key, error) {
	keys := &e.keys
	const listed, unlisted = true, false
	switch kind {
	case TokenOtherChannelKey:
		return keys.get(&keys.otherChannel, listed, "key-webchat", "webchat", "directline")
	case TokenNoEndorsements:
		return keys.get(&keys.unendorsed, listed, "key-unendorsed")
	case TokenUnknownKid, TokenOtherKey:
		return keys.get(&keys.unlisted, unlisted, "key-unlisted", "msteams")
	}
	return keys.currentKey(), nil
}

// authorizationHeader signs a token and returns the Authorization header, or "" if there is none.
func authorizationHeader(kind Token, k *key, header, claims Object) string {
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
		const wrongEnd = "AAAAAAAA"
		token = token[:len(token)-len(wrongEnd)] + wrongEnd
	}

	return "Bearer " + token
}

// RotateKeys makes a new key, with which the Bot Framework signs from now on. Older keys stay published only if keepOld is
// true.
func (e *Entra) RotateKeys(keepOld bool) error {
	e.Mu.Lock()
	const idLength = 8 // enough to be unique within one emulator
	id := "key-" + e.NewID("key")[:idLength]
	e.Mu.Unlock()
	return e.keys.rotate(id, keepOld)
}
