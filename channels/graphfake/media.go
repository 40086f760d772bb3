package graphfake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Life of files. Source: Cloud API, "Media".
const (
	urlLife     = 5 * time.Minute
	inboundLife = 7 * 24 * time.Hour
	ownLife     = 30 * 24 * time.Hour
)

// downloadPath is where files are read, as Meta names it.
const downloadPath = "/whatsapp_business/attachments/"

// mediaFile is an uploaded or received file.
type mediaFile struct {
	n       *Number
	id      string
	file    File
	sha     []byte
	expires time.Time
	broken  bool // its bytes are not those that were announced
	urls    map[string]time.Time
}

// addMediaLocked stores a file.
func (n *Number) addMediaLocked(f File, life time.Duration) *mediaFile {
	sum := sha256.Sum256(f.Content)
	m := &mediaFile{n: n, id: n.g.number(), file: f, sha: sum[:], expires: n.g.clock().Add(life), urls: map[string]time.Time{}}
	n.g.nodes[m.id] = m
	return m
}

func (m *mediaFile) opener() string { return m.n.cfg.ID }

func (m *mediaFile) route(method, edge string) (route, bool) {
	switch method + " " + edge {
	case "GET ":
		return route{"whatsapp.media", m.get}, true
	case "DELETE ":
		return route{"whatsapp.media.delete", m.remove}, true
	}
	return route{}, false
}

// get gives an address that works for five minutes.
func (m *mediaFile) get(c *call) (any, *APIError) {
	g := m.n.g
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.clock().After(m.expires) || c.req.Query.Get("phone_number_id") != "" && c.req.Query.Get("phone_number_id") != m.n.cfg.ID {
		return nil, unsupported(c.req.Method, m.id)
	}
	key := g.word(24)
	until := g.clock().Add(urlLife)
	m.urls[key] = until
	at := fmt.Sprintf("%s%s?mid=%s&ext=%d&hash=%s", g.host.URL(), downloadPath, m.id, until.Unix(), key)
	return map[string]any{"messaging_product": "whatsapp", "id": m.id, "url": at, "mime_type": m.file.ContentType,
		"sha256": hex.EncodeToString(m.sha), "file_size": fmt.Sprint(len(m.file.Content))}, nil
}

func (m *mediaFile) remove(*call) (any, *APIError) {
	m.n.g.change(func() { delete(m.n.g.nodes, m.id) })
	return map[string]any{"success": true}, nil
}

// download serves a file at its address, to whoever has the token.
func (c *call) download(ctx context.Context) {
	c.req.Route = "whatsapp.download"
	c.hits = c.api.faults.strike(c.req.Route)
	if c.before(ctx) {
		return
	}
	status, m := c.api.mediaAt(c.r.URL, strings.TrimPrefix(c.r.Header.Get("Authorization"), "Bearer "))
	if status != http.StatusOK {
		c.page(Fault{Status: status})
		return
	}
	content := m.file.Content
	if m.broken {
		content = append(bytes.Clone(content[:len(content)-1]), content[len(content)-1]^0xff)
	}
	c.w.Header().Set("Content-Type", m.file.ContentType)
	c.w.Header().Set("Content-Length", fmt.Sprint(len(content)))
	c.req.Status = http.StatusOK
	if _, cut := c.hits.find(ActionTruncate); cut {
		_, _ = c.w.Write(content[:len(content)/2])
		panic(http.ErrAbortHandler)
	}
	_, _ = c.w.Write(content)
}

func (a *api) mediaAt(u *url.URL, token string) (int, *mediaFile) {
	a.mu.Lock()
	defer a.mu.Unlock()
	m, ok := a.nodes[u.Query().Get("mid")].(*mediaFile)
	g := a.tokens[token]
	switch {
	case g == nil || g.revoked:
		return http.StatusUnauthorized, nil
	case !ok || !g.opens(m.opener()):
		return http.StatusNotFound, nil
	case a.clock().After(m.urls[u.Query().Get("hash")]):
		return http.StatusNotFound, nil
	}
	return http.StatusOK, m
}

