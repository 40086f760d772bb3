package engine

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

// maxOriginalBytes limits the memory for customers' originals whose files are being posted. A larger original is read alone. The same
// amount again is available for files that people download by links.
const maxOriginalBytes = 48 << 20

// minOriginalBytes is the least that is reserved for an original, since decoding takes more memory than the size of its files.
const minOriginalBytes = 1 << 20

// ErrNoFile means that a message has no such file, that the file is no longer stored, or that it must not be given out.
var ErrNoFile = errors.New("files: no such file")

// Connected looks up the running channels (customers' side) and surfaces (agents' chats). Both methods return nil while the account
// isn't connected.
type Connected interface {
	Channel(account store.AccountID) channels.Channel
	Surface(account store.AccountID) bridge.Surface
}

// FilesOptions of a Reader.
type FilesOptions struct {
	Pool      *pgxpool.Pool
	Objects   blob.Objects                                      // nil means that the database has all blobs
	Original  func(message store.MessageID) string              // makes the signed link to a mail's HTML original; nil if impossible
	Link      func(message store.MessageID, file string) string // makes the signed public URL of a file; nil if impossible
	Connected Connected
}

// Reader opens the files of messages. It limits how much memory they take. It is safe for concurrent use.
type Reader struct {
	pool      *pgxpool.Pool
	objects   blob.Objects
	original  func(message store.MessageID) string
	link      func(message store.MessageID, file string) string
	connected Connected
	originals *semaphore.Weighted // bytes of originals in memory
	downloads *semaphore.Weighted // bytes of downloads in memory; separate, because people may download slowly
}

// NewFiles makes a Reader.
func NewFiles(o FilesOptions) *Reader {
	return &Reader{
		pool:      o.Pool,
		objects:   o.Objects,
		original:  o.Original,
		link:      o.Link,
		connected: o.Connected,
		originals: semaphore.NewWeighted(maxOriginalBytes),
		downloads: semaphore.NewWeighted(maxOriginalBytes),
	}
}

// Selection says which files of a customer's message are read. Files inside the original are read unless OnlyFetched is set.
type Selection struct {
	IsFetched   func(store.FileRef) bool // selects among the files fetched from the provider; the others count as missing
	OnlyFetched bool                     // read only the selected fetched files, and don't list the others as missing
}

// SelectAll selects all files of a message.
func SelectAll() Selection { return Selection{IsFetched: func(store.FileRef) bool { return true }} }

// htmlFileName is the name under which a mail's HTML original is posted as a file.
const htmlFileName = "original.html"

// goneReason tells people why a file of a removed original is missing.
const goneReason = "it is not there any more."

// Read returns the selected files of a customer's message, and those that are missing. Files inside the message are missing if its
// original was removed by the retention rules. If links to a mail's HTML original are not possible, the HTML becomes a file too.
func (r *Reader) Read(ctx context.Context, m *store.Message, s Selection) (found []channels.File, missing []bridge.Missing, err error) {
	var original channels.Inbound
	isGone := false
	htmlAsFile := r.isHTMLFile(m)
	hasFilesInside := slices.ContainsFunc(m.Files, func(f store.FileRef) bool { return !f.Fetched })
	if !s.OnlyFetched && (htmlAsFile || hasFilesInside) {
		original, err = r.decodeOriginal(ctx, m.ID)
		isGone = errors.Is(err, ErrNoFile)
		if err != nil && !isGone {
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
	if html := original.Original.HTML; html != nil && htmlAsFile {
		found = append(found, memoryFile(htmlFileName, "text/html", []byte(html.Sanitised())))
	}
	return found, missing, nil
}

// HasPost reports whether a customer's message has something that a post of its files shows.
func (r *Reader) HasPost(m *store.Message) bool { return len(m.Files) > 0 || r.isHTMLFile(m) }

// isHTMLFile reports whether a mail's HTML original is posted as a file, because there can be no link to it.
func (r *Reader) isHTMLFile(m *store.Message) bool { return m.HasHTML && r.original == nil }

// blobFile returns a file whose bytes are in a blob. If the blob is gone, Open returns a *channels.SendError that wraps ErrNoFile.
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

// asNoFile wraps an error with ErrNoFile if it means that the bytes are no longer stored.
func asNoFile(err error) error {
	if errors.Is(err, pgx.ErrNoRows) || errors.Is(err, blob.ErrNoObject) {
		return fmt.Errorf("%w: %w", ErrNoFile, err)
	}
	return err
}

// Size returns how many bytes of memory it takes to read the files of a message, which may be nil. Fetched files take none, because
// they are streamed.
func Size(m *store.Message) int64 {
	if m == nil {
		return 0
	}
	var size int64
	for _, f := range m.Files {
		if !f.Fetched {
			size += f.SizeBytes
		}
	}
	return size
}

// ReserveMemory waits until there is memory for a customer's original of this size. The caller must call release afterwards.
func (r *Reader) ReserveMemory(ctx context.Context, size int64) (release func(), err error) {
	size = min(max(size, minOriginalBytes), maxOriginalBytes)
	if err := r.originals.Acquire(ctx, size); err != nil {
		return nil, fmt.Errorf("files: original: %w", err)
	}
	return func() { r.originals.Release(size) }, nil
}

// OriginalHTML returns the sanitised HTML original of a customer's message, or "" if the message had no HTML part. It returns
// ErrNoFile if the message or its original is gone.
func (r *Reader) OriginalHTML(ctx context.Context, id store.MessageID) (string, error) {
	release, err := r.ReserveMemory(ctx, maxOriginalBytes/4) // an estimate, because its size isn't known yet
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

// decodeOriginal decodes the stored bytes of a customer's message again. It returns ErrNoFile if they were removed.
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
