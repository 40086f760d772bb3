package meta

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"

	"parley/channels"
)

// uploadFiles uploads the files of a message and puts their ids into parts. A part is what one request sends.
// All files are uploaded before the first part is sent, so that nothing is sent if a file can't be read or is
// refused.
func (c *Page) uploadFiles(ctx context.Context, o channels.Outbound, parts []part) error {
	for i := o.Attempt.Part; i < len(parts); i++ {
		f := parts[i].file
		if f == nil {
			continue
		}
		kind := attachmentType(f.ContentType)
		id, err := c.uploadOne(ctx, o.DeliveryID, *f, kind)
		if err != nil {
			return err
		}
		parts[i].message.Attachment = &outAttached{Type: kind, Payload: savedFile{ID: id}}
	}
	return nil
}

// uploadOne uploads a file of a delivery and returns its id. If the file was uploaded recently, it only
// returns the id: otherwise a message of several parts would upload its file again with each part. uploadOne
// waits for one of c.uploads, because the whole file is in memory during an upload.
func (c *Page) uploadOne(ctx context.Context, delivery int64, f channels.File, kind string) (string, error) {
	done, err := c.waitForUpload(ctx)
	if err != nil {
		return "", err
	}
	defer done()

	content, err := readFile(ctx, f)
	if err != nil {
		return "", err
	}

	// The hash is needed because an edit may have replaced the file with one of the same name.
	key := fmt.Sprintf("%d %s %q %x", delivery, kind, f.Name, sha256.Sum256(content))
	if id := c.uploaded.find(key); id != "" {
		return id, nil
	}

	id, err := c.callUpload(ctx, f, kind, content)
	if err == nil {
		c.uploaded.remember(key, id)
	}

	return id, err
}

// callUpload makes the request that uploads a file, and returns its id.
func (c *Page) callUpload(ctx context.Context, f channels.File, kind string, content []byte) (string, error) {
	message := `{"attachment":{"type":"` + kind + `","payload":{"is_reusable":true}}}`
	var answer struct {
		ID string `json:"attachment_id"`
	}

	err := c.graph.Upload(ctx, c.id+"/message_attachments", map[string]string{"message": message},
		uploadFile{Field: "filedata", Name: f.Name, ContentType: f.ContentType, Content: content}, &answer)
	if err != nil {
		e := c.classifyError(err)
		if isLost(err) || e.Class == channels.Ambiguous {
			return "", c.errUploadLost(err)
		}
		return "", e
	}

	if answer.ID == "" {
		return "", &channels.SendError{Class: channels.Retry, Text: "Facebook did not name the uploaded file."}
	}

	return answer.ID, nil
}

// readFile reads an outgoing file.
// Errors: *channels.SendError, never of class Ambiguous.
func readFile(ctx context.Context, f channels.File) ([]byte, error) {
	r, err := f.Open(ctx)
	if err != nil {
		return nil, errUnreadableFile(f.Name, err)
	}
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(r, maxBytesOf(f)+1))
	switch {
	case err != nil:
		return nil, errUnreadableFile(f.Name, err)
	case int64(len(content)) > maxBytesOf(f):
		return nil, errPageFileTooLarge(f)
	case len(content) == 0:
		return nil, channels.RefuseContent(f.Name+" is empty: Messenger takes no empty file.", "Attach another one.")
	}

	return content, nil
}
