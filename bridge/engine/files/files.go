// Package files gives the files of messages: those that customers sent, from the stored
// original or from blobs, and those that agents attached, from their surface or from blobs.
//
// What does not belong here: fetching files that stay with a provider (they are blobs once
// they are fetched), and which of them a post or a reply carries.
package files

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/semaphore"

	"parley/bridge"
	"parley/channels"
	"parley/store"
	"parley/store/blob"
)

// originalsTogether is how many bytes of customers' originals may be in memory at once while their
// files are posted; a larger original is there alone. Another so many bytes are for files that people
// fetch by links.
const originalsTogether = 48 << 20

// ErrNoFile means that a message has no such file to give away.
var ErrNoFile = errors.New("files: no such file")

// Connected finds what is connected now.
type Connected interface {
	Channel(account store.AccountID) channels.Channel // nil while it isn't there
	Surface(account store.AccountID) bridge.Surface   // nil while it isn't there
}

// Options of a Reader.
type Options struct {
	Pool      *pgxpool.Pool
	Objects   blob.Objects                                      // nil means the database has all blobs
	Original  func(message store.MessageID) string              // the signed link to a mail's HTML original; nil means there is none
	Link      func(message store.MessageID, file string) string // the signed public address of a file; nil means there is none
	Connected Connected
}

// Reader gives the files of messages.
type Reader struct {
	pool      *pgxpool.Pool
	objects   blob.Objects
	original  func(message store.MessageID) string
	link      func(message store.MessageID, file string) string
	connected Connected
	large     *semaphore.Weighted // bytes of originals in memory for their files
	downloads *semaphore.Weighted // bytes in memory that people fetch by links, as slowly as they like
}

// New makes a Reader.
func New(o Options) *Reader {
	return &Reader{pool: o.Pool, objects: o.Objects, original: o.Original, link: o.Link, connected: o.Connected,
		large: semaphore.NewWeighted(originalsTogether), downloads: semaphore.NewWeighted(originalsTogether)}
}

// Of returns the files of a customer's message, and those that are missing. Of the files that had to be
// fetched from the provider, those for which fetched says no count as missing. With only, it gives
// nothing but the files for which fetched says yes.
func (r *Reader) Of(ctx context.Context, m *store.Message, fetched func(store.FileRef) bool, only bool) ([]channels.File, []bridge.Missing, error) {
	var in channels.Inbound
	whole := !only && (m.HasHTML && r.original == nil || slices.ContainsFunc(m.Files, func(f store.FileRef) bool { return !f.Fetched }))
	if whole {
		var err error
		if in, _, err = r.decoded(ctx, m.ID); err != nil {
			return nil, nil, err
		}
	}
	var files []channels.File
	var missing []bridge.Missing
	for _, ref := range m.Files {
		switch {
		case ref.Fetched && !fetched(ref):
			if !only {
				missing = append(missing, bridge.Missing{Name: ref.Name})
			}
		case ref.Fetched && ref.Blob != "":
			files = append(files, r.linked(m.ID, ref.Index, r.blobFile(ref)))
		case ref.Fetched:
			missing = append(missing, bridge.Missing{Name: ref.Name, Reason: ref.Missing})
		case whole && ref.Index < len(in.Attachments):
			a := in.Attachments[ref.Index]
			files = append(files, r.linked(m.ID, ref.Index, memoryFile(a.Name, a.ContentType, a.Content)))
		}
	}
	if whole && in.Original.HTML != nil && r.original == nil {
		files = append(files, memoryFile("original.html", "text/html", []byte(in.Original.HTML.Sanitised())))
	}
	return files, missing, nil
}

// blobFile is a file that was fetched.
func (r *Reader) blobFile(ref store.FileRef) channels.File {
	return channels.File{Name: ref.Name, ContentType: ref.ContentType, SizeBytes: ref.SizeBytes,
		Open: func(ctx context.Context) (io.ReadCloser, error) {
			body, err := blob.Open(ctx, r.pool, r.objects, ref.Blob)
			return body, goneIf(err)
		}}
}

// goneIf makes the error for bytes that are no longer stored an ErrNoFile: they are gone for good.
func goneIf(err error) error {
	if errors.Is(err, pgx.ErrNoRows) || errors.Is(err, blob.ErrNoObject) {
		return fmt.Errorf("%w: %w", ErrNoFile, err)
	}
	return err
}

// Size returns how many bytes a message's files take in memory. Files that were fetched count
// nothing, because they are read piece by piece.
func Size(m *store.Message) int64 {
	var size int64
	if m != nil {
		for _, f := range m.Files {
			if !f.Fetched {
				size += f.SizeBytes
			}
		}
	}
	return size
}

// TakeTurns waits until a customer's original has room in memory.
func (r *Reader) TakeTurns(ctx context.Context, size int64) (release func(), err error) {
	size = min(max(size, 1<<20), originalsTogether)
	if err := r.large.Acquire(ctx, size); err != nil {
		return nil, fmt.Errorf("files: original: %w", err)
	}
	return func() { r.large.Release(size) }, nil
}

// OriginalHTML returns the sanitised HTML original of a customer's message; "" means it came without HTML.
// Errors: ErrNoFile when the message or its original is gone; the database's.
func (r *Reader) OriginalHTML(ctx context.Context, id store.MessageID) (string, error) {
	release, err := r.TakeTurns(ctx, originalsTogether/4) // its size isn't known yet
	if err != nil {
		return "", err
	}
	defer release()
	in, _, err := r.decoded(ctx, id)
	if err != nil || in.Original.HTML == nil {
		return "", err
	}
	return in.Original.HTML.Sanitised(), nil
}

// decoded decodes the stored bytes of a customer's message again.
func (r *Reader) decoded(ctx context.Context, id store.MessageID) (channels.Inbound, store.Message, error) {
	messages, err := store.Messages(ctx, r.pool, id)
	if err != nil || len(messages) == 0 {
		return channels.Inbound{}, store.Message{}, cmp.Or(err, fmt.Errorf("%w: no message %d", ErrNoFile, id))
	}
	m := messages[0]
	ev, err := store.GetEvent(ctx, r.pool, m.EventID)
	if errors.Is(err, pgx.ErrNoRows) {
		return channels.Inbound{}, m, fmt.Errorf("%w: the original of message %d was removed", ErrNoFile, id)
	}
	if err != nil {
		return channels.Inbound{}, m, err
	}
	raw := ev.Payload
	if ev.Blob != nil {
		if raw, err = blob.Get(ctx, r.pool, r.objects, *ev.Blob); err != nil {
			return channels.Inbound{}, m, goneIf(err)
		}
	}
	if len(raw) == 0 {
		return channels.Inbound{}, m, fmt.Errorf("%w: the original of message %d was removed", ErrNoFile, id)
	}
	ch := r.connected.Channel(ev.AccountID)
	if ch == nil {
		return channels.Inbound{}, m, errors.New("files: the account of the message isn't connected")
	}
	list, err := ch.Decode(raw)
	if err != nil || m.Part >= len(list) {
		return channels.Inbound{}, m, errors.Join(err, fmt.Errorf("files: message %d: its original can't be read", id))
	}
	return list[m.Part], m, nil
}
