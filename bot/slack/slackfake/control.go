package slackfake

import (
	"net/http"
	"strconv"
	"time"

	"parley/channels/emulator"
)

// driver lets a program in another process, such as a load test, control the emulated workspace over HTTP. The program can
// act as people and admins, and inspect the state. For example, this makes the user U1 post a message:
//
//	POST /_fake/person/U1/post  {"post":{"channel":"C1","text":"Hi"}}
//
// All paths begin with /_fake/, so that they don't collide with Slack's.
type driver struct {
	srv *Server
}

// addRoutes registers the handlers. Bodies and responses are JSON:
//
//	GET  /_fake/state[?channel=]         workspace, channels with threads, files, views, ephemerals
//	GET  /_fake/channels  /_fake/users   the lists
//	GET  /_fake/messages?channel=        top level, oldest first
//	GET  /_fake/thread?channel=&ts=      root and replies
//	GET  /_fake/inbox?user=              notifications and badges
//	GET  /_fake/views?user=              open modals and the home tab
//	GET  /_fake/ephemerals[?user=]
//	GET  /_fake/file?id=                 metadata and places; &raw=1 the bytes
//	GET  /_fake/calls[?method=]          Web API calls
//	GET  /_fake/info                     tokens, ids, scopes used, sockets, lost events
//	GET  /_fake/slow?over=SECONDS        events that were acknowledged late or not yet
//	GET  /_fake/changes?since=N[&wait=S] change log; waits up to S seconds for news
//	GET|POST|DELETE /_fake/faults[?id=]  list, Fault → {"id"}, clear
//	POST /_fake/person/{user}/{verb}     body Act; verbs in control_person.go
//	POST /_fake/admin/{verb}             body Admin; verbs in control_admin.go
//	POST /_fake/reset
//
// If the emulated Slack refuses an action, the response is {"ok":false,"error":…} with status 409. A malformed request gets
// status 400.
func (d *driver) addRoutes(mux *http.ServeMux) {
	s := d.srv
	get := func(path string, f func(q func(string) string) any) {
		mux.HandleFunc("GET /_fake/"+path, func(w http.ResponseWriter, r *http.Request) {
			emulator.WriteJSON(w, http.StatusOK, f(r.URL.Query().Get))
		})
	}

	get("state", func(q func(string) string) any { return s.Snapshot(q("channel")) })
	get("channels", func(func(string) string) any { return s.Channels() })
	get("users", func(func(string) string) any { return s.Users() })
	get("messages", func(q func(string) string) any { return s.Messages(q("channel")) })
	get("thread", func(q func(string) string) any { return s.Thread(q("channel"), q("ts")) })
	get("ephemerals", func(q func(string) string) any { return s.Ephemerals(q("user")) })
	get("calls", func(q func(string) string) any { return s.Calls(q("method")) })
	get("inbox", func(q func(string) string) any {
		return Reply{"notifications": s.Inboxes.Notifications(q("user")), "badges": s.Inboxes.Badges(q("user"))}
	})

	get("views", func(q func(string) string) any {
		return Reply{"modals": s.Views(q("user")), "home": s.Home(q("user"))}
	})

	get("slow", func(q func(string) string) any { return s.Events.Slow(parseSeconds(q("over"))) })
	get("info", func(func(string) string) any { return d.makeInfo() })
	mux.HandleFunc("GET /_fake/file", d.controlFile)
	mux.Handle("GET /_fake/changes", s.Log)
	s.FaultRoutes(mux, "/_fake/faults")
	mux.HandleFunc("POST /_fake/person/{user}/{verb}", d.controlPerson)
	mux.HandleFunc("POST /_fake/admin/{verb}", func(w http.ResponseWriter, r *http.Request) { emulator.RunVerb(w, r, d.adminVerbs) })
	mux.HandleFunc("POST /_fake/reset", func(w http.ResponseWriter, _ *http.Request) {
		s.Reset()
		emulator.WriteJSON(w, http.StatusOK, Reply{"ok": true})
	})
}

