package teamsfake

import (
	"net/http"
	"strconv"
	"time"

	"parley/channels/emulator"
)

// driver is the HTTP API of the emulator itself, under /_fake/. With it, programs in other processes can act as people of
// the emulated organisation, read its state and plan faults. For example, this posts a message as Ann:
//
//	POST /_fake/person/{Ann's id}/say   {"text": "Hello"}   →   {"ok": true, "id": "1795…"}
type driver struct {
	srv *Server
}

// addRoutes adds these routes. Requests and responses are JSON:
//
//	GET  /_fake/state[?channel=]         the whole organisation, or one channel of it: a Snapshot
//	GET  /_fake/channels  /_fake/users  /_fake/teams
//	GET  /_fake/messages?channel=        all messages of a channel or personal chat
//	GET  /_fake/thread?channel=&root=    a thread: its first message and the replies
//	GET  /_fake/personal?user=           the person's chat with the bot
//	GET  /_fake/targeted?user=           the bot's messages that only this person sees
//	GET  /_fake/dialog?user=             the person's open dialog, or null
//	GET  /_fake/file?id=                 a file's metadata; its bytes with &raw=1
//	GET  /_fake/calls[?method=]          requests of the bot
//	GET  /_fake/problems                 content of the bot that clients don't show as intended
//	GET  /_fake/lost                     activities that the bot never acknowledged
//	GET  /_fake/slow?over=SECONDS        activities that the bot acknowledged late or not yet
//	GET  /_fake/info                     Info
//	GET  /_fake/changes?since=N[&wait=S] change log; waits up to S seconds for a change
//	GET|POST|DELETE /_fake/faults[?id=]  lists faults; plans a Fault and returns its id; clears them
//	POST /_fake/person/{user}/{verb}     acts as a person (control_person.go)
//	POST /_fake/admin/{verb}             acts as an administrator (control_admin.go)
//	POST /_fake/reset
//
// A failed action returns {"ok":false,"error":…} with status 409, a malformed request status 400.
func (d *driver) addRoutes(mux *http.ServeMux) {
	s := d.srv
	get := func(path string, read func(query func(string) string) any) {
		mux.HandleFunc("GET /_fake/"+path, func(w http.ResponseWriter, r *http.Request) {
			WriteJSON(w, http.StatusOK, read(r.URL.Query().Get))
		})
	}

	get("state", func(q func(string) string) any { return s.Snapshot(q("channel")) })
	get("channels", func(func(string) string) any { return s.Channels() })
	get("users", func(func(string) string) any { return s.Users() })
	get("teams", func(func(string) string) any { return s.Teams() })
	get("messages", func(q func(string) string) any { return s.Messages(q("channel")) })
	get("thread", func(q func(string) string) any { return s.Thread(q("channel"), q("root")) })
	get("personal", func(q func(string) string) any { return s.Personal(q("user")) })
	get("targeted", func(q func(string) string) any { return s.Targeted(q("user")) })
	get("dialog", func(q func(string) string) any { return s.Dialog(q("user")) })
	get("calls", func(q func(string) string) any { return s.Calls(q("method")) })
	get("problems", func(func(string) string) any { return s.Problems() })
	get("lost", func(func(string) string) any { return s.Activities.Lost() })
	get("info", func(func(string) string) any { return s.Info() })
	get("slow", func(q func(string) string) any {
		seconds, _ := strconv.ParseFloat(q("over"), 64) // 0 if missing or malformed
		return s.Activities.Slow(time.Duration(seconds * float64(time.Second)))
	})

	s.FaultRoutes(mux, "/_fake/faults")
	mux.HandleFunc("GET /_fake/file", d.controlFile)
	mux.Handle("GET /_fake/changes", s.Log)
	mux.HandleFunc("POST /_fake/person/{user}/{verb}", d.controlPerson)
	mux.HandleFunc("POST /_fake/admin/{verb}", func(w http.ResponseWriter, r *http.Request) { emulator.RunVerb(w, r, d.adminVerbs) })
	mux.HandleFunc("POST /_fake/reset", func(w http.ResponseWriter, _ *http.Request) {
		s.Reset()
		emulator.WriteResult(w, nil, nil)
	})
}

