package graphfake

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"parley/channels/graphfake/arguments"
	"parley/channels/graphfake/codes"
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
	broken  bool                 // it is served with other bytes than were announced; SpoilMedia sets it
	urls    map[string]time.Time // until when each address works, by its key
}

// addMediaLocked stores a file.
func (n *Number) addMediaLocked(f File, life time.Duration) *mediaFile {
	sum := sha256.Sum256(f.Content)
	m := &mediaFile{n: n, id: n.g.newIDLocked(), file: f, sha: sum[:], expires: n.g.clock().Add(life), urls: map[string]time.Time{}}
	n.g.nodes[m.id] = m
	return m
}

func (m *mediaFile) openerID() string { return m.n.cfg.ID }

func (m *mediaFile) findRoute(method, edge string) (route, bool) {
	switch method + " " + edge {
	case "GET ":
		return route{"whatsapp.media", m.get}, true
	case "DELETE ":
		return route{"whatsapp.media.delete", m.remove}, true
	}
	return route{}, false
}

// get answers with an address of the file that works for five minutes.
func (m *mediaFile) get(c *call) (any, *APIError) {
	g := m.n.g
	g.mu.Lock()
	defer g.mu.Unlock()
	number := c.req.Query.Get("phone_number_id")
	isOfNumber := number == "" || number == m.n.cfg.ID
	if !isOfNumber || g.clock().After(m.expires) {
		return nil, unsupportedError(c.req.Method, m.id)
	}

	key := g.randomWordLocked(24)
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
	if c.applyFaultsBefore(ctx) {
		return
	}

	m, status := c.api.findMedia(c.r.URL, strings.TrimPrefix(c.r.Header.Get("Authorization"), "Bearer "))
	if status != http.StatusOK {
		c.answerPage(Fault{Status: status})
		return
	}

	content := m.file.Content
	if m.broken {
		content = bytes.Clone(content)
		content[len(content)-1] ^= 0xff
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

// findMedia returns the file at an address, or the HTTP status with which it is refused to a token.
func (a *api) findMedia(u *url.URL, token string) (m *mediaFile, status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	g := a.tokens[token]
	if g == nil || g.revoked {
		return nil, http.StatusUnauthorized
	}

	m, ok := a.nodes[u.Query().Get("mid")].(*mediaFile)
	if !ok || !g.mayOpen(m.openerID()) {
		return nil, http.StatusNotFound
	}
	if a.clock().After(m.urls[u.Query().Get("hash")]) {
		return nil, http.StatusNotFound
	}

	return m, http.StatusOK
}

// upload takes a file. Source: Cloud API, "Upload media"; facebook/openapi, POST /{Phone-Number-ID}/media.
func (n *Number) upload(c *call) (any, *APIError) {
	var in struct {
		Product string `json:"messaging_product"`
		Type    string `json:"type"`
	}
	if err := c.readBody(&in); err != nil {
		return nil, err
	}
	if in.Product != "whatsapp" {
		return nil, invalidError("messaging_product must be whatsapp.")
	}

	file, ok := c.args.File("file")
	if !ok || len(file.Content) == 0 {
		return nil, missingError("file")
	}
	if len(file.Content) > maxDocument {
		return nil, cloudError(codes.Media, "The file is larger than 100 MB.")
	}

	contentType, err := uploadType(file.ContentType, arguments.BareType(in.Type))
	if err != nil {
		return nil, err
	}

	n.g.mu.Lock()
	defer n.g.mu.Unlock()
	m := n.addMediaLocked(File{Name: file.Name, ContentType: contentType, Content: file.Content}, ownLife)
	n.g.Poke()
	return map[string]any{"id": m.id}, nil
}

// uploadType returns the content type of a file that is uploaded: the first of those that were given that WhatsApp takes. "ogg"
// is the same as "audio/ogg".
func uploadType(given ...string) (string, *APIError) {
	named := ""
	for _, contentType := range given {
		named = cmp.Or(named, contentType)
		i := slices.IndexFunc(uploadTypes(), func(known string) bool {
			return contentType != "" && (known == contentType || strings.HasSuffix(known, "/"+contentType))
		})
		if i >= 0 {
			return uploadTypes()[i], nil
		}
	}
	if named == "" {
		return "", missingError("type")
	}
	return "", &APIError{Code: codes.Invalid, Message: "(#100) Param file must be a file with one of the following types: " +
		strings.Join(uploadTypes(), ", ") + ". Received file of type '" + named + "'."}
}

// uploadTypes returns the content types of files that can be uploaded, in the order in which Meta's answer names them.
func uploadTypes() []string {
	return []string{"audio/aac", "audio/mp4", "audio/mpeg", "audio/amr", "audio/ogg", "audio/opus", "application/vnd.ms-powerpoint",
		"application/msword", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"application/vnd.openxmlformats-officedocument.presentationml.presentation",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/pdf", "text/plain", "application/vnd.ms-excel",
		"image/jpeg", "image/png", "image/webp", "video/mp4", "video/3gpp"}
}

// Sizes of files, in bytes. Source: Cloud API, "Supported media types".
const (
	maxImage    = 5 << 20
	maxVideo    = 16 << 20
	maxAudio    = 16 << 20
	maxSticker  = 500 << 10
	maxDocument = 100 << 20
)

// mediaRules returns which content types a kind of message takes, nil for all that can be uploaded, and how many bytes.
// Source: Cloud API, "Supported media types".
func mediaRules(kind string) (types []string, most int) {
	switch kind {
	case "image":
		return []string{"image/jpeg", "image/png"}, maxImage
	case "video":
		return []string{"video/mp4", "video/3gpp"}, maxVideo
	case "audio":
		return []string{"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}, maxAudio
	case "sticker":
		return []string{"image/webp"}, maxSticker
	}
	return nil, maxDocument
}

// takeMediaLocked puts a file into a message, if it is there and WhatsApp shows it as that kind. The file at an address is not
// fetched.
func (n *Number) takeMediaLocked(kind string, o mediaObject, m *Message) *APIError {
	if o.Link != "" {
		m.File = &File{Name: o.Filename}
		return nil
	}

	f, ok := n.g.nodes[o.ID].(*mediaFile)
	if !ok || f.n != n || n.g.clock().After(f.expires) {
		return cloudError(codes.BadValue, "There is no media with the ID "+o.ID+".")
	}

	types, most := mediaRules(kind)
	isType := types == nil || slices.Contains(types, f.file.ContentType)
	if size := len(f.file.Content); !isType || size > most {
		return cloudError(codes.Media, fmt.Sprintf("A file of %d bytes of the type %s can't be sent as %s.", size, f.file.ContentType, kind))
	}

	file := f.file
	if kind == "document" { // the only kind of which people see a name, which is never that under which the file was handed up
		file.Name = o.Filename
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
	maps.Copy(o, extra)
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
func (b *business) ExpireMedia(id string) { b.change(func() { delete(b.nodes, id) }) }
