package files

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"parley/channels"
	"parley/store"
)

// incomingFile begins the names of customers' files in links. Names of agents' files never begin like that.
const incomingFile = "in"

// withLink gives a customer's file a link, for surfaces that can't take the file itself.
func (r *Reader) withLink(message store.MessageID, index int, f channels.File) channels.File {
	if r.link != nil {
		f.Link = func() (string, error) { return r.link(message, incomingFile+strconv.Itoa(index)), nil }
	}
	return f
}

// LinkedFile returns the file that a signed link leads to: one that leaves or left for a
// customer, or one that a customer sent.
// Errors: ErrNoFile, and the database's.
func (r *Reader) LinkedFile(ctx context.Context, message store.MessageID, file string) (channels.File, error) {
	number, incoming := strings.CutPrefix(file, incomingFile)
	index, err := strconv.Atoi(number)
	if !incoming || err != nil {
		return r.OutgoingFile(ctx, message, file)
	}
	m, err := r.message(ctx, message)
	if err != nil {
		return channels.File{}, err
	}
	return r.fileIn(&m, index)
}

// SpokenFile returns a file of a message of a conversation, for whoever may read that: one that a customer sent or that came with an
// answer that was written without Parley, or one that an agent uploaded to Parley.
// Errors: ErrNoFile, and the database's.
func (r *Reader) SpokenFile(
	ctx context.Context, conversation store.ConversationID, message store.MessageID, index int,
) (channels.File, error) {
	m, err := r.message(ctx, message)
	if err != nil {
		return channels.File{}, err
	}
	if m.ConversationID != conversation {
		return channels.File{}, ErrNoFile
	}
	if m.HasOriginal() {
		return r.fileIn(&m, index)
	}

	for _, ref := range m.Files {
		if ref.Index == index && ref.Blob != "" {
			return r.blobFile(ref), nil
		}
	}

	return channels.File{}, ErrNoFile
}

// message reads a message.
// Errors: ErrNoFile if there is none; the database's.
func (r *Reader) message(ctx context.Context, id store.MessageID) (store.Message, error) {
	messages, err := store.Messages(ctx, r.pool, id)
	if err != nil {
		return store.Message{}, err
	}
	if len(messages) == 0 {
		return store.Message{}, fmt.Errorf("%w: no message %d", ErrNoFile, id)
	}
	return messages[0], nil
}

// fileIn returns a file that came inside a message, or was fetched for it, by its index in the message.
// Errors: ErrNoFile.
func (r *Reader) fileIn(m *store.Message, index int) (channels.File, error) {
	i := slices.IndexFunc(m.Files, func(f store.FileRef) bool { return f.Index == index })
	if i < 0 || !m.HasOriginal() {
		return channels.File{}, ErrNoFile
	}

	f := m.Files[i]
	return channels.File{
		Name:        f.Name,
		ContentType: f.ContentType,
		SizeBytes:   f.SizeBytes,
		Open:        func(ctx context.Context) (io.ReadCloser, error) { return r.openIncoming(ctx, m, f) },
	}, nil
}

// maxDownloadWait is how long a download waits until others have ended.
const maxDownloadWait = 10 * time.Second

// openIncoming reads one file of a customer's message. The file is in memory until the returned reader is closed. Its
// bytes count as downloads, so that posts don't have to wait for people who read slowly.
func (r *Reader) openIncoming(ctx context.Context, m *store.Message, ref store.FileRef) (io.ReadCloser, error) {
	one := *m
	one.Files, one.HasHTML = []store.FileRef{ref}, false
	size := min(max(Size(&one), minOriginalBytes), maxOriginalBytes)
	wait, cancel := context.WithTimeout(ctx, maxDownloadWait)
	defer cancel()

	if err := r.downloads.Acquire(wait, size); err != nil {
		return nil, fmt.Errorf("files: file of message %d: too many are fetched at a time: %w", m.ID, err)
	}

	body, err := r.readIncoming(ctx, m, &one)
	if err != nil {
		r.downloads.Release(size)
		return nil, err
	}

	return &releasingReader{ReadCloser: body, release: sync.OnceFunc(func() { r.downloads.Release(size) })}, nil
}

// readIncoming returns the only file of one, which is a copy of m without its other files. While it reads the file, the
// whole original of m is in memory.
func (r *Reader) readIncoming(ctx context.Context, m, one *store.Message) (io.ReadCloser, error) {
	release, err := r.ReserveMemory(ctx, Size(m))
	if err != nil {
		return nil, err
	}
	defer release()
	files, _, err := r.Read(ctx, one, SelectAll())
	if err == nil && len(files) == 0 {
		err = ErrNoFile
	}
	if err != nil {
		return nil, err
	}
	return files[0].Open(ctx)
}

// releasingReader is a reader that releases reserved memory when it is closed.
type releasingReader struct {
	io.ReadCloser
	release func()
}

func (p *releasingReader) Close() error {
	defer p.release()
	return p.ReadCloser.Close()
}

// memoryFile returns a file whose bytes are in memory.
func memoryFile(name, contentType string, content []byte) channels.File {
	return channels.File{
		Name:        name,
		ContentType: contentType,
		SizeBytes:   int64(len(content)),
		Open:        func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
	}
}
