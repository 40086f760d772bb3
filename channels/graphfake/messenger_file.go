package graphfake

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"parley/channels/graphfake/arguments"
	"parley/channels/graphfake/codes"
)

// pageFile is a file that somebody sent, and where the CDN serves it.
type pageFile struct {
	id, kind, name, contentType string
	content                     []byte
	expires                     time.Time
}

// cdnLife is how long the address of a file works.
const cdnLife = 24 * time.Hour

// cdnURLLocked returns an address of a file that works for a while.
func (p *Page) cdnURLLocked(f *pageFile) string {
	f.expires = p.g.clock().Add(cdnLife)
	p.g.nodes["cdn:"+f.id] = cdnNode{p: p, f: f}
	return p.g.host.URL() + "/cdn/" + f.id + "/" + f.name
}

// fileURLLocked returns an address of a message's file that works for a while.
func (p *Page) fileURLLocked(m *PageMessage) string {
	return p.cdnURLLocked(&pageFile{
		id:          p.g.newIDLocked(),
		kind:        m.Kind,
		name:        m.Name,
		contentType: m.ContentType,
		content:     m.File,
	})
}

// cdnNode serves a file to whoever knows its address, without a token.
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

// attachment is what a message has instead of a text.
type attachment struct {
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

// filePayload is what an attachment says of a file: which upload it is, or where it can be fetched.
type filePayload struct {
	ID         string `json:"attachment_id"`
	URL        string `json:"url"`
	IsReusable bool   `json:"is_reusable"`
}

// readPayload reads what an attachment says of its file.
func (a attachment) readPayload() (filePayload, *APIError) {
	var v filePayload
	if len(a.Payload) > 0 && json.Unmarshal(a.Payload, &v) != nil {
		return v, invalidParameter("Param message[attachment][payload] is malformed.")
	}
	return v, nil
}

// upload keeps a file for later messages. Source: Messenger Platform, "Attachment Upload API".
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

	f, err := p.receiveFile(c, in.Message.Attachment)
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, invalidParameter("Param filedata is required, or message[attachment][payload][url].")
	}

	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	p.saveLocked(f)
	return map[string]any{"attachment_id": f.id}, nil
}

// saveLocked keeps a file, and gives it its id.
func (p *Page) saveLocked(f *pageFile) {
	f.id = p.g.newIDLocked()
	p.saved[f.id] = f
}

// receiveFile returns the file that comes with a call, or that is at the address that the call names; nil if there is neither.
// It is called without the lock: the sender's host may be slow, or ask this server.
func (p *Page) receiveFile(c *call, a attachment) (*pageFile, *APIError) {
	if a.Type == "template" {
		return nil, nil
	}
	payload, err := a.readPayload()
	if err != nil {
		return nil, err
	}

	var f *pageFile
	part, isSent := c.args.File("filedata")
	switch {
	case isSent:
		f = &pageFile{name: part.Name, contentType: part.ContentType, content: part.Content}
	case payload.URL != "":
		if f, err = p.g.fetchFile(c.r.Context(), payload.URL); err != nil {
			return nil, err
		}
	default:
		return nil, nil
	}

	f.kind = a.Type
	f.contentType = cmp.Or(f.contentType, arguments.BareType(http.DetectContentType(f.content)))
	return f, f.check()
}

// fetchFile fetches a file from where the sender keeps it.
func (g *ground) fetchFile(ctx context.Context, address string) (*pageFile, *APIError) {
	failed := &APIError{Code: codes.Invalid, Subcode: codes.SubFetch, Message: "Failed to fetch the file from the url."}
	if !isWebURL(address) {
		return nil, failed
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, failed
	}

	resp, err := g.hooks.client.Do(req)
	if err != nil {
		return nil, failed
	}
	defer func() { _ = resp.Body.Close() }()

	content, err := io.ReadAll(io.LimitReader(resp.Body, maxPageFile+1)) // one byte more than is allowed, so that this shows
	if err != nil || resp.StatusCode != http.StatusOK {
		return nil, failed
	}
	name := path.Base(req.URL.Path)
	return &pageFile{name: name, contentType: arguments.BareType(resp.Header.Get("Content-Type")), content: content}, nil
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
