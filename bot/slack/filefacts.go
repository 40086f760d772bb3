package slack

import (
	"bytes"
	"context"
	"fmt"

	slackapi "github.com/slack-go/slack"

	"parley/channels"
)

// describeFiles adds the details of attached files to a stored event (a fact). In a channel that is shared with another
// organisation, an event has only a file's id: {"id":"F1","file_access":"check_file_info"}. The type and size decide
// whether the file can be sent to a customer. If a lookup fails here, it is repeated when the file is sent.
// Source: docs.slack.dev/reference/objects/file-object, "Slack Connect files", read 2026-11.
func (w *workspace) describeFiles(ctx context.Context, f channels.Fact) channels.Fact {
	if !bytes.Contains(f.Payload, []byte(AskForFile)) { // the common case, without decoding
		return f
	}
	p, err := Unwrap(f.Payload)
	if err != nil {
		return f // unreadable facts have no files
	}

	p.Self.Files = map[string]File{}
	for _, id := range p.UndescribedFiles() {
		info, err := w.askFile(ctx, id)
		if err != nil {
			w.log.Warn("slack doesn't say what a file is", "error", err)
			continue
		}
		isComplete := info.Mimetype != "" || info.Mode != "hosted" // Slack determines the type some time after the upload
		if isComplete {
			p.Self.Files[id] = info
		}
	}

	described, err := p.Self.Fact(p.Kind, f.ExternalID, f.OrderKey, p.Body)
	if err != nil {
		return f
	}
	return described
}

// readFile reads the details of a file, with retries.
func (w *workspace) readFile(ctx context.Context, id string) (*slackapi.File, error) {
	info, err := retryRead(ctx, func(ctx context.Context) (*slackapi.File, error) {
		info, _, _, err := w.api.GetFileInfoContext(ctx, id, 0, 0)
		return info, err
	})
	if err != nil {
		return nil, fmt.Errorf("slack: files.info: %w", err)
	}
	return info, nil
}

// askFile is like readFile. If the file was deleted, or if the app may not see it, it returns a File
// that says so.
// Errors: all other errors of Slack.
func (w *workspace) askFile(ctx context.Context, id string) (File, error) {
	info, err := w.readFile(ctx, id)
	if f, known := UnreadableFile(id, CodeOf(err)); known {
		return f, nil
	}
	if err != nil {
		return File{}, err
	}

	return File{
		ID: info.ID, Name: info.Name, Title: info.Title, Mimetype: info.Mimetype, Size: int64(info.Size),
		Mode: info.Mode, IsExternal: info.IsExternal, Private: info.URLPrivate, Download: info.URLPrivateDownload,
		Access: info.FileAccess,
	}, nil
}
