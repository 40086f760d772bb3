package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/store/blob"
	"parley/store/objects/s3fake"
)

// bucket starts an object store, and returns it with a client that may use it.
func bucket(t *testing.T, change func(*blob.BucketOptions)) (*s3fake.Server, *blob.Bucket) {
	t.Helper()
	fake := s3fake.New()
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	o := blob.BucketOptions{Endpoint: server.URL, Bucket: fake.Bucket, Region: fake.Region, KeyID: fake.KeyID, SecretKey: fake.SecretKey}
	if change != nil {
		change(&o)
	}
	b, err := blob.NewBucket(o)
	if err != nil {
		t.Fatal(err)
	}
	return fake, b
}

func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func put(t *testing.T, b *blob.Bucket, content []byte) string {
	t.Helper()
	if err := b.Put(t.Context(), hashOf(content), int64(len(content)), bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	return hashOf(content)
}

func get(ctx context.Context, b *blob.Bucket, hash string, from int64) (string, error) {
	r, err := b.Open(ctx, hash, from)
	if err != nil {
		return "", err
	}
	defer func() { _ = r.Close() }()
	content, err := io.ReadAll(r)
	return string(content), err
}

// An object can be put, put again, read from any byte on, and removed twice. That works in a folder of a bucket and
// behind an endpoint with a path, too.
func TestBucket(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"", "/files/of acme"} {
		fake, b := bucket(t, func(o *blob.BucketOptions) { o.Bucket += folder; o.Endpoint += "/" })
		for _, size := range []int{0, 1, 3 << 20} {
			content := bytes.Repeat([]byte("x"), size)
			hash := put(t, b, content)
			put(t, b, content)
			if got, err := get(t.Context(), b, hash, 0); err != nil || got != string(content) {
				t.Errorf("%d bytes came back as %d: %v", size, len(got), err)
			}
		}

		hash := put(t, b, []byte("Two mugs are chipped."))
		if got, err := get(t.Context(), b, hash, 4); err != nil || got != "mugs are chipped." {
			t.Errorf("from byte 4 on: %q, %v", got, err)
		}
		if want := strings.TrimPrefix(folder+"/"+hash, "/"); !slices.Contains(fake.Objects(), want) {
			t.Errorf("%s is not among %s", want, fake.Objects())
		}

		for range 2 {
			if err := b.Remove(t.Context(), hash); err != nil {
				t.Error(err)
			}
		}
		if _, err := get(t.Context(), b, hash, 0); !errors.Is(err, blob.ErrNoObject) {
			t.Errorf("a removed object: %v", err)
		}
		if err := b.Try(t.Context()); err != nil || len(fake.Objects()) != 3 {
			t.Errorf("a look: %v, and these are there: %s", err, fake.Objects())
		}
	}
}

// If the store refuses a call, the error says why and shows no secret. Wrong bytes and wrong addresses are refused, too.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, want string
		change     func(*blob.BucketOptions)
	}{
		{"another secret", "SignatureDoesNotMatch", func(o *blob.BucketOptions) { o.SecretKey += "." }},
		{"another key", "SignatureDoesNotMatch", func(o *blob.BucketOptions) { o.KeyID += "." }},
		{"another region", "SignatureDoesNotMatch", func(o *blob.BucketOptions) { o.Region = "us-east-1" }},
		{"another bucket", "NoSuchBucket", func(o *blob.BucketOptions) { o.Bucket = "other" }},
		{"nobody there", "refused", func(o *blob.BucketOptions) { o.Endpoint = "http://127.0.0.1:1" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, b := bucket(t, c.change)
			err := b.Try(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret that nobody") {
				t.Errorf("%v", err)
			}
			if _, err := get(t.Context(), b, hashOf(nil), 0); err == nil || errors.Is(err, blob.ErrNoObject) {
				t.Errorf("this looks like an object that is gone: %v", err)
			}
		})
	}

	fake, b := bucket(t, nil)
	if err := b.Put(t.Context(), hashOf([]byte("said")), 4, strings.NewReader("meet")); err == nil ||
		!strings.Contains(err.Error(), "SHA256Mismatch") {
		t.Errorf("other bytes than were signed: %v", err)
	}
	if err := b.Put(t.Context(), hashOf([]byte("said")), 4, strings.NewReader("sa")); err == nil || len(fake.Objects()) != 0 {
		t.Errorf("fewer bytes than were announced: %v", err)
	}

	for _, address := range []string{"", "s3.example.org", "ftp://s3.example.org"} {
		if _, err := blob.NewBucket(blob.BucketOptions{Endpoint: address}); err == nil {
			t.Errorf("%q was taken for an address", address)
		}
	}
}

// Reading and removing try again while a store is busy for a moment. A store that stays silent is given up at the
// deadline.
func TestFaults(t *testing.T) {
	t.Parallel()
	fake, b := bucket(t, nil)
	hash := put(t, b, []byte("said"))
	busy := s3fake.Fault{Method: http.MethodGet, Status: http.StatusServiceUnavailable}
	fake.Fail(busy, s3fake.Fault{Method: http.MethodGet})
	if got, err := get(t.Context(), b, hash, 0); err != nil || got != "said" {
		t.Errorf("%q, %v", got, err)
	}

	fake.Fail(busy, busy, busy)
	if _, err := get(t.Context(), b, hash, 0); err == nil || errors.Is(err, blob.ErrNoObject) ||
		!strings.Contains(err.Error(), "503 SlowDown") {
		t.Errorf("a store that stays busy: %v", err)
	}

	fake.Fail(s3fake.Fault{Method: http.MethodDelete, Status: http.StatusServiceUnavailable})
	if err := b.Remove(t.Context(), hash); err != nil || len(fake.Objects()) != 0 {
		t.Errorf("%v", err)
	}

	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // the server notices that the client has gone only after the body
		<-r.Context().Done()
	}))
	defer silent.Close()
	mute, err := blob.NewBucket(blob.BucketOptions{Endpoint: silent.URL, Bucket: "b", KeyID: "k", SecretKey: "s"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := mute.Put(ctx, hash, 4, strings.NewReader("said")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a silent store: %v", err)
	}
}

// A proxy in front of the store answers with a page of its own that there is nothing while the store restarts. That
// says nothing of an object: it must not be taken for one that is gone, nor for one that has been removed.
func TestPageOfAProxy(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"404 page not found\n", "", "<html><head><title>404 Not Found</title></head></html>"} {
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, page)
		}))
		defer proxy.Close()
		b, err := blob.NewBucket(blob.BucketOptions{Endpoint: proxy.URL, Bucket: "b", KeyID: "k", SecretKey: "s"})
		if err != nil {
			t.Fatal(err)
		}

		if _, err := get(t.Context(), b, hashOf(nil), 0); err == nil || errors.Is(err, blob.ErrNoObject) {
			t.Errorf("the answer %q to a read looks like an object that is gone: %v", page, err)
		}
		if err := b.Remove(t.Context(), hashOf(nil)); err == nil {
			t.Errorf("the answer %q to a removal looks like an object that was removed", page)
		}
	}
}
