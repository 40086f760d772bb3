package bridge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"parley/channels"
	"parley/store"
)

// ErrNoFile means that a message has no such file to give away.
var ErrNoFile = errors.New("bridge: no such file")

// outgoingFile gives a file that an agent attached, as a channel gets it.
// Errors: *channels.SendError.
func (e *Engine) outgoingFile(s Surface, message int64, ref store.FileRef) (channels.File, error) {
	var f SurfaceFile
	if err := json.Unmarshal(ref.Surface, &f); err != nil {
		return channels.File{}, fmt.Errorf("bridge: file of message %d: %w", message, err)
	}
	if f.Unavailable != "" {
		return channels.File{}, &channels.SendError{Class: channels.BadContent, Text: f.Name + " can't be read: " + f.Unavailable,
			Hint: "Upload the file itself and send again."}
	}
	if s == nil {
		return channels.File{}, retry(errors.New("bridge: the surface of the file isn't connected"))
	}
	link := func() (string, error) {
		if e.opt.FileLink == nil {
			return "", &channels.SendError{Class: channels.BadContent, Text: "Files can't be sent here: this Parley has no public address to fetch them from.",
				Hint: "An admin can set PARLEY_PUBLIC_URL; until then send a text."}
		}
		return e.opt.FileLink(message, fileName(ref)), nil
	}
	return channels.File{Name: f.Name, ContentType: f.ContentType, SizeBytes: f.SizeBytes, Open: opener(s, f), Link: link}, nil
}

// fileName names a file of a message in links: an edit that takes another file doesn't
// change what a link leads to.
func fileName(ref store.FileRef) string {
	sum := sha256.Sum256(ref.Surface)
	return hex.EncodeToString(sum[:8])
}

// OutgoingFile gives a file of a message that leaves or left for a customer, for whoever
// fetches it by a signed link.
// Errors: ErrNoFile, also for a file of a message that stayed inside; and the database's.
func (e *Engine) OutgoingFile(ctx context.Context, message int64, file string) (channels.File, error) {
	messages, err := store.Messages(ctx, e.pool, message)
	if err != nil {
		return channels.File{}, err
	}
	if len(messages) == 0 {
		return channels.File{}, ErrNoFile
	}
	m := messages[0]
	switch m.Fate {
	case store.FateWaiting, store.FateOut, store.FateUnclear, store.FateFailed: // of one that failed, another part may leave
	default:
		return channels.File{}, ErrNoFile
	}
	for _, ref := range m.Files {
		if len(ref.Surface) > 0 && fileName(ref) == file {
			return e.outgoingFile(e.surface(m.AccountID), m.ID, ref)
		}
	}
	return channels.File{}, ErrNoFile
}
