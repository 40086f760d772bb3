package teamsfake

import (
	"net/http"
	"strconv"
	"time"

	"parley/bot/teams/teamsfake/calls"
	"parley/bot/teams/teamsfake/people"
	"parley/bot/teams/teamsfake/tenant"
	"parley/channels/emulator"
)

// driver lets programs in other processes act in the emulated organisation, and look at it, over HTTP.
type driver struct {
	srv *Server
}

// addRoutes adds these addresses, which take and give JSON:
//
//	GET  /_fake/state[?channel=]         channels with messages, people, teams, dialogs
//	GET  /_fake/channels  /_fake/users  /_fake/teams
//	GET  /_fake/messages?channel=        everything in a channel or personal chat
//	GET  /_fake/thread?channel=&root=    root and replies
//	GET  /_fake/personal?user=           the chat with the bot
//	GET  /_fake/targeted?user=           what the bot said to this person alone
//	GET  /_fake/dialog?user=             what is open, or null
//	GET  /_fake/file?id=                 metadata; &raw=1 the bytes
//	GET  /_fake/calls[?method=]          the bot's calls
//	GET  /_fake/problems                 what clients do not show as it was meant
//	GET  /_fake/lost                     activities that the bot never took
//	GET  /_fake/slow?over=SECONDS        activities that were acknowledged late or not yet
//	GET  /_fake/info                     Info
//	GET  /_fake/changes?since=N[&wait=S] change log; waits up to S seconds for news
//	GET|POST|DELETE /_fake/faults[?id=]  list, Fault → {"id"}, clear
//	POST /_fake/person/{user}/{verb}     body Act; verbs in control_person.go
//	POST /_fake/admin/{verb}             body Admin; verbs in control_admin.go
//	POST /_fake/reset
//
// What can't be done is answered with {"ok":false,"error":…} and status 409, a malformed request with 400.
func (d *driver) addRoutes(mux *http.ServeMux) {
	s := d.srv
	get := func(path string, f func(q func(string) string) any) {
		mux.HandleFunc("GET /_fake/"+path, func(w http.ResponseWriter, r *http.Request) {
			calls.WriteJSON(w, http.StatusOK, f(r.URL.Query().Get))
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
		seconds, _ := strconv.ParseFloat(q("over"), 64) // 0 if it is none
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

// Info is what a program needs to configure a bot for this server, and some counters.
type Info struct {
	TenantID    string    `json:"tenant_id"`
	AppID       string    `json:"app_id"`
	AppPassword string    `json:"app_password"`
	BotID       string    `json:"bot_id"`
	LoginURL    string    `json:"login_url"`
	OpenIDURL   string    `json:"openid_url"`
	ServiceURL  string    `json:"service_url"`
	GraphURL    string    `json:"graph_url"`
	Endpoint    string    `json:"endpoint"` // of the bot
	Permissions []string  `json:"permissions"`
	Pending     int       `json:"pending"`
	Lost        int       `json:"lost"`
	Problems    int       `json:"problems"`
	LastChange  int64     `json:"last_change"`
	Now         time.Time `json:"now"`
}

// Info returns addresses, secrets and counters.
func (s *Server) Info() Info {
	out := Info{
		TenantID: s.Opt.TenantID, AppID: s.Opt.AppID, AppPassword: s.Opt.AppPassword, BotID: s.Opt.BotID(), LoginURL: s.LoginURL(),
		OpenIDURL: s.OpenIDURL(), ServiceURL: s.ServiceURL(), GraphURL: s.GraphURL(), Pending: s.Activities.Pending(), Now: s.Now(),
		Endpoint: s.Activities.Endpoint(), Lost: len(s.Activities.Lost()), Problems: len(s.Problems()), LastChange: s.Log.Last(),
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	out.Permissions = s.Entra.Permissions()
	return out
}

// ChannelState is a channel or personal chat with all its messages, also those that only one person sees.
type ChannelState struct {
	tenant.Channel
	Person   string            `json:"person,omitempty"` // of a personal chat
	Messages []*tenant.Message `json:"messages"`
}

// Snapshot is the whole organisation, or one channel of it.
type Snapshot struct {
	TenantID string                    `json:"tenant_id"`
	Users    []tenant.User             `json:"users"`
	Teams    []tenant.Team             `json:"teams"`
	Channels []ChannelState            `json:"channels"`
	Dialogs  map[string]*people.Dialog `json:"dialogs"` // by person
}

// Snapshot returns the whole organisation. If only is the id of a channel, it returns that channel alone.
func (s *Server) Snapshot(only string) Snapshot {
	out := Snapshot{
		TenantID: s.Opt.TenantID, Users: s.Users(), Teams: s.Teams(), Channels: []ChannelState{}, Dialogs: map[string]*people.Dialog{},
	}
	for _, u := range out.Users {
		if d := s.Dialog(u.ID); d != nil {
			out.Dialogs[u.ID] = d
		}
	}

	s.Mu.Lock()
	defer s.Mu.Unlock()

	for _, id := range s.org.ChannelIDs {
		ch := s.org.Channels[id]

		if only != "" && id != only {
			continue
		}

		c := ChannelState{Channel: ch.Channel, Person: ch.Person, Messages: []*tenant.Message{}}
		for _, m := range ch.Messages {
			if !m.System {
				c.Messages = append(c.Messages, m.Clone())
			}
		}

		out.Channels = append(out.Channels, c)
	}

	return out
}

func (d *driver) controlFile(w http.ResponseWriter, r *http.Request) {
	f := d.srv.File(r.URL.Query().Get("id"))
	switch {
	case f == nil:
		calls.WriteJSON(w, http.StatusNotFound, object{"ok": false, "error": "no such file"})
	case r.URL.Query().Get("raw") != "":
		w.Header().Set("Content-Type", f.Type)
		w.Write(f.Data)
	default:
		calls.WriteJSON(w, http.StatusOK, f)
	}
}
