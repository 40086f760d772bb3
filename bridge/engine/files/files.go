// Package files reads the files of messages: those that customers sent, from the stored original or from blobs, and
// those that agents attached, from their surface or from blobs.
//
// What does not belong here: fetching files that stay with a provider (they are blobs once they are fetched), and which
// of them a post or a reply carries.
package files

import (
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

// maxOriginalBytes is how many bytes of customers' originals may be in memory at once while their files are posted. A
// larger original is read alone. As many bytes more are for files that people download by links.
const maxOriginalBytes = 48 << 20

// minOriginalBytes is what is reserved for the smallest original: it takes more memory than its files have bytes.
const minOriginalBytes = 1 << 20

// ErrNoFile means that a message has no such file, or that nobody may have it.
var ErrNoFile = errors.New("files: no such file")

// Connected finds what is connected now.
type Connected interface {
	Channel(account store.AccountID) channels.Channel // nil while it isn't connected
	Surface(account store.AccountID) bridge.Surface   // nil while it isn't connected
}

// Options of a Reader.
type Options struct {
	Pool      *pgxpool.Pool
	Objects   blob.Objects                                      // nil means the database has all blobs
	Original  func(message store.MessageID) string              // the signed link to a mail's HTML original; nil means there is none
	Link      func(message store.MessageID, file string) string // the signed public address of a file; nil means there is none
	Connected Connected
}

// Reader reads the files of messages.
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
	return &Reader{
		pool:      o.Pool,
		objects:   o.Objects,
		original:  o.Original,
		link:      o.Link,
		connected: o.Connected,
		large:     semaphore.NewWeighted(maxOriginalBytes),
		downloads: semaphore.NewWeighted(maxOriginalBytes),
	}
}

// Selection says which files of a customer's message are read.
type Selection struct {
	IsFetched   func(store.FileRef) bool // of the files that had to be fetched from the provider; the others of these count as missing
	OnlyFetched bool                     // nothing but these
}

// SelectAll selects all files of a message.
func SelectAll() Selection { return Selection{IsFetched: func(store.FileRef) bool { return true }} }

// htmlFileName is the name of a mail's HTML original as a file.
const htmlFileName = "original.html"

// goneReason is why a file that came inside a message is missing, in words for people.
const goneReason = "it is not there any more."

// Read returns the files of a customer's message, and those that are missing. Some came inside the message (the original): they are
// missing if the original is gone. Others had to be fetched from the provider. If there can be no link to a mail's HTML original, it
// becomes a file, too.
func (r *Reader) Read(ctx context.Context, m *store.Message, s Selection) (found []channels.File, missing []bridge.Missing, err error) {
	var original channels.Inbound
	isGone := false
	htmlAsFile := m.HasHTML && r.original == nil
	hasFilesInside := slices.ContainsFunc(m.Files, func(f store.FileRef) bool { return !f.Fetched })
	if !s.OnlyFetched && (htmlAsFile || hasFilesInside) {
		original, err = r.decodeOriginal(ctx, m.ID)
		if isGone = errors.Is(err, ErrNoFile); err != nil && !isGone {
			return nil, nil, err
		}
	}

	for _, ref := range m.Files {
		switch {
		case ref.Fetched && !s.IsFetched(ref):
			if !s.OnlyFetched {
				missing = append(missing, bridge.Missing{Name: ref.Name})
			}
		case ref.Fetched && ref.Blob == "":
			missing = append(missing, bridge.Missing{Name: ref.Name, Reason: ref.Missing})
		case ref.Fetched:
			found = append(found, r.withLink(m.ID, ref.Index, r.blobFile(ref)))
		case isGone:
			missing = append(missing, bridge.Missing{Name: ref.Name, Reason: goneReason})
		case ref.Index < len(original.Attachments):
			inside := original.Attachments[ref.Index]
			found = append(found, r.withLink(m.ID, ref.Index, memoryFile(inside.Name, inside.ContentType, inside.Content)))
		}
	}

	if isGone && htmlAsFile {
		missing = append(missing, bridge.Missing{Name: htmlFileName, Reason: goneReason})
	}
	if html := original.Original.HTML; html != nil && r.original == nil {
		found = append(found, memoryFile(htmlFileName, "text/html", []byte(html.Sanitised())))
	}
	return found, missing, nil
}

