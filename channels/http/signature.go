package http

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// signatureHeader carries the proof, either way: "t=1790000000,v1=5257a8…". Several v1 may
// stand there while a secret is being changed.
const signatureHeader = "Parley-Signature"

// tolerance is how far a signature's time may be off. maxGiven is how many proofs of one header are looked at: one
// for each secret that is in use while it is changed, and some to spare.
const (
	tolerance = 5 * time.Minute
	maxGiven  = 4
)

// Sign makes the header for a body at a time: HMAC-SHA256 with the secret over the Unix
// seconds, a point and the body.
func Sign(secret []byte, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(macOf(secret, t, body))
}

// macOf returns the HMAC that signs a body sent at t.
func macOf(secret []byte, t string, body []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return mac.Sum(nil)
}

// Verify checks a header. It returns in words what is wrong, or "" if nothing is.
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
			if err == nil && len(given) < maxGiven { // others prove nothing
				given = append(given, mac)
			}
		}
	}

	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || len(given) == 0 {
		return signatureHeader + " is missing or not like t=1790000000,v1=hex"
	}

	want := macOf(secret, at, body)
	ok := false
	for _, mac := range given {
		ok = hmac.Equal(mac, want) || ok
	}

	if !ok {
		return signatureHeader + " doesn't fit the body: the secret is another, or the bytes were changed after signing"
	}
	if now.Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return "the signature's time is more than five minutes off"
	}

	return ""
}
