package blob

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	dialTimeout   = 10 * time.Second
	answerTimeout = 20 * time.Second // from the end of a request to the headers of its response
	readTimeout   = 10 * time.Minute // for a whole object
	tries         = 3                // of a request without a body, including the first
	firstPause    = 200 * time.Millisecond
	maxAnswer     = 64 << 10 // how much of an error response is read

	// emptyHash is the SHA-256 of an empty body.
	emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// BucketOptions locate the bucket and hold the access key for it.
type BucketOptions struct {
	Endpoint  string // https://s3.eu-central-1.amazonaws.com; the bucket is appended to its path
	Bucket    string // "acme-parley", or "acme-parley/files" for a folder in it
	Region    string // the region in signatures; empty means us-east-1, which most stores other than Amazon's accept
	KeyID     string
	SecretKey string
}

// Bucket implements blob.Objects.
type Bucket struct {
	opt    BucketOptions
	base   *url.URL
	client *http.Client
	signer *v4.Signer
}

var _ Objects = (*Bucket)(nil)

// NewBucket returns a Bucket without connecting to the store. Try checks whether it can be used.
func NewBucket(o BucketOptions) (*Bucket, error) {
	base, err := url.Parse(o.Endpoint)
	if err != nil || !isWebAddress(base) {
		return nil, errors.New("objects: the endpoint isn't an address like https://s3.example.org")
	}

	o.Region = cmp.Or(o.Region, "us-east-1")
	base.Path = path.Join("/", base.Path, o.Bucket) + "/"
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout: dialTimeout, ResponseHeaderTimeout: answerTimeout, ForceAttemptHTTP2: true,
		MaxIdleConns: 4, IdleConnTimeout: time.Minute, DisableCompression: true,
	}

	// Redirects aren't followed, because a signature is valid for one address only.
	stopAtRedirect := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Bucket{opt: o, base: base, client: &http.Client{Transport: transport, CheckRedirect: stopAtRedirect},
		signer: v4.NewSigner(func(s *v4.SignerOptions) { s.DisableURIPathEscaping = true })}, nil
}

// isWebAddress reports whether u is an absolute HTTP or HTTPS URL, such as "https://s3.example.org".
func isWebAddress(u *url.URL) bool {
	return u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// Put implements blob.Objects. The signature includes the hash, so the store refuses content with another hash.
func (b *Bucket) Put(ctx context.Context, hash string, size int64, content io.Reader) error {
	r, err := b.newRequest(ctx, http.MethodPut, hash)
	if err != nil {
		return err
	}
	r.Body, r.ContentLength = io.NopCloser(content), size
	if size == 0 {
		r.Body = http.NoBody
	}
	answer, err := b.send(r, hash) //nolint:bodyclose // readAnswer closes it
	if err != nil {
		return fmt.Errorf("objects: put: %w", err)
	}
	return b.readAnswer(answer, "put")
}

// Open implements blob.Objects.
func (b *Bucket) Open(ctx context.Context, hash string, from int64) (io.ReadCloser, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	answer, err := b.retryRequest(ctx, func() (*http.Response, error) { //nolint:bodyclose // readAnswer closes it, or the reader
		r, err := b.newRequest(ctx, http.MethodGet, hash)
		if err != nil {
			return nil, err
		}
		if from > 0 {
			r.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
		}
		return b.send(r, emptyHash)
	})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("objects: get: %w", err)
	}

	expected := http.StatusOK
	if from > 0 {
		expected = http.StatusPartialContent
	}
	if answer.StatusCode == expected {
		return body{answer.Body, cancel}, nil
	}
	defer cancel()

	if err := b.readAnswer(answer, "get"); err != nil {
		return nil, err
	}

	return nil, fmt.Errorf("objects: get: the store answered %d to a request for the bytes from %d on", answer.StatusCode, from)
}

// Remove implements blob.Objects.
func (b *Bucket) Remove(ctx context.Context, hash string) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	answer, err := b.retryRequest(ctx, func() (*http.Response, error) { //nolint:bodyclose // readAnswer closes it
		r, err := b.newRequest(ctx, http.MethodDelete, hash)
		if err != nil {
			return nil, err
		}
		return b.send(r, emptyHash)
	})
	if err != nil {
		return fmt.Errorf("objects: remove: %w", err)
	}
	if err := b.readAnswer(answer, "remove"); !errors.Is(err, ErrNoObject) {
		return err
	}

	return nil
}

// noObject is the name of an object that can't exist, because no content with this hash is known.
const noObject = "0000000000000000000000000000000000000000000000000000000000000000"

