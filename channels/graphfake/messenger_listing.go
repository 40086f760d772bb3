package graphfake

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"parley/channels/graphfake/codes"
)

// upload keeps a file for later messages.
func (p *Page) upload(c *call) (any, *APIError) {
	_, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return nil, invalidParameter("Param filedata is required: send a multipart form.")
	}

	form, err := multipart.NewReader(bytes.NewReader(c.body), params["boundary"]).ReadForm(maxRequest)
	if err != nil {
		return nil, invalidParameter("The form can't be read.")
	}
	defer func() { _ = form.RemoveAll() }()
	var message struct {
		Attachment struct {
			Type string `json:"type"`
		} `json:"attachment"`
	}

	messages := form.Value["message"]
	if len(messages) != 1 || json.Unmarshal([]byte(messages[0]), &message) != nil {
		return nil, invalidParameter("Param message must be non-empty.")
	}

	files := form.File["filedata"]
	if len(files) != 1 {
		return nil, invalidParameter("Param filedata is required.")
	}

	part, err := files[0].Open()
	if err != nil {
		return nil, invalidParameter("The file can't be read.")
	}
	defer func() { _ = part.Close() }()
	content, err := io.ReadAll(part)
	if err != nil {
		return nil, invalidParameter("The file can't be read.")
	}

	f := &pageFile{kind: message.Attachment.Type, name: files[0].Filename, contentType: files[0].Header.Get("Content-Type"), content: content}
	if err := f.check(); err != nil {
		return nil, err
	}

	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	f.id = p.g.newID()
	p.saved[f.id] = f
	return map[string]any{"attachment_id": f.id}, nil
}

// Sizes of files, in bytes. Source: Messenger Platform, "Send API".
const (
	maxPageFile  = 25 << 20
	maxPageImage = 8 << 20
)

// check refuses what Facebook doesn't take.
func (f *pageFile) check() *APIError {
	failed := &APIError{Code: codes.Invalid, Subcode: codes.SubUpload, Message: "Upload attachment failure."}
	most := maxPageFile
	switch f.kind {
	case "image", "video", "audio":
		if !strings.HasPrefix(f.contentType, f.kind+"/") {
			return failed
		}
		if f.kind == "image" {
			most = maxPageImage
		}
	case "file":
		// Its content may be of any type.
	default:
		return invalidParameter("Param message[attachment][type] must be one of {audio, file, image, video}")
	}

	if len(f.content) == 0 || len(f.content) > most {
		return failed
	}

	return nil
}

// maxRecent is how many messages of a conversation Facebook lists at most.
const maxRecent = 20

// limitPattern finds the limit of messages in fields.
var limitPattern = regexp.MustCompile(`messages\.limit\((\d+)\)`)

// listConversations lists the Page's conversations with their last messages.
func (p *Page) listConversations(c *call) (any, *APIError) {
	q := c.req.Query
	platform, user := q.Get("platform"), q.Get("user_id")
	if platform != "" && platform != "messenger" {
		return map[string]any{"data": []any{}}, nil
	}

	fields, limit := q.Get("fields"), maxRecent
	if m := limitPattern.FindStringSubmatch(fields); m != nil {
		n, _ := strconv.Atoi(m[1])
		limit = min(limit, max(n, 1))
	}

	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	data := []any{}
	for _, person := range p.people {
		isWanted := user == "" || user == person.id
		if !isWanted || len(person.messages) == 0 {
			continue
		}

		one := map[string]any{"id": "t_" + person.id, "updated_time": graphTime(person.messages[len(person.messages)-1])}
		if strings.Contains(fields, "participants") {
			one["participants"] = map[string]any{"data": []any{map[string]any{"id": person.id, "name": person.shownName()},
				map[string]any{"id": p.config.ID, "name": p.config.Name}}}
		}
		if strings.Contains(fields, "messages") {
			one["messages"] = map[string]any{"data": p.listMessages(person, limit)}
		}

		data = append(data, one)
	}

	return map[string]any{"data": data}, nil
}

func graphTime(m *PageMessage) string { return m.At.UTC().Format("2006-01-02T15:04:05-0700") }

// shownName returns the customer's name as apps may read it; "" if they may not.
func (c *PageCustomer) shownName() string {
	if c.private {
		return ""
	}
	return c.name
}

// listMessages returns the last messages of a conversation, newest first, without their metadata.
func (p *Page) listMessages(c *PageCustomer, limit int) []any {
	list := []any{}
	for _, m := range slices.Backward(c.messages) {
		if len(list) == limit {
			break
		}

		from := map[string]any{"id": c.id, "name": c.shownName()}
		if m.FromPage {
			from = map[string]any{"id": p.config.ID, "name": p.config.Name}
		}

		one := map[string]any{"id": m.ID, "created_time": graphTime(m), "from": from, "message": m.Text}
		switch {
		case m.Kind == "template":
			one["message"] = ""
			one["attachments"] = map[string]any{"data": []any{map[string]any{"id": "a_" + m.ID, "generic_template": map[string]any{"title": m.Text}}}}
		case m.Kind != "":
			file := map[string]any{"id": "a_" + m.ID, "name": m.Name, "mime_type": m.ContentType, "size": len(m.File)}
			at := p.cdnURL(&pageFile{id: p.g.newID(), kind: m.Kind, name: m.Name, contentType: m.ContentType, content: m.File})
			switch m.Kind {
			case "image", "sticker":
				file["image_data"] = map[string]any{"url": at, "render_as_sticker": m.Kind == "sticker"}
			case "video":
				file["video_data"] = map[string]any{"url": at}
			default:
				file["file_url"] = at
			}

			one["attachments"] = map[string]any{"data": []any{file}}
		}

		list = append(list, one)
	}

	return list
}
