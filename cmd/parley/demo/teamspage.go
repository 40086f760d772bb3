package demo

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"parley/bot/teams"
)

// teamsRoutes are what the page's Teams needs.
func (p *Page) teamsRoutes() {
	if p.world.Teams == nil {
		return
	}
	// What people do in Teams, the emulator takes as it is.
	p.mux.Handle("POST /teams/_fake/person/", http.StripPrefix("/teams", p.world.Teams))
	p.mux.HandleFunc("POST /teams/read", p.readTeams)
	p.mux.HandleFunc("POST /teams/permission", p.permitTeams)
	p.mux.HandleFunc("GET /teams/files/{id}", p.teamsFile)
	p.mux.HandleFunc("GET /teams/pictures/{channel}/{message}/{n}", p.teamsPicture)
	p.mux.HandleFunc("GET /l/message/{channel}/{message}", p.followTeamsLink)
}

// teamsApp is what Parley's own manifest lets Teams offer.
type teamsApp struct {
	Actions  []teamsCommand `json:"actions"`  // in a message's menu
	Compose  []teamsCommand `json:"compose"`  // beside the message box, with a dialog
	Search   []teamsCommand `json:"search"`   // likewise, with a search
	Slash    []teamsCommand `json:"slash"`    // typed after / in a channel
	Personal []teamsCommand `json:"personal"` // offered in the chat with the app
}

// teamsCommand is an entry of a menu, or with the id "" a word that is typed.
type teamsCommand struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

