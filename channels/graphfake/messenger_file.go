package graphfake

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// This file emulates Messenger's files. The app uploads a file, which messages then name by its id. Everybody who
// knows the URL of a file in a message can download it from Facebook's content delivery network (CDN) for some time.

// pageFile is a file that the Page or a customer has sent.
type pageFile struct {
	id, kind, name, contentType string
	content                     []byte
	expires                     time.Time
}

// cdnLife is how long the URL of a file works.
const cdnLife = 24 * time.Hour

// cdnURLLocked publishes a file and returns its URL, which works for cdnLife.
func (p *Page) cdnURLLocked(f *pageFile) string {
	f.expires = p.g.clock().Add(cdnLife)
	p.g.nodes["cdn:"+f.id] = cdnNode{p: p, f: f}
	return p.g.host.URL() + "/cdn/" + f.id + "/" + f.name
}

// fileURLLocked returns a new URL for the file of a message.
func (p *Page) fileURLLocked(m *PageMessage) string {
	return p.cdnURLLocked(&pageFile{
		id:          p.g.newIDLocked(),
		kind:        m.Kind,
		name:        m.Name,
		contentType: m.ContentType,
		content:     m.File,
	})
}

// cdnNode serves a file at its URL, without a token.
type cdnNode struct {
	p *Page
	f *pageFile
}

func (n cdnNode) ownerID() string { return n.p.config.ID }

func (n cdnNode) findRoute(method, _ string) (route, bool) {
	return route{"messenger.cdn", n.serve}, method == http.MethodGet
}

func (n cdnNode) serve(c *call) (any, *APIError) {
	n.p.g.mu.Lock()
	isExpired := !n.p.g.clock().Before(n.f.expires)
	n.p.g.mu.Unlock()

	if c.applyFaultsAfter(c.r.Context()) {
		return nil, nil
	}

	if isExpired {
		c.req.Status = http.StatusForbidden
		http.Error(c.w, "URL signature expired", http.StatusForbidden)
		return nil, nil
	}

	c.req.Status = http.StatusOK
	c.w.Header().Set("Content-Type", n.f.contentType)
	c.w.Header().Set("Content-Length", strconv.Itoa(len(n.f.content)))
	_, _ = c.w.Write(n.f.content)
	return nil, nil
}

// attachment is the part of a message that contains a file or a template, instead of a text.
type attachment struct {
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

// upload stores a file for later messages. Source: Messenger Platform, "Attachment Upload API".
func (p *Page) upload(c *call) (any, *APIError) {
	var in struct {
		Message *struct {
			Attachment attachment `json:"attachment"`
		} `json:"message"`
	}
	if err := c.readBody(&in); err != nil {
		return nil, err
	}
	if in.Message == nil {
		return nil, invalidParameter("Param message must be non-empty.")
	}

	part, isSent := c.args.File("filedata")
	if !isSent {
		return nil, invalidParameter("Param filedata is required.")
	}
	f := &pageFile{kind: in.Message.Attachment.Type, name: part.Name, content: part.Content}
	f.contentType = cmp.Or(part.ContentType, bareType(http.DetectContentType(f.content)))
	if err := f.check(); err != nil {
		return nil, err
	}

	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	f.id = p.g.newIDLocked()
	p.saved[f.id] = f
	return map[string]any{"attachment_id": f.id}, nil
}

// Maximum sizes of files, in bytes. Source: Messenger Platform, "Send API".
const (
	maxPageFile  = 25 << 20
	maxPageImage = 8 << 20
)

// check refuses files that Facebook doesn't accept.
func (f *pageFile) check() *APIError {
	failed := &APIError{Code: Invalid, Subcode: SubUpload, Message: "Upload attachment failure."}
	maxBytes := maxPageFile
	switch f.kind {
	case "image", "video", "audio":
		if !strings.HasPrefix(f.contentType, f.kind+"/") {
			return failed
		}
		if f.kind == "image" {
			maxBytes = maxPageImage
		}
	case "file":
		// Its content may be of any type.
	default:
		return invalidParameter("Param message[attachment][type] must be one of {audio, file, image, video}")
	}

	if len(f.content) == 0 || len(f.content) > maxBytes {
		return failed
	}

	return nil
}
