package app

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// maxBody is the length of the longest body of a webhook, in bytes: the limit of the channel with the highest one
// (docs/http-channel.md). A bridge.Stream has a limit of its own.
const maxBody = 16 << 20

// Sizes of the chunks in which a body is read. They grow with the bytes that have arrived, so that a body
// that is only announced takes no memory.
const (
	firstChunk = 4 << 10
	maxChunk   = 256 << 10
)

// errTooLong means that a body is longer than maxBody.
var errTooLong = errors.New("the body is longer than 16 MiB")

// bodies is the memory in which a process collects the bodies of webhooks. It has a room for small ones and one for large ones.
type bodies struct {
	small, large *room
	wait         time.Duration // how long a body waits for room
}

func newBodies() *bodies {
	return &bodies{small: newRoom(smallRoom, smallRoom/2), large: newRoom(largeRoom, maxBody), wait: maxRoomWait}
}

// arrival is one body. It is read into memory as a whole. Then it takes the place of Request.Body, from which the handler reads it.
type arrival struct {
	bodies   *bodies
	source   *bound        // the source of the request, by its limit
	from     io.ReadCloser // the connection
	length   int64         // the Content-Length; -1 if the request has none
	received atomic.Int64  // how many bytes have come so far
	chunks   [][]byte      // the bytes that the handler has not read yet
	end      func()        // makes reading from the connection fail
	release  func()        // tells the room that the memory is free
}

// readBody reads the whole body of a request into memory. The caller must call release when the request is answered, also after
// an error.
// Errors: errTooLong; errNoRoom; those of the connection. A request that says its length is refused before anything is read.
func (b *bodies) readBody(w http.ResponseWriter, r *http.Request, source *bound) (body io.ReadCloser, release func(), err error) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	a := &arrival{bodies: b, source: source, from: r.Body, length: r.ContentLength, release: func() {}, end: func() {
		cancel()
		_ = http.NewResponseController(w).SetReadDeadline(time.Now()) //nolint:errcheck // a test's recorder has none
	}}
	err = a.readAll(ctx)
	return a, func() {
		a.chunks = nil
		a.release()
	}, err
}

// readAll reads the body in the room for its length.
func (a *arrival) readAll(ctx context.Context) error {
	if a.length < 0 {
		return a.readUnannounced(ctx)
	}
	if a.length > maxBody {
		return errTooLong
	}
	memory := a.bodies.small
	if a.length > maxSmallBody {
		memory = a.bodies.large
	}
	_, err := a.readIn(ctx, memory, a.length)
	return err
}

// readUnannounced reads a body of unknown length. Since most are small, it takes room for a small one first.
func (a *arrival) readUnannounced(ctx context.Context) error {
	isWhole, err := a.readIn(ctx, a.bodies.small, maxSmallBody)
	if err != nil || isWhole {
		return err
	}
	releaseSmall := a.release // readIn sets a new one
	isWhole, err = a.readIn(ctx, a.bodies.large, maxBody)
	releaseSmall()
	if err == nil && !isWhole {
		return errTooLong
	}
	return err
}

// readIn reserves length bytes of a room and reads as much. isWhole says whether the body has ended. If it is longer, the next
// call reads on.
func (a *arrival) readIn(ctx context.Context, m *room, length int64) (isWhole bool, err error) {
	p := &reservation{source: a.source, length: length, received: &a.received, end: a.end}
	if err := m.acquire(ctx, a.bodies.wait, p); err != nil {
		return false, err
	}

	a.release = func() { m.release(p) }
	for err == nil && a.received.Load() <= length {
		err = a.readChunk(length + 1)
	}

	if a.received.Load() > length {
		return false, nil
	}
	if !m.complete(p) {
		return false, errNoRoom
	}
	if errors.Is(err, io.EOF) {
		return true, nil
	}

	return false, err
}

// readChunk reads the next bytes of a body, at most limit in all.
func (a *arrival) readChunk(limit int64) (err error) {
	chunk := make([]byte, 0, min(max(a.received.Load(), firstChunk), maxChunk, limit-a.received.Load()))
	for err == nil && len(chunk) < cap(chunk) {
		var n int
		n, err = a.from.Read(chunk[len(chunk):cap(chunk)])
		chunk = chunk[:len(chunk)+n]
		a.received.Add(int64(n))
	}
	a.chunks = append(a.chunks, chunk)
	return err
}

// Read implements io.Reader. It drops the bytes that it returns.
func (a *arrival) Read(to []byte) (int, error) {
	for len(a.chunks) > 0 && len(a.chunks[0]) == 0 {
		a.chunks[0] = nil
		a.chunks = a.chunks[1:]
	}
	if len(a.chunks) == 0 {
		return 0, io.EOF
	}
	n := copy(to, a.chunks[0])
	a.chunks[0] = a.chunks[0][n:]
	return n, nil
}

func (a *arrival) Close() error { return a.from.Close() }
