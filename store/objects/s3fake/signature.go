package s3fake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	dateLayout = "20060102T150405Z"
)

// hasValidSignature reports whether a request is signed by AWS Signature Version 4 with the server's key, and whether the
// signature covers all headers that it must. The header has the form
//
//	Authorization: AWS4-HMAC-SHA256 Credential=KEY/20261128/eu-central-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=9f86…
//
// Source: docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, read November 2026.
func (s *Server) hasValidSignature(r *http.Request) bool {
	fields := map[string]string{}
	rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), algorithm+" ")
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		fields[name] = value
	}

	date := r.Header.Get("X-Amz-Date")
	if !ok || len(date) != len(dateLayout) {
		return false
	}

	day := date[:8]
	scope := day + "/" + s.Region + "/s3/aws4_request"
	names := strings.Split(fields["SignedHeaders"], ";")
	if fields["Credential"] != s.KeyID+"/"+scope || !coversNeededHeaders(names, r) {
		return false
	}

	canonical := strings.Join([]string{
		r.Method, r.URL.EscapedPath(), r.URL.RawQuery, canonicalHeaders(names, r), fields["SignedHeaders"], r.Header.Get("X-Amz-Content-Sha256"),
	}, "\n")

	hash := sha256.Sum256([]byte(canonical))
	toSign := strings.Join([]string{algorithm, date, scope, hex.EncodeToString(hash[:])}, "\n")
	key := []byte("AWS4" + s.SecretKey)
	for _, part := range []string{day, s.Region, "s3", "aws4_request", toSign} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}

	return hmac.Equal([]byte(hex.EncodeToString(key)), []byte(fields["Signature"]))
}

// coversNeededHeaders reports whether the signed headers include the host and all X-Amz headers of the request.
func coversNeededHeaders(names []string, r *http.Request) bool {
	for name := range r.Header {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-amz-") && !slices.Contains(names, lower) {
			return false
		}
	}
	for _, name := range []string{"host", "x-amz-date", "x-amz-content-sha256"} {
		if !slices.Contains(names, name) {
			return false
		}
	}
	return true
}

// canonicalHeaders returns one line "name:value" for each signed header.
func canonicalHeaders(names []string, r *http.Request) string {
	var b strings.Builder
	for _, name := range names {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = strconv.FormatInt(r.ContentLength, 10)
		}
		b.WriteString(name + ":" + strings.Join(strings.Fields(value), " ") + "\n")
	}
	return b.String()
}
