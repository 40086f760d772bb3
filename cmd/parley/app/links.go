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

// links makes, checks and serves the signed addresses below /files. All replicas know the keys, so each
// of them serves the addresses that another one signed.
type links struct {
	base string
	keys [][]byte
	html func(ctx context.Context, message store.MessageID) (string, error)
	open func(ctx context.Context, message store.MessageID, file string) (channels.File, error)
}

// originalAddress returns the address of a mail's HTML: "o.MESSAGE.END.MAC".
func (l *links) originalAddress(message store.MessageID) string {
	return l.sign(l.keys[0], fmt.Sprintf("o.%d.%d", message, time.Now().Add(originalLifetime).Unix()))
}

// fileAddress returns the address of a message's file: "f.MESSAGE.FILE.END.MAC".
func (l *links) fileAddress(message store.MessageID, file string) string {
	life := fileLifetime
	if files.IsForThread(file) {
		life = originalLifetime
	}
	return l.sign(l.keys[0], fmt.Sprintf("f.%d.%s.%d", message, file, time.Now().Add(life).Unix()))
}

// sign returns the address for a text, with the text's MAC.
func (l *links) sign(key []byte, text string) string {
	mac := hmac.New(sha256.New, key)
	_, _ = io.WriteString(mac, text)
	return l.base + "/files/" + text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// check returns the parts of a signed link without END and MAC; false if the link is not valid, or not any more.
func (l *links) check(signed string) ([]string, bool) {
	parts := strings.Split(signed, ".")
	const leastParts = 3 // a text, END and MAC
	if len(parts) < leastParts {
		return nil, false
	}

	signedText := strings.Join(parts[:len(parts)-1], ".")
	rest := parts[:len(parts)-2]
	end, err := strconv.ParseInt(parts[len(parts)-2], 10, 64)
	if err != nil || time.Now().Unix() > end {
		return nil, false
	}

	for _, key := range l.keys {
		if hmac.Equal([]byte(l.sign(key, signedText)), []byte(l.base+"/files/"+signed)) {
			return rest, true
		}
	}

	return nil, false
}

// serve answers requests below /files.
func (l *links) serve(w http.ResponseWriter, r *http.Request) {
	what, ok := l.check(r.PathValue("signed"))
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Robots-Tag", "noindex")
	if ok && l.serveSigned(w, r, what) {
		return
	}
	http.Error(w, "This link has ended, or is cut off. Open it from its thread again; after 90 days ask who sent the file to send it once more.", http.StatusNotFound)
}

// serveSigned serves what the parts of a valid link name: o.MESSAGE or f.MESSAGE.FILE. It returns false for other parts.
func (l *links) serveSigned(w http.ResponseWriter, r *http.Request, what []string) bool {
	if len(what) < 2 {
		return false
	}

	number, err := strconv.ParseInt(what[1], 10, 64)
	if err != nil {
		return false
	}

	message := store.MessageID(number)
	if what[0] == "o" && len(what) == 2 {
		l.serveOriginal(w, r, message)
		return true
	}

	const partsOfFile = 3
	if what[0] == "f" && len(what) == partsOfFile {
		l.serveFile(w, r, message, what[2])
		return true
	}

	return false
}

// serveOriginal shows a mail's HTML as a page that can neither run scripts nor load anything. Its links open in tabs of their own, which
// know nothing of it (noreferrer).
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

// serveFile copies a file from its surface. If the file breaks off, so does the answer, so that nobody
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

// contentTypeOf returns the type of a file as its surface tells it or, where that says nothing, by the file's name: providers refuse
// files of which they don't know what they are.
func contentTypeOf(f channels.File) string {
	const unknown = "application/octet-stream"
	kind, params, err := mime.ParseMediaType(f.ContentType)
	isKnown := err == nil && strings.Contains(kind, "/") && kind != unknown
	if isKnown {
		return mime.FormatMediaType(kind, params)
	}
	return cmp.Or(channels.TypeOf(f.Name), unknown)
}

// refuse answers that something is gone together with its message, or that it can't be read now. err is nil if there was
// nothing to read.
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
