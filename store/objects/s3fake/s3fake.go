// Package s3fake is an S3-compatible object store over HTTP for tests. It keeps objects in memory, and verifies the
// signature of each request by Amazon's published rules. Like a real store, it refuses a wrong key, signature, date or
// bucket, and a body that doesn't match the signature. Tests can make it fail: s.Fail(Fault{Method: Put, Status: 503})
// lets the next PUT request fail with status 503.
package s3fake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// Methods of requests, for Fault.Method and Calls.
const (
	Put    = http.MethodPut
	Get    = http.MethodGet
	Delete = http.MethodDelete
)

// Server is an object store with one bucket.
type Server struct {
	Bucket, Region, KeyID, SecretKey string

	RefuseList bool // the key may not list the bucket, so a missing object is answered with "access denied"

	mu      sync.Mutex
	objects map[string][]byte
	faults  []Fault
	calls   map[string]int
}

// Fault makes one request fail. If Status is set, the server answers with it and changes nothing. Otherwise it cuts the
// connection: after carrying out the request if Then is set, after sending a part of the response if After is set, or
// else immediately.
type Fault struct {
	Method string // of the request that fails
	Status int
	After  int    // how many bytes of the response body are sent before the cut
	Then   func() // called between carrying out the request and the cut
}

// New returns an empty store with one bucket and one access key.
func New() *Server {
	return &Server{Bucket: "acme-parley", Region: "eu-central-1", KeyID: "AKIAEXAMPLE", SecretKey: "a secret that nobody may see",
		objects: map[string][]byte{}, calls: map[string]int{}}
}

// Start returns an empty store that listens on a loopback address until stop is called.
func Start() (s *Server, endpoint string, stop func()) {
	s = New()
	server := httptest.NewServer(s)
	return s, server.URL, server.Close
}

// Fail queues faults. Each makes the next request of its method fail; faults of the same method apply in order.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Objects returns the sorted keys of all objects in the bucket.
func (s *Server) Objects() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := []string{}
	for key := range s.objects {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Lose removes all objects, as if they were deleted without Parley.
func (s *Server) Lose() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.objects)
}

// Calls returns how many correctly signed requests of a method were received, including those that a Fault made fail.
func (s *Server) Calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	content, err := io.ReadAll(r.Body)
	if err != nil {
		refuse(w, http.StatusBadRequest, "IncompleteBody")
		return
	}
	if status, code := s.check(r, content); code != "" {
		refuse(w, status, code)
		return
	}

	f, found := s.takeFault(r.Method)
	if !found {
		s.serve(w, r, content)
		return
	}
	if f.Status != 0 {
		refuse(w, f.Status, "SlowDown")
		return
	}

	if f.Then != nil {
		s.serve(discard{http.Header{}}, r, content)
		f.Then()
		panic(http.ErrAbortHandler)
	}

	if f.After == 0 {
		panic(http.ErrAbortHandler)
	}

	s.serve(&cutting{ResponseWriter: w, remaining: f.After}, r, content)
}

// maxClockSkew is how far the date of a request may differ from the clock. It is Amazon's limit.
const maxClockSkew = 15 * time.Minute

// check verifies a request. It returns the status and the error code of the refusal, or an empty code if the request is
// correct.
func (s *Server) check(r *http.Request, content []byte) (status int, code string) {
	sum := sha256.Sum256(content)

	if !s.hasValidSignature(r) {
		return http.StatusForbidden, "SignatureDoesNotMatch"
	}
	if r.Header.Get("X-Amz-Content-Sha256") != hex.EncodeToString(sum[:]) {
		return http.StatusBadRequest, "XAmzContentSHA256Mismatch"
	}

	at, err := time.Parse(dateLayout, r.Header.Get("X-Amz-Date"))
	skew := time.Since(at).Abs() //nolint:forbidigo // as a store does
	if err != nil || skew > maxClockSkew {
		return http.StatusForbidden, "RequestTimeTooSkewed"
	}
	if !strings.HasPrefix(r.URL.Path, "/"+s.Bucket+"/") {
		return http.StatusNotFound, "NoSuchBucket"
	}

	return 0, ""
}

// takeFault counts a request of a method, and takes the next fault for it off the queue.
func (s *Server) takeFault(method string) (fault Fault, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[method]++
	at := slices.IndexFunc(s.faults, func(f Fault) bool { return f.Method == method })
	if at < 0 {
		return Fault{}, false
	}
	f := s.faults[at]
	s.faults = slices.Delete(s.faults, at, at+1)
	return f, true
}

// serve carries out a request that check has accepted.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, content []byte) {
	s.mu.Lock()
	key := strings.TrimPrefix(r.URL.Path, "/"+s.Bucket+"/")
	object, exists := s.objects[key]

	switch r.Method {
	case http.MethodPut:
		s.objects[key] = content
	case http.MethodDelete:
		delete(s.objects, key)
	}

	s.mu.Unlock()

	switch r.Method {
	case http.MethodPut: // an empty response with status 200
	case http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	case http.MethodGet:
		if !exists && s.RefuseList {
			refuse(w, http.StatusForbidden, "AccessDenied")
			return
		}
		if !exists {
			refuse(w, http.StatusNotFound, "NoSuchKey")
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(object))
	default:
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed")
	}
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>This is refused.</Message></Error>`, code)
}

// cutting cuts the connection after some bytes of a response body.
type cutting struct {
	http.ResponseWriter

	remaining int // bytes until the cut
}

func (c *cutting) Write(p []byte) (int, error) {
	if len(p) <= c.remaining {
		c.remaining -= len(p)
		return c.ResponseWriter.Write(p)
	}
	_, _ = c.ResponseWriter.Write(p[:c.remaining])
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}

// discard is a ResponseWriter for a response that is never sent.
type discard struct{ header http.Header }

func (d discard) Header() http.Header { return d.header }

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func (discard) WriteHeader(int) {}