// readTeamsManifest learns from Parley's own manifest what Teams would offer.
func (p *Page) readTeamsManifest() error {
	raw, err := teams.Manifest(teams.ManifestOptions{AppID: teamsAppID, PublicURL: "https://parley.acme.test"})
	if err != nil {
		return err
	}
	var m struct {
		Bots []struct {
			Lists []struct {
				Scopes   []string       `json:"scopes"`
				Triggers []string       `json:"triggers"`
				Commands []teamsCommand `json:"commands"`
			} `json:"commandLists"`
		} `json:"bots"`
		Extensions []struct {
			Commands []struct {
				teamsCommand
				Type    string   `json:"type"`
				Context []string `json:"context"`
			} `json:"commands"`
		} `json:"composeExtensions"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return fmt.Errorf("demo: Teams manifest: %w", err)
	}
	for _, b := range m.Bots {
		for _, l := range b.Lists {
			if slices.Contains(l.Triggers, "slash") {
				p.teamsApp.Slash = append(p.teamsApp.Slash, l.Commands...)
			}
			if slices.Contains(l.Scopes, "personal") {
				p.teamsApp.Personal = append(p.teamsApp.Personal, l.Commands...)
			}
		}
	}
	for _, e := range m.Extensions {
		for _, c := range e.Commands {
			if slices.Contains(c.Context, "message") {
				p.teamsApp.Actions = append(p.teamsApp.Actions, c.teamsCommand)
			}
			switch {
			case c.Type == "query":
				p.teamsApp.Search = append(p.teamsApp.Search, c.teamsCommand)
			case slices.Contains(c.Context, "compose"):
				p.teamsApp.Compose = append(p.teamsApp.Compose, c.teamsCommand)
			}
		}
	}
	return nil
}

// teamsBoot is what the page's script needs once to show Teams.
type teamsBoot struct {
	Support string   `json:"support"` // channel
	Agents  []string `json:"agents"`  // in the order of boot.Agents
	App     teamsApp `json:"app"`
}

func (p *Page) teamsBoot() *teamsBoot {
	if p.world.Teams == nil {
		return nil
	}
	return &teamsBoot{Support: TeamsSupport, Agents: []string{TeamsAnn, TeamsBen, TeamsZoe}, App: p.teamsApp}
}

// chooseSurface is POST /surface with to: conversations open there from now on.
func (p *Page) chooseSurface(w http.ResponseWriter, r *http.Request) {
	to := r.FormValue("to")
	if !slices.Contains(p.world.surfaces(), to) {
		refuse(w, http.StatusConflict, fmt.Errorf("conversations can't open in %q", to))
		return
	}
	p.world.SetHome(to)
	p.chosen.Store(true)
	if apply := p.applyHome.Load(); apply != nil { // else the set-up is still to come
		if err := (*apply)(r.Context()); err != nil {
			p.fail(w, err)
			return
		}
	}
	p.hub.wake()
	answer(w, map[string]string{"home": to})
}

// readTeams is POST /teams/read with as, channel ("" = the chat with the app) and thread
// ("" = the channel's posts):
// the person has seen what stands there.
func (p *Page) readTeams(w http.ResponseWriter, r *http.Request) {
	as, channel, thread := r.FormValue("as"), r.FormValue("channel"), r.FormValue("thread")
	last := ""
	for _, m := range p.world.Teams.Shown(as, channel) {
		if inPlace(m, thread) && m.ID > last {
			last = m.ID
		}
	}
	if channel == "" {
		channel = p.world.Teams.PersonalID(as)
	}
	p.mu.Lock()
	p.read[readKey(as, channel, thread)] = last
	p.mu.Unlock()
	p.hub.wake()
	answer(w, map[string]bool{"ok": true})
}

// permitTeams is POST /teams/permission with all: whether Parley may read all messages of
// the team's channels, which a team's owner grants, or only those that mention it.
func (p *Page) permitTeams(w http.ResponseWriter, r *http.Request) {
	p.world.Teams.Entra.SetRSC(r.FormValue("all") == "yes")
	p.hub.wake()
	answer(w, map[string]bool{"ok": true})
}

// teamsFile gives a posted file: pictures are shown, all else is saved.
func (p *Page) teamsFile(w http.ResponseWriter, r *http.Request) {
	f := p.world.Teams.File(r.PathValue("id"))
	if f == nil {
		http.NotFound(w, r)
		return
	}
	serveFile(w, f.Name, f.Type, f.Data)
}

// teamsPicture gives a picture that came in a message of the app as a data URI.
// Shape: data:image/png;base64,iVBORw0…
func (p *Page) teamsPicture(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.PathValue("n"))
	m := p.world.Teams.Message(r.PathValue("channel"), r.PathValue("message"))
	if err != nil || m == nil || n < 0 || n >= len(sentPictures(m)) {
		http.NotFound(w, r)
		return
	}
	head, data, _ := strings.Cut(sentPictures(m)[n], ",")
	kind, encoded := strings.CutSuffix(strings.TrimPrefix(head, "data:"), ";base64")
	picture, err := base64.StdEncoding.DecodeString(data)
	if err != nil || !encoded {
		http.NotFound(w, r)
		return
	}
	serveFile(w, "picture", kind, picture)
}

// followTeamsLink opens the page at a message that a link of Teams names.
// Shape: /l/message/19:…@thread.tacv2/1700000000000?parentMessageId=1699999999999
func (p *Page) followTeamsLink(w http.ResponseWriter, r *http.Request) {
	channel, message := r.PathValue("channel"), r.PathValue("message")
	m := p.world.Teams.Message(channel, message)
	if m == nil || m.Targeted != "" {
		http.Error(w, "There is no such message.", http.StatusNotFound)
		return
	}
	http.Redirect(w, r, "/?surface=teams#"+url.PathEscape(channel)+"/"+m.Root, http.StatusSeeOther)
}

func (p *Page) watchTeams(ctx context.Context) {
	if p.world.Teams == nil {
		return
	}
	sub := p.world.Teams.Subscribe()
	quiet := []string{"call", "activity", "ack", "retry", "invoke", "answer"}
	for {
		changes, err := sub.Next(ctx)
		if err != nil {
			return
		}
		for _, c := range changes {
			if !slices.Contains(quiet, c.Kind) {
				p.hub.wake()
				break
			}
		}
	}
}
