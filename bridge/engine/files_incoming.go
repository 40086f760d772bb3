package engine

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

// This file opens files of customers. A signed link contains the message's id and a file name that Parley makes: "in3" is the file
// with index 3 of a customer's message. Names of agents' files are made in outgoing.go, and never begin with "in".

// incomingFile is the prefix of customers' files in links.
const incomingFile = "in"

// withLink adds a link to a customer's file, for agents' chats (surfaces) to which the file itself can't be uploaded.
func (r *Reader) withLink(message store.MessageID, index int, f channels.File) channels.File {
	if r.link != nil {
		f.Link = func() (string, error) { return r.link(message, incomingFile+strconv.Itoa(index)), nil }
	}
	return f
}

// LinkedFile returns the file of a signed link, of a customer's message or of an agent's reply. The caller has checked the signature.
// It returns ErrNoFile if there is no such file.
func (r *Reader) LinkedFile(ctx context.Context, message store.MessageID, file string) (channels.File, error) {
	number, isIncoming := strings.CutPrefix(file, incomingFile)
	index, err := strconv.Atoi(number)
	if !isIncoming || err != nil {
		return r.OutgoingFile(ctx, message, file)
	}
	m, err := r.message(ctx, message)
	if err != nil {
		return channels.File{}, err
	}
	return r.fileIn(&m, index)
}

// SpokenFile returns a file of a message in a conversation, by its index in the message. The caller has checked that the user may
// read the conversation. It covers files of customers, files of answers that were sent without Parley, and files that agents uploaded
// to Parley. Files in an agents' chat are opened there instead, and return ErrNoFile here.
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

// message reads a message. It returns ErrNoFile if there is none.
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

// fileIn returns a file of a received message, by its index in the message, or ErrNoFile.
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

// maxDownloadWait is how long a download waits for memory that other downloads are using.
const maxDownloadWait = 10 * time.Second

// openIncoming reads one file of a customer's message. The file is in memory until the returned reader is closed. Its bytes count
// against the limit for downloads, so that slow downloads don't delay posts.
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

// readIncoming returns the only file of one, which is a copy of m without the other files. The whole original of m is in memory until
// readIncoming returns.
func (r *Reader) readIncoming(ctx context.Context, m, one *store.Message) (io.ReadCloser, error) {
	release, err := r.ReserveMemory(ctx, Size(m))
	if err != nil {
		return nil, err
	}
	defer release()

	files, _, err := r.Read(ctx, one, SelectAll())
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, ErrNoFile
	}
	return files[0].Open(ctx)
}

// releasingReader releases reserved memory when it is closed.
type releasingReader struct {
	io.ReadCloser
	release func()
}

func (r *releasingReader) Close() error {
	defer r.release()
	return r.ReadCloser.Close()
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
