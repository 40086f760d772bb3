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

	"parley/bridge/engine/files"
	"parley/channels"
	"parley/store"
)

const (
	originalLifetime = 90 * 24 * time.Hour // how long the link to a mail's HTML works
	fileLifetime     = 24 * time.Hour      // how long the link to an outgoing file works; providers fetch it at once
	fileTimeout      = 10 * time.Minute    // limit of serving one file to a slow reader
	originalTimeout  = 20 * time.Second    // limit of reading a mail's HTML
)

// The first part of a link says what it names.
const (
	linkToOriginal = "o" // o.MESSAGE
	linkToFile     = "f" // f.MESSAGE.FILE
)

// links makes, checks and serves the addresses below /files: of mails as they were sent, for agents, and of files, which providers
// fetch to pass them on to a customer. Whoever has such an address may open it until it ends. An address is
// BASE/files/NAME.END.MAC, where NAME is a message, or one of its files, END is a time in Unix seconds, and MAC signs NAME.END.
// All replicas know the keys, so each of them serves the addresses that another one signed.
type links struct {
	base string   // the public address, without a final slash
	keys [][]byte // the first signs, all verify
	html func(ctx context.Context, message store.MessageID) (string, error)
	open func(ctx context.Context, message store.MessageID, file string) (channels.File, error)
}

// originalAddress returns the address of a mail's HTML.
func (l *links) originalAddress(message store.MessageID) string {
	return l.sign(l.keys[0], fmt.Sprintf("%s.%d.%d", linkToOriginal, message, time.Now().Add(originalLifetime).Unix()))
}

// fileAddress returns the address of a message's file.
func (l *links) fileAddress(message store.MessageID, file string) string {
	life := fileLifetime
	if files.IsForThread(file) {
		life = originalLifetime
	}
	return l.sign(l.keys[0], fmt.Sprintf("%s.%d.%s.%d", linkToFile, message, file, time.Now().Add(life).Unix()))
}

// sign returns the address for a text, NAME.END, with the text's MAC.
func (l *links) sign(key []byte, text string) string {
	mac := hmac.New(sha256.New, key)
	_, _ = io.WriteString(mac, text)
	return l.base + "/files/" + text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// check returns NAME of a signed link, NAME.END.MAC. isValid is false if the link isn't signed by one of the keys, or has ended.
func (l *links) check(signed string) (name string, isValid bool) {
	text, _ := cutLastPart(signed)
	name, last := cutLastPart(text)
	end, err := strconv.ParseInt(last, 10, 64)
	if err != nil || time.Now().Unix() > end {
		return "", false
	}
	for _, key := range l.keys {
		if hmac.Equal([]byte(l.sign(key, text)), []byte(l.base+"/files/"+signed)) {
			return name, true
		}
	}
	return "", false
}

// cutLastPart splits a text at its last dot. Without a dot, both results are empty.
func cutLastPart(text string) (rest, last string) {
	dot := strings.LastIndex(text, ".")
	if dot < 0 {
		return "", ""
	}
	return text[:dot], text[dot+1:]
}

// serve answers requests below /files.
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

// serveNamed serves what the name of a valid link stands for. It answers nothing, and returns false, if the name isn't one.
func (l *links) serveNamed(w http.ResponseWriter, r *http.Request, name string) (isServed bool) {
	kind, rest, _ := strings.Cut(name, ".") // without a dot, there is no number either
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

// serveOriginal shows a mail's HTML as a page that can neither run scripts nor load anything. Its links open in new tabs without
// a referrer.
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

// originalPolicy is the policy of a mail's page.
const originalPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"

// serveFile copies a file from the chat in which it was posted. If the file breaks off, it cuts the connection, so that nobody
// takes half of the file for all of it.
func (l *links) serveFile(w http.ResponseWriter, r *http.Request, message store.MessageID, file string) {
	ctx, cancel := context.WithTimeout(r.Context(), fileTimeout)
	defer cancel()
	f, err := l.open(ctx, message, file)
	var body io.ReadCloser
	if err == nil {
		body, err = f.Open(ctx)
	}
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

	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(fileTimeout)) // without it the server's deadline stays

	if _, err := io.Copy(w, body); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// contentTypeOf returns the type of a file. Where the chat names none, it goes by the file's name, because some providers refuse
// files without a type.
func contentTypeOf(f channels.File) string {
	const unknown = "application/octet-stream"
	kind, params, err := mime.ParseMediaType(f.ContentType)
	isKnown := err == nil && strings.Contains(kind, "/") && kind != unknown
	if isKnown {
		return mime.FormatMediaType(kind, params)
	}
	return cmp.Or(channels.TypeOf(f.Name), unknown)
}

// refuse answers 404 if something is gone for good, and else asks the reader to try again. err is nil if there was nothing to read.
func refuse(w http.ResponseWriter, what string, err error) {
	isGone := err == nil || errors.Is(err, files.ErrNoFile) || channels.ClassOf(err) == channels.BadContent
	if isGone {
		http.Error(w, what+" is gone.", http.StatusNotFound)
		return
	}
	w.Header().Set("Retry-After", "10")
	http.Error(w, what+" can't be read just now.", http.StatusServiceUnavailable)
}

// dispositionOf returns the Content-Disposition of a file with this name.
func dispositionOf(name string) string {
	if name == "" {
		return "attachment"
	}
	return cmp.Or(mime.FormatMediaType("attachment", map[string]string{"filename": name}), "attachment")
}
