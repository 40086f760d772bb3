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
	kind    string // its content type
	from    string // where Twilio fetches a file of ours; "" for a customer's
	content []byte
	tokens  map[string]time.Time // when each signed address stops to work, by its token
}

// Limits of files, in bytes.
const (
	maxFetched     = 17 << 20 // more than any limit, so that a file that is too large can be told
	maxWhatsApp    = 16 << 20
	maxImage       = 5 << 20
	maxCarrierFile = 500 << 10 // MMS: what isn't a picture
)

// linkLife is how long a signed address works.
const linkLife = 4 * time.Hour

// storage keeps the files of messages, and serves them from another host than the API's.
type storage struct {
	*ground
	exchange *exchange
	host     *emulator.Host
	files    map[string]*file // by SID
}

// serveFile is the storage to which Twilio redirects: another host, with signed addresses that work for a while. Like real
// storages it refuses a request with a second kind of authentication.
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
	_, _ = w.Write(f.content) // who hung up doesn't want it
}

// findReadable returns the file of an id, if the token opens it now; nil otherwise.
func (s *storage) findReadable(id, token string) *file {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[id]
	if f == nil || !s.opt.Now().Before(f.tokens[token]) {
		return nil
	}
	return f
}

// getMedia leads to a file. At its address with ".json" it shows the file's row instead.
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

// removeMedia takes a file out of Twilio's records; the customer's phone keeps it.
func (s *storage) removeMedia(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, f := s.findMediaLocked(r)
	if f == nil {
		refuseUnknown(w)
		return
	}
	delete(s.files, f.sid)
	s.Poke()
	w.WriteHeader(http.StatusNoContent)
}

// findMediaLocked returns the file that a path names, and the message that the path must name, too; nil if there is none in the
// records.
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

// DeleteMedia takes a customer's files away, as if they were deleted in the Console.
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
		if s.files[f.sid] != nil { // neither removed nor still to be fetched
			rows = append(rows, s.mediaRow(m, f))
		}
	}
	answer(w, http.StatusOK, map[string]any{"media_list": rows, "page": 0, "page_size": 50, "next_page_uri": nil})
}

// mediaRow writes a file as the API shows it.
func (s *storage) mediaRow(m *stored, f *file) map[string]any {
	return map[string]any{"sid": f.sid, "account_sid": s.opt.AccountSID, "parent_sid": m.sid, "content_type": f.kind,
		"date_created": stampOf(m.created), "date_updated": stampOf(m.created), "uri": s.exchange.mediaPath(m, f) + ".json"}
}

func (e *exchange) mediaPath(m *stored, f *file) string {
	return "/2010-04-01/Accounts/" + e.opt.AccountSID + "/Messages/" + m.sid + "/Media/" + f.sid
}

// fetch reads the files of one of our messages from where the sender keeps them. It returns the error code of a failure; 0
// if there is none. It holds the lock only while it stores a file: the sender's host may be slow, or ask this server.
func (s *storage) fetch(m *stored) int {
	isWhatsApp := strings.HasPrefix(m.from, waPrefix)
	for _, f := range m.media {
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
		if err != nil || !isFile {
			return mediaFailure(isWhatsApp)
		}

		if !isAccepted(kind, isWhatsApp) {
			return codeNoMedia
		}
		if len(body) > sizeLimit(kind, isWhatsApp) {
			if isWhatsApp {
				return codeWhatsAppMedia
			}
			return codeFileTooLarge
		}

		s.mu.Lock()
		f.kind, f.content = kind, body
		s.files[f.sid] = f
		s.mu.Unlock()
	}

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

// sizeLimit returns how many bytes a file of that content type may have.
func sizeLimit(kind string, isWhatsApp bool) int {
	if strings.HasPrefix(kind, "image/") {
		return maxImage
	}
	if isWhatsApp {
		return maxWhatsApp
	}
	return maxCarrierFile
}

// hasCaption reports whether WhatsApp shows a text beside a file of that content type. Beside others Twilio takes a text, too,
// but it doesn't reach the customer.
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