// ChannelState is a channel with everything in it.
type ChannelState struct {
	Channel
	Messages []*Message            `json:"messages"`
	Threads  map[string][]*Message `json:"threads"` // replies by the ts of the thread's first message
}

// Snapshot is the state of the workspace.
type Snapshot struct {
	TeamID     string             `json:"team_id"`
	Users      []User             `json:"users"`
	Channels   []ChannelState     `json:"channels"`
	Files      []*File            `json:"files"`
	Ephemerals []Ephemeral        `json:"ephemerals"`
	Views      map[string][]*View `json:"views"` // open modals by user id
	Homes      map[string]*View   `json:"homes"` // home tabs by user id
}

// Snapshot returns the state of the workspace. If only isn't "", Channels has only the channel with that id.
func (s *Server) Snapshot(only string) Snapshot {
	out := Snapshot{
		TeamID: s.Opt.TeamID, Users: s.Users(), Ephemerals: s.Ephemerals(""),
		Views: map[string][]*View{}, Homes: map[string]*View{}, Channels: []ChannelState{},
	}
	for _, u := range out.Users {
		if v := s.Views(u.ID); v != nil {
			out.Views[u.ID] = v
		}
		if h := s.Home(u.ID); h != nil {
			out.Homes[u.ID] = h
		}
	}

	s.Mu.Lock()
	defer s.Mu.Unlock()

	for _, id := range s.rooms.chanIDs {
		if only == "" || id == only {
			out.Channels = append(out.Channels, s.rooms.channels[id].makeState())
		}
	}

	for _, f := range s.files.files {
		out.Files = append(out.Files, f.Clone())
	}

	return out
}

func (c *channel) makeState() ChannelState {
	out := ChannelState{Channel: c.cloneChannel(), Messages: []*Message{}, Threads: map[string][]*Message{}}
	for _, m := range c.messages {
		out.Messages = append(out.Messages, m.Clone())
	}
	for ts, t := range c.threads {
		for _, m := range t.replies {
			out.Threads[ts] = append(out.Threads[ts], m.Clone())
		}
	}
	return out
}

func (d *driver) makeInfo() Reply {
	s := d.srv
	used := s.Admin.ScopesUsed() // this and the next three acquire the lock themselves
	lost := s.Events.Lost()
	pending, waiting := s.Events.Pending(), s.Events.Waiting()
	sockets := s.Sockets.Count()
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return Reply{
		"team_id": s.Opt.TeamID, "app_id": s.Opt.AppID, "bot_id": s.Opt.BotID, "bot_user_id": s.Opt.BotUser,
		"bot_token": s.Opt.BotToken, "app_token": s.Opt.AppToken, "signing_secret": s.Opt.SigningSecret,
		"scopes_used": used, "lost_events": lost, "pending_events": pending, "waiting_events": waiting, "sockets": sockets, "now": s.Now(),
		"last_change": s.Log.Last(), "targets": s.Webhooks.Targets,
	}
}

func (d *driver) controlFile(w http.ResponseWriter, r *http.Request) {
	f := d.srv.File(r.URL.Query().Get("id"))
	if f == nil {
		emulator.WriteJSON(w, http.StatusNotFound, Reply{"ok": false, "error": "file_not_found"})
		return
	}
	if r.URL.Query().Get("raw") == "" {
		emulator.WriteJSON(w, http.StatusOK, f)
		return
	}
	w.Header().Set("Content-Type", f.Mimetype)
	w.Write(f.Data) //nolint:errcheck // the client is gone
}

// parseSeconds parses a number of seconds. It returns 0 if text isn't a number.
func parseSeconds(text string) time.Duration {
	n, _ := strconv.ParseFloat(text, 64)
	return time.Duration(n * float64(time.Second))
}
