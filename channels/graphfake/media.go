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
)

// How long files are kept. Source: Cloud API, "Media".
const (
	urlLife     = 5 * time.Minute     // of the URL of a file
	inboundLife = 7 * 24 * time.Hour  // of a customer's file
	ownLife     = 30 * 24 * time.Hour // of an upload
)

// downloadPath is the path of files' URLs.
const downloadPath = "/whatsapp_business/attachments/"

// mediaFile is a file of a WhatsApp number, uploaded by the app or sent by a customer. The app reads it in two steps: it
// requests a URL by the file's id, and then downloads the file from the URL. Both need the token.
type mediaFile struct {
	n       *Number
	id      string
	file    File
	sha     []byte
	expires time.Time
	broken  bool                 // its content is damaged, see SpoilMedia
	urls    map[string]time.Time // when each URL expires, by the URL's key
}

func (n *Number) addMediaLocked(f File, life time.Duration) *mediaFile {
	sum := sha256.Sum256(f.Content)
	m := &mediaFile{n: n, id: n.g.newIDLocked(), file: f, sha: sum[:], expires: n.g.clock().Add(life), urls: map[string]time.Time{}}
	n.g.nodes[m.id] = m
	return m
}

func (m *mediaFile) ownerID() string { return m.n.cfg.ID }

func (m *mediaFile) findRoute(method, edge string) (route, bool) {
	return route{"whatsapp.media", m.get}, method == http.MethodGet && edge == ""
}

// get returns a URL of the file, which works for five minutes.
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

// download serves a file at its URL.
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

// findMedia returns the file at a URL and http.StatusOK, or the status with which the download is refused.
func (a *api) findMedia(u *url.URL, token string) (m *mediaFile, status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	g := a.tokens[token]
	if g == nil || g.revoked {
		return nil, http.StatusUnauthorized
	}

	m, ok := a.nodes[u.Query().Get("mid")].(*mediaFile)
	if !ok || !g.includes(m.ownerID()) {
		return nil, http.StatusNotFound
	}
	if a.clock().After(m.urls[u.Query().Get("hash")]) {
		return nil, http.StatusNotFound
	}

	return m, http.StatusOK
}

// upload stores a file for later messages. Source: Cloud API, "Upload media"; facebook/openapi, POST /{Phone-Number-ID}/media.
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
		return nil, cloudError(Media, "The file is larger than 100 MB.")
	}

	contentType := cmp.Or(file.ContentType, in.Type)
	if !slices.Contains(uploadTypes(), contentType) {
		return nil, invalidError("Param file must be a file with one of the following types: " +
			strings.Join(uploadTypes(), ", ") + ". Received file of type '" + contentType + "'.")
	}

	n.g.mu.Lock()
	defer n.g.mu.Unlock()
	m := n.addMediaLocked(File{Name: file.Name, ContentType: contentType, Content: file.Content}, ownLife)
	n.g.Poke()
	return map[string]any{"id": m.id}, nil
}

// uploadTypes returns the content types that can be uploaded, in the order of Meta's error message.
func uploadTypes() []string {
	return []string{"audio/aac", "audio/mp4", "audio/mpeg", "audio/amr", "audio/ogg", "audio/opus", "application/vnd.ms-powerpoint",
		"application/msword", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"application/vnd.openxmlformats-officedocument.presentationml.presentation",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/pdf", "text/plain", "application/vnd.ms-excel",
		"image/jpeg", "image/png", "image/webp", "video/mp4", "video/3gpp"}
}

// Maximum sizes of files, in bytes. Source: Cloud API, "Supported media types".
const (
	maxImage    = 5 << 20
	maxVideo    = 16 << 20
	maxAudio    = 16 << 20
	maxDocument = 100 << 20
)

// mediaRules returns the content types and the maximum size for a kind of message. nil means all types that can be uploaded.
func mediaRules(kind string) (types []string, maxBytes int) {
	switch kind {
	case "image":
		return []string{"image/jpeg", "image/png"}, maxImage
	case "video":
		return []string{"video/mp4", "video/3gpp"}, maxVideo
	case "audio":
		return []string{"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}, maxAudio
	}
	return nil, maxDocument
}

// attachMediaLocked attaches a file to a message if it exists and WhatsApp supports it as that kind.
func (n *Number) attachMediaLocked(kind string, o mediaObject, m *Message) *APIError {
	f, ok := n.g.nodes[o.ID].(*mediaFile)
	if !ok || f.n != n || n.g.clock().After(f.expires) {
		return cloudError(BadValue, "There is no media with the ID "+o.ID+".")
	}

	types, maxBytes := mediaRules(kind)
	isType := types == nil || slices.Contains(types, f.file.ContentType)
	if size := len(f.file.Content); !isType || size > maxBytes {
		return cloudError(Media, fmt.Sprintf("A file of %d bytes of the type %s can't be sent as %s.", size, f.file.ContentType, kind))
	}

	file := f.file
	if kind == "document" { // the only kind with a visible name, which the message contains
		file.Name = o.Filename
	}
	m.File = &file
	return nil
}

// Media sends a file as the customer. kind is image, video, audio, document or sticker. extra has more fields of the file's
// object: "caption", "filename", "voice". It returns the ids of the message and the file.
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

// SpoilMedia damages a file, so that its content doesn't match its hash.
func (b *business) SpoilMedia(id string) {
	b.change(func() {
		if m, ok := b.nodes[id].(*mediaFile); ok {
			m.broken = true
		}
	})
}

// ExpireMedia deletes a file, as Meta does after some days.
func (b *business) ExpireMedia(id string) { b.change(func() { delete(b.nodes, id) }) }
