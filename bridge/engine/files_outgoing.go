package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// This file opens files that agents attach to replies. Such a file is stored in the agents' chat (the surface), and is read from there
// when the reply is sent; or it was uploaded to Parley, which stores it as a blob. A signed link contains the message's id and a name
// that fileName makes, such as "up0-3f2a…".

// ForChannel returns a file that an agent attached, for the channel (such as e-mail) that sends it to the customer. s is the surface
// of the file, or nil if it isn't connected. Errors are *channels.SendError.
func (r *Reader) ForChannel(s bridge.Surface, message store.MessageID, ref store.FileRef) (channels.File, error) {
	if ref.Of != 0 {
		open := func(ctx context.Context) (io.ReadCloser, error) { return r.openOf(ctx, ref) }
		return channels.File{Name: ref.Name, ContentType: ref.ContentType, SizeBytes: ref.SizeBytes, Open: open}, nil
	}
	f := FromSurface(ref)
	if f.Unavailable != "" {
		return channels.File{}, &channels.SendError{
			Class: channels.BadContent,
			Text:  f.Name + " can't be read: " + f.Unavailable,
			Hint:  "Upload the file itself and send again.",
		}
	}
	if s == nil && ref.Blob == "" {
		return channels.File{}, &channels.SendError{
			Class: channels.Retry,
			Text:  "Parley could not prepare the message.",
			Cause: errors.New("files: the surface of the file isn't connected"),
		}
	}

	link := func() (string, error) {
		if r.link == nil {
			return "", &channels.SendError{
				Class: channels.BadContent,
				Text:  "Files can't be sent here: this Parley has no public address to fetch them from.",
				Hint:  "An admin can set PARLEY_PUBLIC_URL; until then send a text.",
			}
		}
		name := fileName(ref)
		if ref.Blob == "" {
			// The JSON as stored: during an update a replica of the previous version, which knows no other name, may serve the link.
			name = hashOf(ref.Surface)
		}
		return r.link(message, name), nil
	}

	open := func(ctx context.Context) (io.ReadCloser, error) { return s.Open(ctx, f) }
	if ref.Blob != "" {
		open = r.blobFile(ref).Open
	}

	return channels.File{Name: f.Name, ContentType: f.ContentType, SizeBytes: f.SizeBytes, Open: open, Link: link}, nil
}

// openOf opens a file of another message, which a mail repeats.
func (r *Reader) openOf(ctx context.Context, ref store.FileRef) (io.ReadCloser, error) {
	m, err := r.message(ctx, ref.Of)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(m.Files, func(f store.FileRef) bool { return f.Index == ref.OfIndex })
	file, err := channels.File{}, ErrNoFile
	switch {
	case i < 0:
	case m.HasOriginal():
		file, err = r.fileIn(&m, ref.OfIndex)
	default:
		file, err = r.ForChannel(r.connected.Surface(m.AccountID), m.ID, m.Files[i])
	}
	var body io.ReadCloser
	if err == nil {
		body, err = file.Open(ctx)
	}
	if errors.Is(err, ErrNoFile) {
		err = &channels.SendError{
			Class: channels.BadContent, Text: ref.Name + " is not stored any more.", Hint: "Send it again without that message.", Cause: err,
		}
	}
	return body, err
}

// FromSurface returns the surface's description of a file that an agent attached. It returns the zero SurfaceFile for a customer's
// file.
func FromSurface(ref store.FileRef) bridge.SurfaceFile {
	var f bridge.SurfaceFile
	_ = json.Unmarshal(ref.Surface, &f) //nolint:errcheck // we have marshalled it ourselves
	return f
}

// uploadedFile is the prefix, in links, of files that agents uploaded to Parley.
const uploadedFile = "up"

// fileName returns the name of an agent's file in links. It contains a hash that identifies the file, so that an old link never leads
// to another file after the message was edited.
func fileName(ref store.FileRef) string {
	if ref.Blob != "" { // a blob's name is the hash of its content
		return uploadedFile + strconv.Itoa(ref.Index) + "-" + ref.Blob[:min(len(ref.Blob), 16)]
	}
	return hashOf(bridge.JSON(FromSurface(ref))) // not of ref.Surface: PostgreSQL reformats stored JSON
}

func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:8])
}

// IsForThread reports whether a link with this file name is posted in the agents' thread, because the file itself isn't in the chat.
// People may click on such links much later.
func IsForThread(file string) bool {
	return strings.HasPrefix(file, incomingFile) || strings.HasPrefix(file, uploadedFile)
}

// Attached returns the names of the files that an agent attached to a message, with links if Parley has a public URL.
func (r *Reader) Attached(m *store.Message) []bridge.LineFile {
	var list []bridge.LineFile
	for _, ref := range m.Files {
		f := bridge.LineFile{Name: ref.Name}
		if r.link != nil {
			f.URL = r.link(m.ID, fileName(ref))
		}
		list = append(list, f)
	}
	return list
}

// UploadedNames returns the names of a message's files that were uploaded to Parley, and so aren't in the chat. It is for messages that
// were not sent, whose files OutgoingFile refuses; so it adds no links.
func UploadedNames(m *store.Message) []bridge.LineFile {
	var list []bridge.LineFile
	for _, ref := range m.Files {
		if ref.Blob != "" && len(ref.Surface) > 0 {
			list = append(list, bridge.LineFile{Name: ref.Name})
		}
	}
	return list
}

// OutgoingFile returns a file of a reply by the name from its signed link. It returns ErrNoFile if there is no such file, or if the
// message is not for the customer.
func (r *Reader) OutgoingFile(ctx context.Context, message store.MessageID, file string) (channels.File, error) {
	m, err := r.message(ctx, message)
	if err != nil {
		return channels.File{}, err
	}

	switch m.Fate {
	case store.FateWaiting, store.FateOut, store.FateUnclear, store.FateFailed: // another part of a failed reply may still be sent
	default:
		return channels.File{}, ErrNoFile
	}

	for _, ref := range m.Files {
		isMeant := fileName(ref) == file || hashOf(ref.Surface) == file
		if len(ref.Surface) > 0 && isMeant {
			return r.ForChannel(r.connected.Surface(m.AccountID), m.ID, ref)
		}
	}

	return channels.File{}, ErrNoFile
}