// blobFile returns a file whose bytes are in a blob. If they are gone, Open returns a *channels.SendError with ErrNoFile in it.
func (r *Reader) blobFile(ref store.FileRef) channels.File {
	open := func(ctx context.Context) (io.ReadCloser, error) {
		body, err := blob.Open(ctx, r.pool, r.objects, ref.Blob)
		if err = asNoFile(err); errors.Is(err, ErrNoFile) {
			err = &channels.SendError{
				Class: channels.BadContent,
				Text:  ref.Name + " is not stored any more.",
				Hint:  "Upload the file again, then send it.",
				Cause: err,
			}
		}
		return body, err
	}
	return channels.File{Name: ref.Name, ContentType: ref.ContentType, SizeBytes: ref.SizeBytes, Open: open}
}

// asNoFile adds ErrNoFile to an error that means that the bytes are not stored any more.
func asNoFile(err error) error {
	if errors.Is(err, pgx.ErrNoRows) || errors.Is(err, blob.ErrNoObject) {
		return fmt.Errorf("%w: %w", ErrNoFile, err)
	}
	return err
}

// Size returns how many bytes of memory it takes to read a message's files. Files that were fetched take none, because
// they are read piece by piece.
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

// ReserveMemory waits until a customer's original of this size has room in memory. The caller must call release afterwards.
func (r *Reader) ReserveMemory(ctx context.Context, size int64) (release func(), err error) {
	size = min(max(size, minOriginalBytes), maxOriginalBytes)
	if err := r.large.Acquire(ctx, size); err != nil {
		return nil, fmt.Errorf("files: original: %w", err)
	}
	return func() { r.large.Release(size) }, nil
}

// OriginalHTML returns the sanitised HTML original of a customer's message, or "" if the message came without HTML.
// Errors: ErrNoFile when the message or its original is gone; the database's.
func (r *Reader) OriginalHTML(ctx context.Context, id store.MessageID) (string, error) {
	release, err := r.ReserveMemory(ctx, maxOriginalBytes/4) // its size isn't known yet
	if err != nil {
		return "", err
	}
	defer release()
	in, err := r.decodeOriginal(ctx, id)
	if err != nil || in.Original.HTML == nil {
		return "", err
	}
	return in.Original.HTML.Sanitised(), nil
}

// decodeOriginal decodes the stored bytes of a customer's message again.
func (r *Reader) decodeOriginal(ctx context.Context, id store.MessageID) (channels.Inbound, error) {
	m, err := r.message(ctx, id)
	if err != nil {
		return channels.Inbound{}, err
	}

	ev, err := store.GetEvent(ctx, r.pool, m.EventID)
	if errors.Is(err, pgx.ErrNoRows) {
		return channels.Inbound{}, fmt.Errorf("%w: the original of message %d was removed", ErrNoFile, id)
	}
	if err != nil {
		return channels.Inbound{}, err
	}

	raw := ev.Payload
	if ev.Blob != nil {
		if raw, err = blob.Get(ctx, r.pool, r.objects, *ev.Blob); err != nil {
			return channels.Inbound{}, asNoFile(err)
		}
	}

	if len(raw) == 0 {
		return channels.Inbound{}, fmt.Errorf("%w: the original of message %d was removed", ErrNoFile, id)
	}

	ch := r.connected.Channel(ev.AccountID)
	if ch == nil {
		return channels.Inbound{}, errors.New("files: the account of the message isn't connected")
	}

	list, err := ch.Decode(raw)
	if err != nil || m.Part >= len(list) {
		return channels.Inbound{}, errors.Join(err, fmt.Errorf("files: message %d: its original can't be read", id))
	}

	return list[m.Part], nil
}
