package app

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// maxBody is the maximum length of a webhook's body in bytes. It is the highest limit of any channel
// (docs/http-channel.md). A bridge.Stream has a limit of its own.
const maxBody = 16 << 20

// Sizes of the chunks into which a body is read, in bytes. They grow with the number of bytes received, so a sender
// that announces a large body and sends nothing takes hardly any memory.
const (
	firstChunk = 4 << 10
	maxChunk   = 256 << 10
)

// errTooLong means that a body is longer than maxBody.
var errTooLong = errors.New("the body is longer than 16 MiB")

// bodies reads the bodies of webhook requests into memory and bounds how much memory they take. A webhook's signature
// can be verified only when its whole body is known, so the senders of these bodies are not authenticated yet. Each
// body reserves its length in a room, which is a fixed amount of memory, before it is read. Small and large bodies have
// separate rooms, so that a small one never waits for large ones.
type bodies struct {
	small, large *room
	wait         time.Duration // how long a body waits for space in its room
}

func newBodies() *bodies {
	return &bodies{small: newRoom(smallRoom, smallRoom/2), large: newRoom(largeRoom, maxBody), wait: maxRoomWait}
}

// arrival is the body of one request. readBody reads all of it from the connection. It then replaces Request.Body, and
// the handler reads it from memory.
type arrival struct {
	bodies   *bodies
	source   *limiter      // identifies the webhook endpoint
	from     io.ReadCloser // the connection
	length   int64         // the Content-Length; -1 if the request has none
	received atomic.Int64  // the number of bytes read from the connection
	chunks   [][]byte      // the bytes that the handler has not read yet
	end      func()        // makes reading from the connection fail
	release  func()        // returns the reserved memory to the room
}

// readBody reads the whole body of a request into memory. The caller must call release once it has answered the request,
// also after an error.
// Errors: errTooLong; errNoRoom; those of the connection. A body whose Content-Length is too high isn't read at all.
func (b *bodies) readBody(w http.ResponseWriter, r *http.Request, source *limiter) (body io.ReadCloser, release func(), err error) {
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

// readAll reads the body into the room for its length.
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
	_, err := a.readInto(ctx, memory, a.length)
	return err
}

// readUnannounced reads a body of unknown length. Most bodies are small, so it tries the small room first.
func (a *arrival) readUnannounced(ctx context.Context) error {
	isWhole, err := a.readInto(ctx, a.bodies.small, maxSmallBody)
	if err != nil || isWhole {
		return err
	}

	releaseSmall := a.release // the second call replaces a.release
	isWhole, err = a.readInto(ctx, a.bodies.large, maxBody)
	releaseSmall()
	if err != nil {
		return err
	}
	if !isWhole {
		return errTooLong
	}
	return nil
}

// readInto reserves length bytes in a room and reads the body until it ends or exceeds length. In the latter case,
// isWhole is false, and another call continues.
func (a *arrival) readInto(ctx context.Context, memory *room, length int64) (isWhole bool, err error) {
	reserved := &reservation{source: a.source, length: length, received: &a.received, end: a.end}
	if err := memory.acquire(ctx, a.bodies.wait, reserved); err != nil {
		return false, err
	}

	a.release = func() { memory.release(reserved) }
	for err == nil && a.received.Load() <= length {
		err = a.readChunk(length + 1)
	}

	if a.received.Load() > length {
		return false, nil
	}
	if !memory.complete(reserved) { // the room has ended it as too slow
		return false, errNoRoom
	}
	if errors.Is(err, io.EOF) {
		return true, nil
	}

	return false, err
}

// readChunk reads the next bytes of a body, until limit bytes of the body have been read.
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

// Read implements io.Reader. It frees the chunks that have been read.
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
