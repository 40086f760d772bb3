// Package s3fake imitates an S3-compatible object store over HTTP, for tests. It keeps objects in
// memory, computes the signature of each request by Amazon's published rules, and refuses what a real
// store refuses: a wrong key, signature, date or bucket, and a body that is not the signed one.
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

// Methods of requests, for faults.
const (
	Put    = http.MethodPut
	Get    = http.MethodGet
	Delete = http.MethodDelete
)

// Server is an object store with one bucket.
type Server struct {
	Bucket, Region, KeyID, SecretKey string

	RefuseList bool // the key may not list the bucket, so it isn't told that an object is missing

	mu      sync.Mutex
	objects map[string][]byte
	faults  []Fault
	calls   map[string]int
}

// Fault strikes one request of a method.
type Fault struct {
	Method string
	Status int    // the answer, and nothing is done; 0 means that the connection is cut
	After  int    // cut: so many bytes of an object are sent before
	Then   func() // called when the request was carried out, before the connection is cut; nil means that it is not carried out
}

// New makes an empty store, whose bucket one key may use.
func New() *Server {
	return &Server{Bucket: "acme-parley", Region: "eu-central-1", KeyID: "AKIAEXAMPLE", SecretKey: "a secret that nobody may see",
		objects: map[string][]byte{}, calls: map[string]int{}}
}

// Start makes a store that listens on loopback until stop is called.
func Start() (s *Server, endpoint string, stop func()) {
	s = New()
	server := httptest.NewServer(s)
	return s, server.URL, server.Close
}

// Fail lets faults strike the next requests of their methods, one each.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Objects lists the keys in the bucket.
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

// Lose removes all objects, as somebody at the store might.
func (s *Server) Lose() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.objects)
}

// Calls counts the genuine requests of a method.
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

	f, struck := s.takeFault(r.Method)
	if !struck {
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

	s.serve(&cutting{ResponseWriter: w, left: f.After}, r, content)
}

// maxClockSkew is how far the date of a request may be off. Amazon allows as much.
const maxClockSkew = 15 * time.Minute

// check returns what is wrong with a request. It is empty if nothing is.
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

// takeFault counts a request of a method, and takes the next fault that is to strike it. struck is false if there is none.
func (s *Server) takeFault(method string) (fault Fault, struck bool) {
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

// serve carries out a genuine request.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, content []byte) {
	s.mu.Lock()
	key := strings.TrimPrefix(r.URL.Path, "/"+s.Bucket+"/")
	object, there := s.objects[key]

	switch r.Method {
	case http.MethodPut:
		s.objects[key] = content
	case http.MethodDelete:
		delete(s.objects, key)
	}

	s.mu.Unlock()

	switch r.Method {
	case http.MethodPut: // an empty answer, 200
	case http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	case http.MethodGet:
		if !there && s.RefuseList {
			refuse(w, http.StatusForbidden, "AccessDenied")
			return
		}
		if !there {
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

// cutting ends the connection after some bytes of an answer's body.
type cutting struct {
	http.ResponseWriter

	left int
}

func (c *cutting) Write(p []byte) (int, error) {
	if len(p) <= c.left {
		c.left -= len(p)
		return c.ResponseWriter.Write(p)
	}
	_, _ = c.ResponseWriter.Write(p[:c.left])
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}

// discard takes an answer that nobody gets.
type discard struct{ header http.Header }

func (d discard) Header() http.Header { return d.header }

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func (discard) WriteHeader(int) {}
