package twiliofake

import (
	"io"
	"net/http"
	"strings"
	"time"

	"parley/channels/emulator"
)

// file is a file of a message.
type file struct {
	sid, kind, from string // from: where ours is fetched
	content         []byte
	tokens          map[string]time.Time // of signed addresses
}

// storage keeps the files of messages, and serves them from another host than the API's.
type storage struct {
	*ground
	exchange *exchange
	host     *emulator.Host
	files    map[string]*file // by SID
}

// serveFile is the storage that Twilio redirects to: another host, with signed addresses
// that work for a while. Like such storages it refuses a second kind of authentication.
func (s *storage) serveFile(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	f := s.files[strings.TrimPrefix(r.URL.Path, "/")]
	ok := f != nil && s.opt.Now().Before(f.tokens[r.URL.Query().Get("token")])
	s.mu.Unlock()
	switch {
	case r.Header.Get("Authorization") != "":
		http.Error(w, "<Error><Code>InvalidArgument</Code></Error>", http.StatusBadRequest)
	case !ok:
		http.Error(w, "<Error><Code>AccessDenied</Code></Error>", http.StatusForbidden)
	default:
		w.Header().Set("Content-Type", f.kind)
		_, _ = w.Write(f.content)
	}
}

func (s *storage) getMedia(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[r.PathValue("media")]
	if f == nil {
		refuseUnknown(w)
		return
	}
	token := sid("")
	if f.tokens == nil {
		f.tokens = map[string]time.Time{}
	}
	f.tokens[token] = s.opt.Now().Add(4 * time.Hour)
	w.Header().Set("Location", s.host.URL()+"/"+f.sid+"?token="+token)
	w.WriteHeader(http.StatusTemporaryRedirect)
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
	m := s.exchange.find(r.PathValue("message"))
	if m == nil {
		refuseUnknown(w)
		return
	}
	rows := []any{}
	for _, f := range m.media {
		rows = append(rows, map[string]any{"sid": f.sid, "account_sid": s.opt.AccountSID, "parent_sid": m.sid, "content_type": f.kind,
			"date_created": stampOf(m.created), "date_updated": stampOf(m.created), "uri": s.exchange.mediaPath(m, f) + ".json"})
	}
	answer(w, http.StatusOK, map[string]any{"media_list": rows, "page": 0, "page_size": 50, "next_page_uri": nil})
}

func (e *exchange) mediaPath(m *stored, f *file) string {
	return "/2010-04-01/Accounts/" + e.opt.AccountSID + "/Messages/" + m.sid + "/Media/" + f.sid
}

// fetch reads the files of one of our messages from where the sender keeps them. It gives
// the code of a failure.
func (s *storage) fetch(m *stored) int {
	wa := strings.HasPrefix(m.from, "whatsapp:")
	for _, f := range m.media {
		req, err := http.NewRequestWithContext(s.api.Context(), http.MethodGet, f.from, nil)
		if err != nil {
			return 21620
		}
		resp, err := s.client.Do(req)
		if err != nil {
			return failedMedia(wa)
		}
		body, err := io.ReadAll(io.LimitReader(resp.Body, 17<<20))
		_ = resp.Body.Close()
		kind := resp.Header.Get("Content-Type")
		if err != nil || resp.StatusCode != http.StatusOK || kind == "" {
			return failedMedia(wa)
		}
		limit := 16 << 20
		picture := strings.HasPrefix(kind, "image/")
		switch {
		case picture:
			limit = 5 << 20
		case !wa:
			limit = 500 << 10
		}
		if len(body) > limit {
			if wa {
				return 63019
			}
			return 30019
		}
		s.mu.Lock()
		f.kind, f.content = kind, body
		s.files[f.sid] = f
		s.mu.Unlock()
	}
	return 0
}

func failedMedia(wa bool) int {
	if wa {
		return 63019
	}
	return 12300
}
