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
)

// upload keeps a file for later messages.
func (p *Page) upload(c *call) (any, *APIError) {
	_, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return nil, invalid("Param filedata is required: send a multipart form.")
	}
	form, err := multipart.NewReader(bytes.NewReader(c.body), params["boundary"]).ReadForm(maxRequest)
	if err != nil {
		return nil, invalid("The form can't be read.")
	}
	defer func() { _ = form.RemoveAll() }()
	var message struct {
		Attachment struct {
			Type string `json:"type"`
		} `json:"attachment"`
	}
	if v := form.Value["message"]; len(v) != 1 || json.Unmarshal([]byte(v[0]), &message) != nil {
		return nil, invalid("Param message must be non-empty.")
	}
	files := form.File["filedata"]
	if len(files) != 1 {
		return nil, invalid("Param filedata is required.")
	}
	part, err := files[0].Open()
	if err != nil {
		return nil, invalid("The file can't be read.")
	}
	defer func() { _ = part.Close() }()
	content, err := io.ReadAll(part)
	if err != nil {
		return nil, invalid("The file can't be read.")
	}
	f := &pageFile{kind: message.Attachment.Type, name: files[0].Filename, contentType: files[0].Header.Get("Content-Type"), content: content}
	if err := f.check(); err != nil {
		return nil, err
	}
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	f.id = p.g.number()
	p.saved[f.id] = f
	return map[string]any{"attachment_id": f.id}, nil
}

// check enforces what Facebook takes.
func (f *pageFile) check() *APIError {
	failed := &APIError{Code: 100, Subcode: 2018047, Message: "Upload attachment failure."}
	most := 25 << 20
	switch f.kind {
	case "image":
		most = 8 << 20
		fallthrough
	case "video", "audio":
		if !strings.HasPrefix(f.contentType, f.kind+"/") {
			return failed
		}
	case "file":
	default:
		return invalid("Param message[attachment][type] must be one of {audio, file, image, video}")
	}
	if len(f.content) == 0 || len(f.content) > most {
		return failed
	}
	return nil
}

// recent is how many messages of a conversation Facebook tells about.
const recent = 20

// limitPattern finds the limit of messages in fields.
var limitPattern = regexp.MustCompile(`messages\.limit\((\d+)\)`)

// conversations lists the Page's conversations with their last messages.
func (p *Page) conversations(c *call) (any, *APIError) {
	q := c.req.Query
	if platform := q.Get("platform"); platform != "" && platform != "messenger" {
		return map[string]any{"data": []any{}}, nil
	}
	fields, limit := q.Get("fields"), recent
	if m := limitPattern.FindStringSubmatch(fields); m != nil {
		n, _ := strconv.Atoi(m[1])
		limit = min(limit, max(n, 1))
	}
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	data := []any{}
	for _, person := range p.people {
		if user := q.Get("user_id"); user != "" && user != person.id || len(person.messages) == 0 {
			continue
		}
		one := map[string]any{"id": "t_" + person.id, "updated_time": graphTime(person.messages[len(person.messages)-1])}
		if strings.Contains(fields, "participants") {
			one["participants"] = map[string]any{"data": []any{map[string]any{"id": person.id, "name": person.shownName()},
				map[string]any{"id": p.config.ID, "name": p.config.Name}}}
		}
		if strings.Contains(fields, "messages") {
			one["messages"] = map[string]any{"data": p.listing(person, limit)}
		}
		data = append(data, one)
	}
	return map[string]any{"data": data}, nil
}

func graphTime(m *PageMessage) string { return m.At.UTC().Format("2006-01-02T15:04:05-0700") }

// shownName is her name as apps may read it.
func (c *PageCustomer) shownName() string {
	if c.private {
		return ""
	}
	return c.name
}

// listing returns the last messages of a conversation, newest first. Metadata isn't told.
func (p *Page) listing(c *PageCustomer, limit int) []any {
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
			at := p.cdnURL(&pageFile{id: p.g.number(), kind: m.Kind, name: m.Name, contentType: m.ContentType, content: m.File})
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