// Info has the settings with which a bot connects to this server, and some counters.
type Info struct {
	TenantID    string    `json:"tenant_id"`
	AppID       string    `json:"app_id"`
	AppPassword string    `json:"app_password"`
	BotID       string    `json:"bot_id"`
	LoginURL    string    `json:"login_url"`
	OpenIDURL   string    `json:"openid_url"`
	ServiceURL  string    `json:"service_url"`
	GraphURL    string    `json:"graph_url"`
	Endpoint    string    `json:"endpoint"` // the bot's own address
	Permissions []string  `json:"permissions"`
	Pending     int       `json:"pending"`  // activities that the bot hasn't acknowledged yet
	Lost        int       `json:"lost"`     // activities that the bot never acknowledged
	Problems    int       `json:"problems"` // faults in the bot's content
	LastChange  int64     `json:"last_change"`
	Now         time.Time `json:"now"`
}

// Info returns the settings and counters.
func (s *Server) Info() Info {
	info := Info{
		TenantID:    s.Opt.TenantID,
		AppID:       s.Opt.AppID,
		AppPassword: s.Opt.AppPassword,
		BotID:       s.Opt.BotID(),
		LoginURL:    s.LoginURL(),
		OpenIDURL:   s.OpenIDURL(),
		ServiceURL:  s.ServiceURL(),
		GraphURL:    s.GraphURL(),
		Endpoint:    s.Activities.Endpoint(),
		Pending:     s.Activities.Pending(),
		Lost:        len(s.Activities.Lost()),
		Problems:    len(s.Problems()),
		LastChange:  s.Log.Last(),
		Now:         s.Now(),
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	info.Permissions = s.Entra.Permissions()
	return info
}

// ChannelState is a channel or personal chat with all its messages, including those that only one person sees.
type ChannelState struct {
	Channel
	Person   string     `json:"person,omitempty"` // set in a personal chat
	Messages []*Message `json:"messages"`
}

// Snapshot is the whole organisation, or one channel of it.
type Snapshot struct {
	TenantID string             `json:"tenant_id"`
	Users    []User             `json:"users"`
	Teams    []Team             `json:"teams"`
	Channels []ChannelState     `json:"channels"`
	Dialogs  map[string]*Dialog `json:"dialogs"` // by person
}

// Snapshot returns the whole organisation. If channel is not "", it includes the messages of that channel only.
func (s *Server) Snapshot(channel string) Snapshot {
	snapshot := Snapshot{
		TenantID: s.Opt.TenantID, Users: s.Users(), Teams: s.Teams(), Channels: []ChannelState{}, Dialogs: map[string]*Dialog{},
	}
	for _, u := range snapshot.Users {
		if dialog := s.Dialog(u.ID); dialog != nil {
			snapshot.Dialogs[u.ID] = dialog
		}
	}

	s.Mu.Lock()
	defer s.Mu.Unlock()

	for _, id := range s.org.ChannelIDs {
		if channel != "" && id != channel {
			continue
		}

		room := s.org.Channels[id]
		state := ChannelState{Channel: room.Channel, Person: room.Person, Messages: []*Message{}}
		for _, m := range room.Messages {
			if !m.System {
				state.Messages = append(state.Messages, m.Clone())
			}
		}

		snapshot.Channels = append(snapshot.Channels, state)
	}

	return snapshot
}

func (d *driver) controlFile(w http.ResponseWriter, r *http.Request) {
	f := d.srv.File(r.URL.Query().Get("id"))
	switch {
	case f == nil:
		WriteJSON(w, http.StatusNotFound, Object{"ok": false, "error": "no such file"})
	case r.URL.Query().Get("raw") != "":
		w.Header().Set("Content-Type", f.Type)
		w.Write(f.Data)
	default:
		WriteJSON(w, http.StatusOK, f)
	}
}