// upload takes a file. Source: Cloud API, "Upload media".
func (n *Number) upload(c *call) (any, *APIError) {
	kind, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return nil, apiError(100, "Invalid parameter", "The request is not multipart/form-data.")
	}
	form, err := multipart.NewReader(bytes.NewReader(c.body), params["boundary"]).ReadForm(maxRequest)
	if err != nil {
		return nil, apiError(100, "Invalid parameter", "The form can't be read.")
	}
	defer func() { _ = form.RemoveAll() }()
	if v := form.Value["messaging_product"]; len(v) != 1 || v[0] != "whatsapp" {
		return nil, apiError(100, "Invalid parameter", "messaging_product must be whatsapp.")
	}
	if len(form.File["file"]) != 1 {
		return nil, missing("file")
	}
	header := form.File["file"][0]
	f, err := header.Open()
	if err != nil {
		return nil, missing("file")
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(f)
	contentType := header.Header.Get("Content-Type")
	switch {
	case err != nil || len(content) == 0:
		return nil, missing("file")
	case len(content) > 100<<20:
		return nil, apiError(131053, words(131053), "The file is larger than 100 MB.")
	case contentType == "" || len(form.Value["type"]) != 1:
		return nil, missing("type")
	}
	n.g.mu.Lock()
	defer n.g.mu.Unlock()
	m := n.addMediaLocked(File{Name: header.Filename, ContentType: contentType, Content: content}, ownLife)
	n.g.Poke()
	return map[string]any{"id": m.id}, nil
}

// checkMediaLocked checks the file of a message: is it there, and does WhatsApp show it as
// that kind.
// Source: Cloud API, "Supported media types".
func (n *Number) checkMediaLocked(in incoming, m *Message) *APIError {
	var o mediaObject
	_ = json.Unmarshal(in.fields[in.Type], &o) // validated before
	if o.Link != "" {
		return nil
	}
	f, ok := n.g.nodes[o.ID].(*mediaFile)
	if !ok || f.n != n || n.g.clock().After(f.expires) {
		return apiError(131009, words(131009), "There is no media with the ID "+o.ID+".")
	}
	types, most := map[string][]string{
		"image":   {"image/jpeg", "image/png"},
		"video":   {"video/mp4", "video/3gpp"},
		"audio":   {"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"},
		"sticker": {"image/webp"},
	}[in.Type], map[string]int{"image": 5 << 20, "video": 16 << 20, "audio": 16 << 20, "sticker": 500 << 10, "document": 100 << 20}[in.Type]
	fits := types == nil
	for _, t := range types {
		fits = fits || t == f.file.ContentType
	}
	if !fits || len(f.file.Content) > most {
		return apiError(131053, words(131053), fmt.Sprintf("A file of %d bytes of the type %s can't be sent as %s.", len(f.file.Content), f.file.ContentType, in.Type))
	}
	name := m.File.Name
	file := f.file
	if name != "" {
		file.Name = name
	}
	m.File = &file
	return nil
}

// Media sends a file: kind image, video, audio, document or sticker; extra is put into its
// object ("caption", "filename", "voice"). It returns the ids of message and file.
func (c *Customer) Media(kind string, f File, extra map[string]any) (message, media string) {
	g := c.n.g
	g.mu.Lock()
	defer g.mu.Unlock()
	m := c.n.addMediaLocked(f, inboundLife)
	o := map[string]any{"id": m.id, "mime_type": f.ContentType, "sha256": base64.StdEncoding.EncodeToString(m.sha)}
	if kind == "document" && f.Name != "" {
		o["filename"] = f.Name
	}
	for k, v := range extra {
		o[k] = v
	}
	caption, _ := o["caption"].(string)
	return c.sendLocked(kind, o, nil, &Message{Text: caption, File: &f}), m.id
}

// SpoilMedia lets a file arrive with other bytes than were announced.
func (b *business) SpoilMedia(id string) {
	b.change(func() {
		if m, ok := b.nodes[id].(*mediaFile); ok {
			m.broken = true
		}
	})
}

// ExpireMedia forgets a file, as after its days.
func (b *business) ExpireMedia(id string) {
	b.change(func() { delete(b.nodes, id) })
}

// ExpireURLs ends every address that was given so far.
func (b *business) ExpireURLs() {
	b.change(func() {
		for _, n := range b.nodes {
			if m, ok := n.(*mediaFile); ok {
				clear(m.urls)
			}
		}
	})
}