// Try checks that the bucket can be used. It writes, reads and removes a small object. It also requests an object that
// can't exist: a store reports a missing object as such only to a key that may list the bucket, and otherwise answers that
// access is denied, which would look like a failure.
func (b *Bucket) Try(ctx context.Context) error {
	const content = "Parley looks whether it may write, read and remove here."
	sum := sha256.Sum256([]byte(content))
	hash := hex.EncodeToString(sum[:])
	if err := b.Put(ctx, hash, int64(len(content)), strings.NewReader(content)); err != nil {
		return err
	}

	r, err := b.Open(ctx, hash, 0)
	if err != nil {
		return err
	}

	read, err := io.ReadAll(io.LimitReader(r, maxAnswer))
	_ = r.Close()

	if err != nil {
		return fmt.Errorf("objects: get: %w", err)
	}
	if string(read) != content {
		return errors.New("objects: what was read is not what was written")
	}

	if err := b.Remove(ctx, hash); err != nil {
		return err
	}

	r, err = b.Open(ctx, noObject, 0)
	if err == nil {
		return errors.Join(errors.New("objects: get: the store has an object that can't be there"), r.Close())
	}
	if !errors.Is(err, ErrNoObject) {
		return fmt.Errorf("a missing object can't be told from a refused one, unless the key may list the bucket (s3:ListBucket): %w", err)
	}

	return nil
}

// Where returns the bucket's URL for people to read.
func (b *Bucket) Where() string { return b.base.Redacted() }

// newRequest returns a request for an object, without a body.
func (b *Bucket) newRequest(ctx context.Context, method, name string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, b.base.JoinPath(name).String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("objects: %w", err)
	}
	return r, nil
}

// send signs a request and sends it. bodyHash is the SHA-256 of its body in hex.
func (b *Bucket) send(r *http.Request, bodyHash string) (*http.Response, error) {
	r.Header.Set("X-Amz-Content-Sha256", bodyHash)
	credentials := aws.Credentials{AccessKeyID: b.opt.KeyID, SecretAccessKey: b.opt.SecretKey}
	now := time.Now() //nolint:forbidigo // the store compares the time with its own clock
	if err := b.signer.SignHTTP(r.Context(), credentials, r, bodyHash, "s3", b.opt.Region, now); err != nil {
		return nil, err
	}
	return b.client.Do(r)
}

// retryRequest makes a request, and retries it after an error or a temporary failure of the store. It returns the result of
// the last attempt: an error, or a response whose status says why the store can't serve the request now.
func (b *Bucket) retryRequest(ctx context.Context, request func() (*http.Response, error)) (*http.Response, error) {
	for try := 1; ; try++ {
		answer, err := request()
		if err == nil && !isTemporary(answer.StatusCode) {
			return answer, nil
		}
		if try == tries || ctx.Err() != nil {
			return answer, err
		}
		if err == nil {
			_ = answer.Body.Close()
		}

		timer := time.NewTimer(firstPause << (2 * (try - 1))) // each pause is four times as long as the one before
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
	}
}

// isTemporary reports whether the same request may succeed later.
func isTemporary(status int) bool {
	return status >= http.StatusInternalServerError || status == http.StatusTooManyRequests
}

// readAnswer reads and closes a response. It returns nil for a successful one, an error that wraps blob.ErrNoObject if the
// object doesn't exist, and otherwise an error with the store's code and message. what names the request in errors.
func (b *Bucket) readAnswer(answer *http.Response, what string) error {
	defer func() { _ = answer.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer)) //nolint:errcheck // the status is sufficient

	if answer.StatusCode/100 == 2 { // 200 OK, 204 No Content and the like
		return nil
	}

	var refusal struct {
		Code    string `xml:"Code"`
		Message string `xml:"Message"`
	}

	_ = xml.Unmarshal(text, &refusal) //nolint:errcheck // some responses have no body

	// Only the store itself answers with a code. A proxy in front of it has pages of its own, which say nothing of the object.
	isByStore := refusal.Code != "" && refusal.Code != "NoSuchBucket"
	if answer.StatusCode == http.StatusNotFound && isByStore {
		return fmt.Errorf("objects: %s: %w", what, ErrNoObject)
	}

	return fmt.Errorf("objects: %s: the store answered %d %s %s", what, answer.StatusCode, refusal.Code, refusal.Message)
}

// body is a response body that cancels its request's context when it is closed.
type body struct {
	io.ReadCloser

	cancel context.CancelFunc
}

func (b body) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
