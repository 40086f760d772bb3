package bridge

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"

	"parley/channels"
	"parley/store"
)

// incomingFile begins the names of customers' files in links; no agent's file is called so.
const incomingFile = "in"

// Incoming says that a file's name in a link is that of a customer's file.
func Incoming(file string) bool { return strings.HasPrefix(file, incomingFile) }

// linked lets a surface that can't hold a customer's file lead to it.
func (e *Engine) linked(message int64, index int, f channels.File) channels.File {
	if e.opt.FileLink != nil {
		f.Link = func() (string, error) { return e.opt.FileLink(message, incomingFile+strconv.Itoa(index)), nil }
	}
	return f
}

// LinkedFile gives the file that a signed link leads to: one that leaves or left for a
// customer, or one that a customer sent.
// Errors: ErrNoFile, and the database's.
func (e *Engine) LinkedFile(ctx context.Context, message int64, file string) (channels.File, error) {
	number, incoming := strings.CutPrefix(file, incomingFile)
	index, err := strconv.Atoi(number)
	if !incoming || err != nil {
		return e.OutgoingFile(ctx, message, file)
	}
	messages, err := store.Messages(ctx, e.pool, message)
	if err != nil {
		return channels.File{}, err
	}
	if len(messages) == 0 || messages[0].Direction != "in" {
		return channels.File{}, ErrNoFile
	}
	m := &messages[0]
	i := slices.IndexFunc(m.Files, func(f store.FileRef) bool { return f.Index == index })
	if i < 0 {
		return channels.File{}, ErrNoFile
	}
	f := m.Files[i]
	return channels.File{Name: f.Name, ContentType: f.ContentType, SizeBytes: f.SizeBytes,
		Open: func(ctx context.Context) (io.ReadCloser, error) { return e.openIncoming(ctx, m, f) }}, nil
}

// openIncoming reads one file of a customer's message. Its original stays in memory until
// the reader is closed, and has its turn there.
func (e *Engine) openIncoming(ctx context.Context, m *store.Message, ref store.FileRef) (io.ReadCloser, error) {
	release, err := e.takeTurns(ctx, filesSize(m))
	if err != nil {
		return nil, err
	}
	one := *m
	one.Files, one.HasHTML = []store.FileRef{ref}, false
	files, _, err := e.filesOf(ctx, &one, func(store.FileRef) bool { return true }, false)
	if err == nil && len(files) == 0 {
		err = ErrNoFile
	}
	var r io.ReadCloser
	if err == nil {
		r, err = files[0].Open(ctx)
	}
	if err != nil {
		release()
		return nil, err
	}
	return &turned{ReadCloser: r, release: release}, nil
}

// turned is a reader that has a turn in memory.
type turned struct {
	io.ReadCloser
	release func()
}

// Close implements io.Closer.
func (t *turned) Close() error {
	defer t.release()
	return t.ReadCloser.Close()
}
