package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels/emulator"
	"parley/store/storetest"
)

// hooks is a front with two webhooks and an upload, each of which answers with what it read.
type hooks struct {
	address string
	bodies  *bodies
	refused [2]atomic.Int64
}

// openHooks serves hooks until the test ends.
func openHooks(t *testing.T) *hooks {
	t.Helper()
	h := &hooks{bodies: newBodies()}
	f := must(newFront(t.Context(), Env{Listen: "127.0.0.1:0"}, slog.New(slog.DiscardHandler)))(t)
	count := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		_, _ = fmt.Fprint(w, len(body))
	})
	upload := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			t.Error(err)
		}
		_, _ = fmt.Fprint(w, n)
	})

	mux := http.NewServeMux()
	mux.Handle("/hooks/one", newLimiter(h.bodies, &h.refused[0]).wrapHandler(count))
	mux.Handle("/hooks/two", newLimiter(h.bodies, &h.refused[1]).wrapHandler(count))
	mux.Handle("/upload", newLimiter(h.bodies, &h.refused[0]).wrapHandler(bridge.Stream{Handler: upload}))

	f.open(mux)
	f.start()
	t.Cleanup(func() {
		if err := f.stop(context.Background(), 0); err != nil {
			t.Error(err)
		}
	})
	h.address = f.listenAddress()
	return h
}

// post sends a body and returns the answer: status 0 if the connection was closed instead. A body of length -1 is sent
// without its length.
func (h *hooks) post(t *testing.T, path string, body io.Reader, length int64) (status int, answer string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), boundPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+h.address+path, body)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	req.ContentLength, req.Close = length, true
	res, err := emulator.NewClient().Do(req)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return res.StatusCode, strings.TrimSpace(string(text))
}

// checkTaken checks that a body of so many bytes is taken, with its length announced and without.
func (h *hooks) checkTaken(t *testing.T, path string, bytes int64) {
	t.Helper()
	for _, announced := range []int64{bytes, -1} {
		status, answer := h.post(t, path, io.LimitReader(endless{}, bytes), announced)
		if status != http.StatusOK || answer != fmt.Sprint(bytes) {
			t.Errorf("%s, %d bytes, announced as %d: got %d %q, want %d and that all of it was read",
				path, bytes, announced, status, answer, http.StatusOK)
		}
	}
}

// endless is a body without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// begin sends a request that announces so many bytes, and only some of them.
func (h *hooks) begin(t *testing.T, path string, announced, sent int) net.Conn {
	t.Helper()
	conn := must(net.Dial("tcp", h.address))(t)
	t.Cleanup(func() { _ = conn.Close() })
	const form = "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
	fmt.Fprintf(conn, form, path, announced, strings.Repeat("x", sent)) //nolint:errcheck // it may be refused meanwhile
	return conn
}

// countSeen counts the bodies that have room, wait for it or were refused.
func (h *hooks) countSeen() (n int64) {
	for _, m := range []*room{h.bodies.small, h.bodies.large} {
		m.mu.Lock()
		n += int64(len(m.arriving) + len(m.waiting))
		m.mu.Unlock()
	}
	return n + h.refused[0].Load() + h.refused[1].Load()
}

// Strangers send the beginnings of many bodies, and nothing more. These cost little memory, and other senders are served,
// even at the hook that the strangers call.
func TestSlowSenders(t *testing.T) {
	for name, announced := range map[string]int{"large": 1_000_000, "small": maxSmallBody, "the largest": maxBody} {
		t.Run(name, func(t *testing.T) {
			h := openHooks(t)
			before := heapBytes()

			const strangers, most = 1500, 64 << 20
			for range strangers {
				h.begin(t, "/hooks/one", announced, min(announced-1, 255<<10))
			}

			var worst int64
			for deadline := time.Now().Add(boundPatience); h.countSeen() < strangers; {
				if time.Now().After(deadline) {
					t.Fatalf("%d of %d requests were seen", h.countSeen(), strangers)
				}
				worst = max(worst, heapBytes()-before)
			}
			worst = max(worst, heapBytes()-before)

			for _, path := range []string{"/hooks/one", "/hooks/two"} {
				for _, bytes := range []int64{2000, maxSmallBody, 300_000} {
					h.checkTaken(t, path, bytes)
				}
			}

			worst = max(worst, heapBytes()-before)
			t.Logf("%d unfinished bodies: %d MB of heap in use, %d refused so far", strangers, worst>>20, h.refused[0].Load())
			if worst > most {
				t.Errorf("%d MB of heap in use, want at most %d", worst>>20, most>>20)
			}
			if n := h.refused[1].Load(); n > 0 {
				t.Errorf("%d requests were refused at the hook that no stranger called, want none", n)
			}
		})
	}
}

// heapBytes is the memory in use now.
func heapBytes() int64 {
	var now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&now)
	return int64(now.HeapInuse)
}

