package twiliofake

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"parley/channels/emulator"
)

// file is a file of a message.
type file struct {
	sid     string
	kind    string // the content type
	from    string // the URL from which Twilio fetches a file of the company; "" for a customer's file
	content []byte
	tokens  map[string]time.Time // the expiry of each signed URL, by its token
}

// Limits of files, in bytes.
const (
	maxFetched     = 17 << 20 // more than any limit, so that a file that is too large is noticed
	maxWhatsApp    = 16 << 20
	maxImage       = 5 << 20
	maxCarrierFile = 500 << 10 // any file but an image by MMS
)

// linkLife is how long a signed URL is valid.
const linkLife = 4 * time.Hour

// storage imitates Twilio's storage of files. The API redirects a request for a file to a signed URL on another host, which serves the
// file until the URL expires. Files of the company's messages are fetched from the company first, and refused if WhatsApp or MMS doesn't
// accept them.
type storage struct {
	*ground
	exchange *exchange
	host     *emulator.Host
	files    map[string]*file // by SID
}

// serveFile serves a file at its signed URL. Like real storage services, it refuses a request that also has an Authorization header, so
// that tests notice if the account's credentials are sent to it.
func (s *storage) serveFile(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "" {
		http.Error(w, "<Error><Code>InvalidArgument</Code></Error>", http.StatusBadRequest)
		return
	}

	f := s.findReadable(strings.TrimPrefix(r.URL.Path, "/"), r.URL.Query().Get("token"))
	if f == nil {
		http.Error(w, "<Error><Code>AccessDenied</Code></Error>", http.StatusForbidden)
		return
	}

	w.Header().Set("Content-Type", f.kind)
	_, _ = w.Write(f.content) // an error means that the client is gone
}

// findReadable returns a file if the token is valid for it now, or nil.
func (s *storage) findReadable(id, token string) *file {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[id]
	if f == nil || !s.opt.Now().Before(f.tokens[token]) {
		return nil
	}
	return f
}

// getMedia handles a request for a file by a redirect to the storage. With the suffix ".json", it responds with the file's metadata.
// Source: Twilio, "Media resource".
func (s *storage) getMedia(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, f := s.findMediaLocked(r)
	if f == nil {
		refuseUnknown(w)
		return
	}
	if strings.HasSuffix(r.PathValue("media"), ".json") {
		answer(w, http.StatusOK, s.mediaRow(m, f))
		return
	}

	token := newSID("")

	if f.tokens == nil {
		f.tokens = map[string]time.Time{}
	}

	f.tokens[token] = s.opt.Now().Add(linkLife)
	w.Header().Set("Location", s.host.URL()+"/"+f.sid+"?token="+token)
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// findMediaLocked returns the message and the file that a request's path names, or nil.
func (s *storage) findMediaLocked(r *http.Request) (*stored, *file) {
	m := s.exchange.findLocked(r.PathValue("message"))
	if m == nil {
		return nil, nil
	}
	sid := strings.TrimSuffix(r.PathValue("media"), ".json")
	for _, f := range m.media {
		if f.sid == sid && s.files[sid] != nil {
			return m, f
		}
	}
	return nil, nil
}

// DeleteMedia deletes all files, as if somebody had deleted them in the Twilio Console.
func (s *storage) DeleteMedia() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files = map[string]*file{}
}

func (s *storage) listMedia(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.exchange.findLocked(r.PathValue("message"))
	if m == nil {
		refuseUnknown(w)
		return
	}
	rows := []any{}
	for _, f := range m.media {
		if s.files[f.sid] != nil { // fetched, and not deleted
			rows = append(rows, s.mediaRow(m, f))
		}
	}
	answer(w, http.StatusOK, map[string]any{"media_list": rows, "page": 0, "page_size": 50, "next_page_uri": nil})
}

// mediaRow returns a file's metadata as the API shows it.
func (s *storage) mediaRow(m *stored, f *file) map[string]any {
	return map[string]any{"sid": f.sid, "account_sid": s.opt.AccountSID, "parent_sid": m.sid, "content_type": f.kind,
		"date_created": stampOf(m.created), "date_updated": stampOf(m.created), "uri": s.exchange.mediaPath(m, f) + ".json"}
}

