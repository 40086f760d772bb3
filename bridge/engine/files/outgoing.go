package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// ForChannel returns a file that an agent attached, as a channel gets it.
// Errors: *channels.SendError.
func (r *Reader) ForChannel(s bridge.Surface, message store.MessageID, ref store.FileRef) (channels.File, error) {
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
			name = hashOf(ref.Surface) // as the database has it; a replica of the version before, which may be asked, knows no other name
		}
		return r.link(message, name), nil
	}

	open := func(ctx context.Context) (io.ReadCloser, error) { return s.Open(ctx, f) }
	if ref.Blob != "" {
		open = r.blobFile(ref).Open
	}

	return channels.File{Name: f.Name, ContentType: f.ContentType, SizeBytes: f.SizeBytes, Open: open, Link: link}, nil
}

// FromSurface reads what a surface said of a file that an agent attached. It returns the zero SurfaceFile for a
// customer's file.
func FromSurface(ref store.FileRef) bridge.SurfaceFile {
	var f bridge.SurfaceFile
	_ = json.Unmarshal(ref.Surface, &f) //nolint:errcheck // written by us
	return f
}

// uploadedFile begins the names of files in links that agents uploaded to Parley.
const uploadedFile = "up"

// fileName names a file of a message in links. The name depends on the file itself, so that an old link never leads to
// another file after the message was edited.
func fileName(ref store.FileRef) string {
	if ref.Blob != "" { // its name is a hash
		return uploadedFile + strconv.Itoa(ref.Index) + "-" + ref.Blob[:min(len(ref.Blob), 16)]
	}
	return hashOf(bridge.JSON(FromSurface(ref))) // not of Surface: the database writes its JSON in another form
}

func hashOf(said []byte) string {
	sum := sha256.Sum256(said)
	return hex.EncodeToString(sum[:8])
}

// IsForThread reports whether links with a file's name are for people in the thread, who may click on them much later,
// because the file itself isn't in the chat.
func IsForThread(file string) bool {
	return strings.HasPrefix(file, incomingFile) || strings.HasPrefix(file, uploadedFile)
}

// Attached names the files that an agent attached to a message, with links to them if Parley has a
// public address.
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

// UploadedNames names the files of a message that were uploaded to Parley, and so aren't in the chat. It adds no links,
// because nobody gets files that did not leave.
func UploadedNames(m *store.Message) []bridge.LineFile {
	var list []bridge.LineFile
	for _, ref := range m.Files {
		if ref.Blob != "" && len(ref.Surface) > 0 {
			list = append(list, bridge.LineFile{Name: ref.Name})
		}
	}
	return list
}

// OutgoingFile returns a file of a message that leaves or left for a customer, for whoever
// fetches it by a signed link.
// Errors: ErrNoFile, also for a file of a message that stayed inside; and the database's.
func (r *Reader) OutgoingFile(ctx context.Context, message store.MessageID, file string) (channels.File, error) {
	m, err := r.message(ctx, message)
	if err != nil {
		return channels.File{}, err
	}

	switch m.Fate {
	case store.FateWaiting, store.FateOut, store.FateUnclear, store.FateFailed: // of one that failed, another part may leave
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
