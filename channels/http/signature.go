package http

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// signatureHeader is the header that authenticates requests in both directions: "t=1790000000,v1=5257a8…". t
// is the time in Unix seconds. While a secret is being replaced there may be several v1, one for each secret.
const signatureHeader = "Parley-Signature"

// tolerance is the maximum difference between a signature's time and the clock. maxGiven is how many
// signatures of a header are checked: one for each secret in use, and some to spare.
const (
	tolerance = 5 * time.Minute
	maxGiven  = 4
)

// Sign returns the header for a body: an HMAC-SHA256 with the secret of the time in Unix seconds, a dot and
// the body.
func Sign(secret []byte, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(macOf(secret, t, body))
}

// macOf returns the HMAC of a body that is sent at t, a time in Unix seconds.
func macOf(secret []byte, t string, body []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return mac.Sum(nil)
}

// Verify checks a header. It returns what is wrong with it in words for developers, or "" if it is valid.
func Verify(secret []byte, now time.Time, header string, body []byte) string {
	var at string
	var given [][]byte
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			if at != "" {
				return signatureHeader + " has two times"
			}
			at = value
		case "v1":
			mac, err := hex.DecodeString(value)
			if err == nil && len(given) < maxGiven { // ignore malformed and surplus ones
				given = append(given, mac)
			}
		}
	}

	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || len(given) == 0 {
		return signatureHeader + " is missing or not like t=1790000000,v1=hex"
	}

	want := macOf(secret, at, body)
	isValid := false
	for _, mac := range given {
		isValid = hmac.Equal(mac, want) || isValid // no early exit: the time doesn't depend on which one matches
	}
	if !isValid {
		return signatureHeader + " doesn't fit the body: the secret is another, or the bytes were changed after signing"
	}
	if now.Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return "the signature's time is more than five minutes off"
	}

	return ""
}