func (e *exchange) mediaPath(m *stored, f *file) string {
	return "/2010-04-01/Accounts/" + e.opt.AccountSID + "/Messages/" + m.sid + "/Media/" + f.sid
}

// fetch fetches the files of a message from the company's server and stores them. It returns Twilio's error code if one of them fails,
// or 0.
func (s *storage) fetch(m *stored) int {
	isWhatsApp := strings.HasPrefix(m.from, waPrefix)
	for _, f := range m.media {
		if code := s.fetchFile(f, isWhatsApp); code != 0 {
			return code
		}
	}
	return 0
}

// fetchFile is fetch for one file. It only holds the lock while it stores the file, because the company's server may be slow or may call
// this server.
func (s *storage) fetchFile(f *file, isWhatsApp bool) (code int) {
	req, err := http.NewRequestWithContext(s.api.Context(), http.MethodGet, f.from, nil)
	if err != nil {
		return codeBadMedia
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return mediaFailure(isWhatsApp)
	}

	body, err := io.ReadAll(io.LimitReader(resp.Body, maxFetched))
	_ = resp.Body.Close()
	kind := resp.Header.Get("Content-Type")
	isFile := resp.StatusCode == http.StatusOK && kind != ""
	isTooLarge := len(body) > sizeLimit(kind, isWhatsApp)
	switch {
	case err != nil || !isFile:
		return mediaFailure(isWhatsApp)
	case !isAccepted(kind, isWhatsApp):
		return codeNoMedia
	case isTooLarge && isWhatsApp:
		return codeWhatsAppMedia
	case isTooLarge:
		return codeFileTooLarge
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	f.kind, f.content = kind, body
	s.files[f.sid] = f
	return 0
}

// isAccepted reports whether Twilio accepts files of that content type.
// Source: Twilio, "Accepted content types for media".
func isAccepted(kind string, isWhatsApp bool) bool {
	const byAll = `image/jpeg image/jpg image/gif image/png image/heic image/heif image/tiff image/bmp
		video/mpeg4 video/mp4 video/mpeg video/webm video/quicktime video/3gpp video/3gpp2 video/3gpp-tt video/h261 video/h263
		video/h263-1998 video/h263-2000 video/h264 video/h265
		audio/basic audio/l24 audio/mp4 audio/mpeg audio/ogg audio/vnd.rn-realaudio audio/vnd.wave audio/3gpp audio/3gpp2 audio/ac3
		audio/webm audio/amr-nb audio/amr
		text/vcard text/x-vcard text/csv text/rtf text/richtext text/calendar text/directory
		application/pdf application/vcard application/vnd.apple.pkpass`
	const byWhatsApp = ` image/webp audio/aac application/msword application/vnd.ms-excel application/vnd.ms-powerpoint
		application/vnd.openxmlformats-officedocument.presentationml.presentation
		application/vnd.openxmlformats-officedocument.spreadsheetml.sheet
		application/vnd.openxmlformats-officedocument.wordprocessingml.document`
	accepted := byAll
	if isWhatsApp {
		accepted += byWhatsApp
	}
	kind, _, _ = strings.Cut(strings.ToLower(kind), ";")
	return slices.Contains(strings.Fields(accepted), strings.TrimSpace(kind))
}

// sizeLimit returns the maximum size of a file of that content type, in bytes.
func sizeLimit(kind string, isWhatsApp bool) int {
	if strings.HasPrefix(kind, "image/") {
		return maxImage
	}
	if isWhatsApp {
		return maxWhatsApp
	}
	return maxCarrierFile
}

// hasCaption reports whether WhatsApp shows the caption of a file of that content type. Twilio accepts captions of other files, too, but
// they don't reach the customer.
// Source: Twilio, "Accepted content types for media", column "Can combine with text in".
func hasCaption(kind string) bool {
	switch kind {
	case "image/jpeg", "image/jpg", "image/png", "video/mp4":
		return true
	}
	return false
}

// mediaFailure returns the error code of a file that could not be fetched.
func mediaFailure(isWhatsApp bool) int {
	if isWhatsApp {
		return codeWhatsAppMedia
	}
	return codeNoMedia
}
