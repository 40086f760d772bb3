package app

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"parley/bridge/engine"
	"parley/channels"
	"parley/store"
)

const (
	originalLifetime = 90 * 24 * time.Hour // how long a link for agents works
	fileLifetime     = 24 * time.Hour      // how long a link for providers works, which fetch a file at once
	fileTimeout      = 10 * time.Minute    // limit for serving one file to a slow reader
	originalTimeout  = 20 * time.Second    // limit for reading the HTML of a mail
)

// The kinds of links: the first part of a link's name.
const (
	linkToOriginal = "o" // o.MESSAGE: a mail as its sender formatted it
	linkToFile     = "f" // f.MESSAGE.FILE: a file of a message
)

// links makes, verifies and serves signed links below /files. Agents open them in a browser to see a mail as it was sent,
// or a file. Providers such as WhatsApp fetch a file that an agent sends to a customer by its link. For example:
//
//	https://help.example.org/files/o.4711.1790000000.TWFj…
//
// This is BASE/files/NAME.EXPIRY.MAC. NAME is o.4711, the HTML of message 4711, EXPIRY is a Unix time, and MAC signs
// NAME.EXPIRY. Anybody who has a link may open it until it expires. All processes have the same keys, so each of them
// can serve the links of another one.
type links struct {
	base string   // the public address, without a final slash
	keys [][]byte // the first one signs, all verify
	html func(ctx context.Context, message store.MessageID) (string, error)
	open func(ctx context.Context, message store.MessageID, file string) (channels.File, error)
}

// originalAddress returns the link to the HTML of a mail.
func (l *links) originalAddress(message store.MessageID) string {
	return l.sign(l.keys[0], fmt.Sprintf("%s.%d.%d", linkToOriginal, message, time.Now().Add(originalLifetime).Unix()))
}

// fileAddress returns the link to a file of a message.
func (l *links) fileAddress(message store.MessageID, file string) string {
	lifetime := fileLifetime
	if engine.IsForThread(file) { // for agents
		lifetime = originalLifetime
	}
	return l.sign(l.keys[0], fmt.Sprintf("%s.%d.%s.%d", linkToFile, message, file, time.Now().Add(lifetime).Unix()))
}

// sign returns the link for NAME.EXPIRY.
func (l *links) sign(key []byte, text string) string {
	mac := hmac.New(sha256.New, key)
	_, _ = io.WriteString(mac, text)
	return l.base + "/files/" + text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// check returns the NAME of a link's last path segment, NAME.EXPIRY.MAC. isValid is false if the link has expired, or
// isn't signed with one of the keys.
func (l *links) check(signed string) (name string, isValid bool) {
	text, _ := cutLastPart(signed)
	name, last := cutLastPart(text)
	expiry, err := strconv.ParseInt(last, 10, 64)
	if err != nil || time.Now().Unix() > expiry {
		return "", false
	}
	for _, key := range l.keys {
		if hmac.Equal([]byte(l.sign(key, text)), []byte(l.base+"/files/"+signed)) {
			return name, true
		}
	}
	return "", false
}

// cutLastPart splits text at its last dot. If there is none, both results are empty.
func cutLastPart(text string) (rest, last string) {
	dot := strings.LastIndex(text, ".")
	if dot < 0 {
		return "", ""
	}
	return text[:dot], text[dot+1:]
}

// serve handles requests below /files.
func (l *links) serve(w http.ResponseWriter, r *http.Request) {
	name, isValid := l.check(r.PathValue("signed"))
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Robots-Tag", "noindex")
	if isValid && l.serveNamed(w, r, name) {
		return
	}
	http.Error(w, "This link has ended, or is cut off. Open it from its thread again; "+
		"after 90 days ask who sent the file to send it once more.", http.StatusNotFound)
}

// serveNamed serves the mail or file that the name of a valid link identifies. If the name is malformed, it writes no
// response and returns false.
func (l *links) serveNamed(w http.ResponseWriter, r *http.Request, name string) (isServed bool) {
	kind, rest, _ := strings.Cut(name, ".") // without a dot, parsing the number fails
	id, file, hasFile := strings.Cut(rest, ".")
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil || strings.Contains(file, ".") {
		return false
	}

	message := store.MessageID(number)
	switch {
	case kind == linkToOriginal && !hasFile:
		l.serveOriginal(w, r, message)
	case kind == linkToFile && hasFile:
		l.serveFile(w, r, message, file)
	default:
		return false
	}
	return true
}

// serveOriginal serves the HTML of a mail as a page. Since a stranger wrote it, originalPolicy keeps it from running
// scripts and from loading anything, such as tracking images. Its links open in new tabs without a referrer.
func (l *links) serveOriginal(w http.ResponseWriter, r *http.Request, message store.MessageID) {
	ctx, cancel := context.WithTimeout(r.Context(), originalTimeout)
	defer cancel()
	page, err := l.html(ctx, message)
	if err != nil || page == "" {
		refuse(w, "The original of this message", err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", originalPolicy)
	_, _ = io.WriteString(w, page)
}

// originalPolicy is the Content-Security-Policy for the HTML of a mail.
const originalPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"

// serveFile copies a file from the chat in which it was posted. If reading fails halfway, it aborts the connection, so
// that the client doesn't take a part of the file for all of it.
func (l *links) serveFile(w http.ResponseWriter, r *http.Request, message store.MessageID, file string) {
	ctx, cancel := context.WithTimeout(r.Context(), fileTimeout)
	defer cancel()
	f, err := l.open(ctx, message, file)
	if err != nil {
		refuse(w, "This file", err)
		return
	}
	body, err := f.Open(ctx)
	if err != nil {
		refuse(w, "This file", err)
		return
	}
	defer body.Close()
	h := w.Header()
	h.Set("Content-Type", contentTypeOf(f))
	h.Set("Content-Disposition", dispositionOf(f.Name))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	if f.SizeBytes > 0 {
		h.Set("Content-Length", strconv.FormatInt(f.SizeBytes, 10))
	}

	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(fileTimeout)) // if this fails, the server's WriteTimeout applies

	if _, err := io.Copy(w, body); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// contentTypeOf returns the media type of a file. If the chat reports none, it is derived from the file's name, because
// some providers refuse files without a type.
func contentTypeOf(f channels.File) string {
	const unknown = "application/octet-stream"
	kind, params, err := mime.ParseMediaType(f.ContentType)
	isKnown := err == nil && strings.Contains(kind, "/") && kind != unknown
	if isKnown {
		return mime.FormatMediaType(kind, params)
	}
	return cmp.Or(channels.TypeOf(f.Name), unknown)
}

// refuse answers with 404 if a file or mail (what) is permanently gone, and otherwise with 503, so that the client
// retries. err is nil if there was nothing to read.
func refuse(w http.ResponseWriter, what string, err error) {
	isGone := err == nil || errors.Is(err, engine.ErrNoFile) || channels.ClassOf(err) == channels.BadContent
	if isGone {
		http.Error(w, what+" is gone.", http.StatusNotFound)
		return
	}
	w.Header().Set("Retry-After", "10")
	http.Error(w, what+" can't be read just now.", http.StatusServiceUnavailable)
}

// dispositionOf returns a Content-Disposition with which browsers save the file under its name.
func dispositionOf(name string) string {
	if name == "" {
		return "attachment"
	}
	return cmp.Or(mime.FormatMediaType("attachment", map[string]string{"filename": name}), "attachment")
}
