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

// bodies is the memory of a process for arriving bodies; its rules are those of room.
type bodies struct {
	small, large *room
	wait         time.Duration // how long a body waits for room
}

func newBodies() *bodies {
	return &bodies{small: newRoom(smallRoom, smallRoom/2), large: newRoom(largeRoom, maxBody), wait: maxRoomWait}
}

// arrival is one body: first while it is read into memory, then as the handler's Request.Body.
type arrival struct {
	bodies   *bodies
	source   *bound
	from     io.ReadCloser
	length   int64        // as announced; -1 means not announced
	received atomic.Int64 // bytes so far
	chunks   [][]byte     // the bytes that the handler has not read yet
	end      func()       // makes reading fail
	release  func()       // frees the memory
}

// readBody reads the whole body of a request into memory. release must be called when the request is
// answered, also after an error.
// Errors: errTooLong and errNoRoom (before anything is read if the length was announced); those of the
// connection.
func (b *bodies) readBody(w http.ResponseWriter, r *http.Request, source *bound) (body io.ReadCloser, release func(), err error) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	a := &arrival{bodies: b, source: source, from: r.Body, length: r.ContentLength, release: func() {}, end: func() {
		cancel()
		_ = http.NewResponseController(w).SetReadDeadline(time.Now()) //nolint:errcheck // a test's recorder has none
	}}
	err = a.readAll(ctx)
	return a, func() { a.release() }, err
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

// readUnannounced reads a body of unknown length. It takes room for a small one first: most are.
func (a *arrival) readUnannounced(ctx context.Context) error {
	whole, err := a.readIn(ctx, a.bodies.small, maxSmallBody)
	if err != nil || whole {
		return err
	}
	small := a.release
	whole, err = a.readIn(ctx, a.bodies.large, maxBody)
	small()
	if err == nil && !whole {
		return errTooLong
	}
	return err
}

// readIn takes room for length bytes and reads. whole is false if the body is longer.
func (a *arrival) readIn(ctx context.Context, m *room, length int64) (whole bool, err error) {
	p := &place{source: a.source, length: length, received: &a.received, end: a.end}
	if err := m.acquire(ctx, a.bodies.wait, p); err != nil {
		return false, err
	}

	a.release = func() { m.release(p) }
	for err == nil && a.received.Load() <= length {
		err = a.readChunk(length + 1)
	}

	if a.received.Load() > length { // it is still on its way, or takes more room than it has
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