// Bodies up to the longest are taken, also several of these at once, and uploads of any length. When all have been read, no
// room is held.
func TestBodies(t *testing.T) {
	t.Parallel()
	h := openHooks(t)
	h.bodies.wait = boundPatience // a busy machine takes long to send eight long bodies
	for _, bytes := range []int64{0, 1, firstChunk, maxSmallBody - 1, maxSmallBody, maxSmallBody + 1, maxBody - 1, maxBody} {
		h.checkTaken(t, "/hooks/one", bytes)
	}
	h.checkTaken(t, "/upload", 3*maxBody)

	answers := make(chan int, 8)
	for range cap(answers) {
		go func() {
			status, _ := h.post(t, "/hooks/one", io.LimitReader(endless{}, maxBody), maxBody)
			answers <- status
		}()
	}
	for range cap(answers) {
		if status := storetest.Receive(t, answers, "all longest bodies are answered"); status != http.StatusOK {
			t.Errorf("one of %d longest bodies at once: got %d, want %d", cap(answers), status, http.StatusOK)
		}
	}
	if n := h.refused[0].Load(); n > 0 {
		t.Errorf("%d bodies were refused, want none", n)
	}

	if status, _ := h.post(t, "/hooks/one", io.LimitReader(endless{}, maxBody+1), -1); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body that turns out too long: got %d, want %d", status, http.StatusRequestEntityTooLarge)
	}
	if small, large := h.bodies.small.reserved, h.bodies.large.reserved; small != 0 || large != 0 {
		t.Errorf("room still held: got %d for small bodies and %d for large ones, want none", small, large)
	}
}

// A body that is announced as too long is refused before any of it was read. One that breaks off reaches no handler.
func TestBodiesRefused(t *testing.T) {
	t.Parallel()
	h := openHooks(t)
	conn := h.begin(t, "/hooks/one", maxBody+1, 0)
	if got := firstLine(t, conn); got != "HTTP/1.1 413 Request Entity Too Large" {
		t.Errorf("announced as too long: got %q", got)
	}

	const long = 40 << 20
	conn = h.begin(t, "/hooks/one", long, long) // most clients read nothing before everything is sent, and are told, too
	if got := firstLine(t, conn); got != "HTTP/1.1 413 Request Entity Too Large" {
		t.Errorf("sent to its end: got %q", got)
	}

	conn = h.begin(t, "/hooks/one", 100, 50)
	check(t, conn.(*net.TCPConn).CloseWrite())
	if got := firstLine(t, conn); got != "HTTP/1.1 400 Bad Request" {
		t.Errorf("broken off: got %q", got)
	}
}

// firstLine returns the first line of an answer.
func firstLine(t *testing.T, conn net.Conn) string {
	t.Helper()
	check(t, conn.SetReadDeadline(time.Now().Add(boundPatience)))
	text, err := bufio.NewReader(conn).ReadString('\n')
	if len(text) == 0 {
		t.Fatalf("no answer: %v", err)
	}
	return strings.TrimSpace(text)
}

// When there are too many connections, the server closes those without a request first, then those whose bodies don't
// arrive. It keeps those whose requests have arrived, and closes a new connection instead.
func TestConnections(t *testing.T) {
	t.Parallel()
	server := &http.Server{ReadHeaderTimeout: time.Minute}
	arrived, inside, letGo := make(chan struct{}, 10), make(chan struct{}, 10), make(chan struct{})
	server.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			inside <- struct{}{}
			<-letGo
		}
	})
	newConnections(3, slog.New(slog.DiscardHandler)).limit(server)

	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-served
	})

	h := &hooks{address: listener.Addr().String()}
	dial := func() net.Conn {
		conn := must(net.Dial("tcp", h.address))(t)
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}

	// Connections without a request make room for requests.
	silent := []net.Conn{dial(), dial(), dial()}
	var slow, busy []net.Conn
	for range 3 {
		slow = append(slow, h.begin(t, "/", 10, 1))
		storetest.Receive(t, arrived, "the request has arrived")
	}
	for _, conn := range silent {
		wantClosed(t, conn)
	}

	// Connections whose bodies don't arrive make room for requests that do.
	for body := range 3 {
		busy = append(busy, h.begin(t, "/", body, body))
		storetest.Receive(t, inside, "the body has arrived")
	}
	for _, conn := range slow {
		wantClosed(t, conn)
	}

	// All three connections have requests, so a new one is closed.
	wantClosed(t, h.begin(t, "/", 0, 0)) // all others have requests
	close(letGo)
	for _, conn := range busy {
		line := make([]byte, len("HTTP/1.1 200"))
		if _, err := io.ReadFull(conn, line); err != nil || string(line) != "HTTP/1.1 200" {
			t.Errorf("a request that was under way: got %q, %v; want an answer", line, err)
		}
	}

	// Now there is room. The server learns that just after these answers could be read: until then it closes new connections.
	for began := time.Now(); !isAnswered(t, h.begin(t, "/", 0, 0)); {
		if time.Since(began) > boundPatience {
			t.Fatal("new connections are closed though there is room")
		}
	}
}

// isAnswered waits until the other side answers a connection, or closes it without an answer.
func isAnswered(t *testing.T, conn net.Conn) bool {
	t.Helper()
	check(t, conn.SetReadDeadline(time.Now().Add(boundPatience)))
	n, _ := conn.Read(make([]byte, 1))
	return n > 0
}

// wantClosed waits until the other side closes a connection without an answer.
func wantClosed(t *testing.T, conn net.Conn) {
	t.Helper()
	check(t, conn.SetReadDeadline(time.Now().Add(boundPatience)))
	var timeout net.Error
	if n, err := conn.Read(make([]byte, 1)); n > 0 || err == nil || errors.As(err, &timeout) && timeout.Timeout() {
		t.Errorf("read %d bytes, %v; want a closed connection", n, err)
	}
}
